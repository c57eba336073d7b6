"""Published functions as MCP describes them."""

from __future__ import annotations

from typing import Any

import mcp_types as t

from storekeeper.catalog import Catalog, Function


def tools(catalog: Catalog) -> list[t.Tool]:
    return [_tool(function) for function in catalog.of("tool").values()]


def resources(catalog: Catalog) -> list[t.Resource]:
    return [
        t.Resource(uri=f.uri, mime_type=f.mime_type, **_words(f))
        for f in catalog.of("resource").values()
        if not f.arguments
    ]


def resource_templates(catalog: Catalog) -> list[t.ResourceTemplate]:
    return [
        t.ResourceTemplate(uri_template=f.uri, mime_type=f.mime_type, **_words(f))
        for f in catalog.of("resource").values()
        if f.arguments
    ]


def prompts(catalog: Catalog) -> list[t.Prompt]:
    return [
        t.Prompt(
            arguments=[
                t.PromptArgument(
                    name=a.name,
                    description=f.comment.named("param").get(a.name),
                    required=a.required,
                )
                for a in f.arguments
            ],
            **_words(f),
        )
        for f in catalog.of("prompt").values()
    ]


def whole(catalog: Catalog) -> list[dict[str, Any]]:
    """Everything that a client can learn of a catalog, to tell whether it has changed."""
    return [{"kind": f.kind, "uri": f.uri, **_tool(f).model_dump()} for f in catalog.functions]


def _tool(function: Function) -> t.Tool:
    return t.Tool(
        input_schema=function.input_schema,
        output_schema=function.output_schema,
        annotations=t.ToolAnnotations(
            read_only_hint=not function.writes,
            destructive_hint="destructive" in function.comment.tags,
            idempotent_hint=not function.writes,
            open_world_hint=False,
        ),
        **_words(function),
    )


def _words(function: Function) -> dict[str, Any]:
    return {"name": function.name, "title": function.title, "description": function.description}
