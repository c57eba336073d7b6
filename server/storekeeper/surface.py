"""Published functions as MCP describes them, in its wire form."""

from __future__ import annotations

from typing import Any

from storekeeper.catalog import Catalog
from storekeeper.function import Function

Description = dict[str, Any]


def tools(catalog: Catalog) -> list[Description]:
    return [_tool(function) for function in catalog.of("tool").values()]


def resources(catalog: Catalog) -> list[Description]:
    return [
        {"uri": f.uri, "mimeType": f.mime_type, **_words(f)}
        for f in catalog.of("resource").values()
        if not f.arguments
    ]


def resource_templates(catalog: Catalog) -> list[Description]:
    return [
        {"uriTemplate": f.uri, "mimeType": f.mime_type, **_words(f)}
        for f in catalog.of("resource").values()
        if f.arguments
    ]


def prompts(catalog: Catalog) -> list[Description]:
    return [{"arguments": _prompt_arguments(f), **_words(f)} for f in catalog.of("prompt").values()]


def whole(catalog: Catalog) -> list[Description]:
    """Everything that a client can learn of a catalog, to tell whether it has changed."""
    return [{"kind": f.kind, "uri": f.uri, **_tool(f)} for f in catalog.functions]


def _tool(function: Function) -> Description:
    return {
        **_words(function),
        "inputSchema": function.input_schema,
        "outputSchema": function.output_schema,
        "annotations": {
            "readOnlyHint": not function.writes,
            "destructiveHint": "destructive" in function.comment.tags,
            "idempotentHint": not function.writes,
            "openWorldHint": False,
        },
    }


def _prompt_arguments(function: Function) -> list[Description]:
    texts = function.comment.named("param")
    return [
        {"name": a.name, "required": a.required}
        | ({"description": texts[a.name]} if a.name in texts else {})
        for a in function.arguments
    ]


def _words(function: Function) -> Description:
    return {"name": function.name, "title": function.title, "description": function.description}
