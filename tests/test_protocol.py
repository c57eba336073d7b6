"""MCP as clients speak it: real processes over stdio, in both eras of the protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.shared.exceptions import MCPError as ProtocolError
from mcp_types import (
    CallToolResult,
    CompleteResult,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
    Tool,
)

from conftest import HEAD_OFFICE, PUGET_SOUND, SEATTLE, Target, client
from wire import LEGACY, META, MODERN, MODES, PATIENCE, Wire

pytestmark = pytest.mark.anyio

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
RETAIL = {
    "who_am_i",
    "list_stores",
    "get_current_utc_date",
    "get_multiple_table_schemas",
    "get_store_performance",
    "top_products",
    "execute_sales_query",
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "execute_sales_query": {
        "postgresql_query": "SELECT status, count(*) FROM orders GROUP BY status"
    },
    "get_multiple_table_schemas": {"table_names": ["orders"]},
    "get_product_recommendations": {"sku": "HTHA000101"},
    "semantic_search_products": {"query_description": "hammer"},
    "similar_products": {"sku": "HTHA000101"},
}
ADD = """
    SET ROLE storekeeper_owner;
    CREATE FUNCTION tool.added(n integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT n + 1';
    COMMENT ON FUNCTION tool.added IS 'One more.';
    GRANT EXECUTE ON FUNCTION tool.added TO store_managers, head_office;
"""
CHANGE = """
    CREATE OR REPLACE FUNCTION tool.added(n integer DEFAULT 41) RETURNS integer LANGUAGE sql STABLE
        AS 'SELECT n + 1';
    COMMENT ON FUNCTION tool.added IS 'One more than 41.';
"""


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.fixture(scope="module", params=MODES)
async def mcp(request: pytest.FixtureRequest, typed: Target) -> AsyncIterator[Client]:
    async with client(typed, mode=request.param) as connected:
        yield connected


@pytest.fixture(scope="module")
async def tools(mcp: Client) -> list[Tool]:
    return (await mcp.list_tools()).tools


# tools/list


async def test_tools_are_in_order_and_complete(tools: list[Tool]) -> None:
    names = [tool.name for tool in tools]
    assert names == sorted(set(names))
    assert set(names) >= RETAIL
    for tool in tools:
        assert tool.title, tool.name
        assert len(tool.name) <= 64
        assert tool.annotations
        assert None not in (
            tool.annotations.read_only_hint,
            tool.annotations.destructive_hint,
            tool.annotations.idempotent_hint,
            tool.annotations.open_world_hint,
        ), tool.name


async def test_schemas_are_valid_objects(tools: list[Tool]) -> None:
    for tool in tools:
        assert tool.output_schema is not None
        for schema in (tool.input_schema, tool.output_schema):
            Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False


async def test_annotations_follow_volatility(tools: list[Tool]) -> None:
    by_name = {tool.name: tool for tool in tools}
    for name, read_only, destructive in [
        ("fixture_scalar", True, False),
        ("top_products", True, False),
        ("fixture_write", False, False),
        ("fixture_forget", False, True),
    ]:
        annotations = by_name[name].annotations
        assert annotations
        assert annotations.read_only_hint is read_only, name
        assert annotations.idempotent_hint is read_only, name
        assert annotations.destructive_hint is destructive, name
        assert annotations.open_world_hint is False, name


async def test_retail_tools_say_what_they_are_for_and_stay_small(tools: list[Tool]) -> None:
    retail = [tool for tool in tools if not tool.name.startswith(("fixture_", "echo_"))]
    sizes = {}
    for tool in retail:
        assert len(tool.description or "") > 60, tool.name
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}.{name}"
        given = tool.model_dump(by_alias=True, exclude_none=True)
        sizes[tool.name] = len(json.dumps(given, separators=(",", ":")))
    assert sum(sizes.values()) / len(sizes) < 1.4 * 1024, sizes


@pytest.mark.parametrize("mode", MODES)
def test_two_processes_list_the_same(typed: Target, mode: str) -> None:
    listings = []
    for _ in range(2):
        with Wire(typed.environment(SEATTLE), mode) as wire:
            wire.greet()
            kinds = ("tools", "resources", "resources/templates", "prompts")
            listings.append([json.dumps(wire.ask(f"{kind}/list")["result"]) for kind in kinds])
    assert listings[0] == listings[1]
    assert "fixture_scalar" in listings[0][0]


async def test_tools_of_others_are_neither_listed_nor_callable(
    mcp: Client, tools: list[Tool]
) -> None:
    assert "fixture_head_office_only" not in {tool.name for tool in tools}
    with pytest.raises(ProtocolError) as refused:
        await mcp.call_tool("fixture_head_office_only", {})
    assert refused.value.code == -32602
    assert "secret" not in str(refused.value)


async def test_each_persona_has_its_own_tools(typed: Target) -> None:
    async with client(typed, HEAD_OFFICE) as connected:
        names = {tool.name for tool in (await connected.list_tools()).tools}
        assert "fixture_head_office_only" in names
        assert "fixture_scalar" not in names
        result = await connected.call_tool("fixture_head_office_only", {})
        assert result.structured_content == {"value": "secret"}


# tools/call


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("fixture_scalar", {}),
        ("fixture_scalars", {}),
        ("fixture_composite", {}),
        ("fixture_void", {}),
        ("fixture_rows", {"count": 3}),
        ("echo_bigint", {"given": "9007199254740993"}),
        ("echo_text", {"given": 'a "quoted" \\ line\nand ☃'}),
        ("list_stores", {}),
    ],
)
async def test_structured_content_is_the_text(
    mcp: Client, tool: str, arguments: dict[str, Any]
) -> None:
    result = await mcp.call_tool(tool, arguments)
    assert not result.is_error
    assert result.structured_content == json.loads(text_of(result))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("person", [SEATTLE, PUGET_SOUND, HEAD_OFFICE])
async def test_every_retail_tool_answers_every_persona(
    shared: Target, person: str, mode: str
) -> None:
    async with client(shared, person, mode) as connected:
        listed = (await connected.list_tools()).tools
        assert {tool.name for tool in listed} >= RETAIL
        for tool in listed:
            if tool.annotations and not tool.annotations.read_only_hint:
                continue
            result = await connected.call_tool(tool.name, ARGUMENTS.get(tool.name, {}))
            assert not result.is_error, (tool.name, result.content)
            assert tool.output_schema
            Draft202012Validator(tool.output_schema).validate(result.structured_content)
            assert json.loads(text_of(result)) == result.structured_content


async def test_progress_is_seen_while_a_function_runs(mcp: Client) -> None:
    seen: list[tuple[float, float | None, str | None]] = []
    times: list[float] = []

    async def watch(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))
        times.append(anyio.current_time())

    result = await mcp.call_tool("fixture_steps", {}, progress_callback=watch)
    assert result.structured_content == {"value": "done"}
    assert seen == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]
    assert times[-1] - times[0] > 0.3, "told all at once, at the end"


async def test_calls_run_side_by_side(mcp: Client) -> None:
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as together:
            together.start_soon(mcp.call_tool, "fixture_sleep", {"seconds": 2})
            started = anyio.current_time()
            for _ in range(5):
                await mcp.call_tool("fixture_scalar", {})
            assert anyio.current_time() - started < 2


# resources, prompts, completion


async def test_resources(mcp: Client) -> None:
    own, static = (await mcp.list_resources()).resources
    assert own.uri == "storekeeper://health"
    assert (static.uri, static.name, static.title) == (
        "fixture://greeting",
        "fixture_greeting",
        "Greeting",
    )
    (greeting,) = (await mcp.read_resource(static.uri)).contents
    assert isinstance(greeting, TextResourceContents)
    assert (greeting.text, greeting.mime_type) == ("Good morning.", "text/plain")


async def test_resource_templates(mcp: Client) -> None:
    templates = {
        t.uri_template: t for t in (await mcp.list_resource_templates()).resource_templates
    }
    assert list(templates) == sorted(templates, key=lambda uri: templates[uri].name)
    assert templates["retail://schema/{table}"].mime_type == "application/json"
    assert templates["fixture://half/{number}"].name == "fixture_half"
    (half,) = (await mcp.read_resource("fixture://half/7")).contents
    assert isinstance(half, TextResourceContents)
    assert (half.uri, json.loads(half.text)) == ("fixture://half/7", {"half": 3})
    (schema,) = (await mcp.read_resource("retail://schema/orders")).contents
    assert isinstance(schema, TextResourceContents)
    assert "store_id" in schema.text


@pytest.mark.parametrize(
    ("uri", "error_code"),
    [
        ("retail://nowhere", "NOT_FOUND"),
        ("retail://schema/no_such_table", "NOT_FOUND"),
        ("fixture://half/many", "VALIDATION_ERROR"),
        ("file:///etc/passwd", "NOT_FOUND"),
    ],
)
async def test_a_resource_that_is_not_there(mcp: Client, uri: str, error_code: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        await mcp.read_resource(uri)
    assert refused.value.code == -32602
    assert refused.value.data["error_code"] == error_code
    assert refused.value.data["hint"]


async def test_prompts(mcp: Client) -> None:
    prompts = {prompt.name: prompt for prompt in (await mcp.list_prompts()).prompts}
    assert list(prompts) == sorted(prompts)
    assert prompts["weekly_review"].title
    topic, times = prompts["fixture_ask"].arguments or []
    assert (topic.name, topic.description, topic.required) == ("topic", "Of what.", True)
    assert (times.name, times.required) == ("times", False)
    asked = await mcp.get_prompt("fixture_ask", {"topic": "hammers", "times": "2"})
    texts = [m.content.text for m in asked.messages if isinstance(m.content, TextContent)]
    assert texts == ["Tell me of hammers"] * 2
    assert {message.role for message in asked.messages} == {"user"}
    review = await mcp.get_prompt("weekly_review", {})
    (message,) = review.messages
    assert isinstance(message.content, TextContent)
    assert "get_store_performance" in message.content.text


@pytest.mark.parametrize(
    ("name", "arguments", "error_code"),
    [
        ("no_such_prompt", {}, "NOT_FOUND"),
        ("fixture_ask", {}, "VALIDATION_ERROR"),
        ("fixture_ask", {"topic": "x", "times": "many"}, "VALIDATION_ERROR"),
        ("fixture_ask", {"topic": "x", "tone": "rude"}, "VALIDATION_ERROR"),
    ],
)
async def test_a_prompt_that_can_not_be(
    mcp: Client, name: str, arguments: dict[str, str], error_code: str
) -> None:
    with pytest.raises(ProtocolError) as refused:
        await mcp.get_prompt(name, arguments)
    assert refused.value.code == -32602
    assert refused.value.data["error_code"] == error_code


async def test_completion(mcp: Client) -> None:
    async def complete(name: str, value: str, **context: str) -> CompleteResult:
        return await mcp.complete(
            ref=ResourceTemplateReference(uri="retail://schema/{table}"),
            argument={"name": name, "value": value},
            context_arguments=context,
        )

    tables = (await complete("table", "order")).completion
    assert tables.values == ["order_items", "orders"]
    assert not tables.has_more
    assert (await complete("table", "zzz")).completion.values == []
    assert (await complete("no_such_argument", "x")).completion.values == []
    topics = (await complete("topic", "saw", times="!")).completion
    assert topics.values[0] == "saw 1!"
    assert (len(topics.values), topics.total, topics.has_more) == (100, 150, True)
    prompt = await mcp.complete(
        ref=PromptReference(name="fixture_ask"), argument={"name": "topic", "value": ""}
    )
    assert prompt.completion.total == 150


# who, and what changes


@pytest.mark.parametrize("mode", MODES)
def test_instructions_name_the_person(shared: Target, mode: str) -> None:
    with Wire(shared.environment(SEATTLE), mode) as wire:
        instructions = wire.greet()["instructions"]
    assert "Store manager, Seattle" in instructions
    assert "Zava Retail Seattle" in instructions


def test_instructions_name_the_start(shared: Target) -> None:
    with Wire(shared.environment(SEATTLE)) as wire:
        instructions = wire.greet()["instructions"]
    assert any(tool in instructions for tool in RETAIL), instructions


class Changes:
    """Counts the list_changed notices of a connection, and waits for what should follow one."""

    def __init__(self, connected: Client) -> None:
        self.client = connected
        self.heard = 0

    async def of_tools(self, check: Callable[[dict[str, Tool]], bool]) -> None:
        """The listing that a notice announced passes the check."""
        before = self.heard
        with anyio.fail_after(PATIENCE):
            while True:
                if self.heard > before:
                    listed = await self.client.list_tools(cache_mode="refresh")
                    if check({tool.name: tool for tool in listed.tools}):
                        return
                await anyio.sleep(0.02)


@pytest.mark.parametrize("mode", MODES)
async def test_changes_in_the_database_reach_the_client(own: Target, mode: str) -> None:
    connected = client(own, mode=mode)
    changes = Changes(connected)

    async def hear(message: Any) -> None:
        if getattr(message, "method", None) == "notifications/tools/list_changed":
            changes.heard += 1

    async def listen(started: anyio.Event) -> None:
        async with connected.listen(tools_list_changed=True) as events:
            started.set()
            async for _ in events:
                changes.heard += 1

    connected.message_handler = hear if mode == LEGACY else None
    async with connected, anyio.create_task_group() as background:
        if mode == MODERN:
            started = anyio.Event()
            background.start_soon(listen, started)
            await started.wait()
        assert "added" not in {tool.name for tool in (await connected.list_tools()).tools}

        async def change(statement: str, check: Callable[[dict[str, Tool]], bool]) -> None:
            async with anyio.create_task_group() as both:
                both.start_soon(changes.of_tools, check)
                await anyio.sleep(0.05)
                own.execute(statement)

        await change(ADD, lambda tools: "added" in tools)
        result = await connected.call_tool("added", {"n": 1})
        assert result.structured_content == {"value": 2}

        await change(
            CHANGE,
            lambda tools: (
                "added" in tools
                and tools["added"].description == "One more than 41."
                and "required" not in tools["added"].input_schema
            ),
        )
        result = await connected.call_tool("added", {})
        assert result.structured_content == {"value": 42}

        revoke = "REVOKE EXECUTE ON FUNCTION tool.added FROM store_managers"
        await change(revoke, lambda tools: "added" not in tools)
        with pytest.raises(ProtocolError, match="Unknown tool"):
            await connected.call_tool("added", {})

        grant = "GRANT EXECUTE ON FUNCTION tool.added TO store_managers"
        await change(grant, lambda tools: "added" in tools)
        await change("DROP FUNCTION tool.added", lambda tools: "added" not in tools)
        with pytest.raises(ProtocolError, match="Unknown tool"):
            await connected.call_tool("added", {})
        assert not (await connected.call_tool("who_am_i", {})).is_error
        background.cancel_scope.cancel()


async def test_a_change_that_concerns_others_is_not_told(own: Target) -> None:
    heard = []

    async def hear(message: Any) -> None:
        heard.append(getattr(message, "method", None))

    connected = client(own, mode=LEGACY)
    connected.message_handler = hear
    async with connected:
        own.execute(ADD.replace("store_managers, ", ""))
        await anyio.sleep(1)
        assert "notifications/tools/list_changed" not in heard


ODD = [
    "FUNCTION tool.odd1(VARIADIC n integer[]) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'",
    "FUNCTION tool.odd2(n anyelement) RETURNS anyelement LANGUAGE sql STABLE AS 'SELECT n'",
    "FUNCTION tool.odd3() RETURNS record LANGUAGE sql STABLE AS 'SELECT 1, 2'",
    "FUNCTION tool.odd4() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "FUNCTION tool.odd5(c refcursor) RETURNS xml LANGUAGE sql STABLE AS 'SELECT NULL::xml'",
    "FUNCTION tool.\"größe . }\"() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'",
    "PROCEDURE tool.odd6() LANGUAGE sql AS ''",
    "FUNCTION tool.list_stores(n integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'",
    "FUNCTION resource.odd() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x''::text';"
    " COMMENT ON FUNCTION resource.odd IS '@uri odd://{'",
]
UNNAMED = "FUNCTION tool.odd(integer, text) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'"


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(ODD, id="odd"),
        pytest.param([UNNAMED], id="unnamed arguments"),
    ],
)
async def test_odd_functions_harm_no_other(own: Target, odd: list[str]) -> None:
    async with client(own) as connected:
        for definition in odd:
            own.execute(
                f"CREATE {definition};"
                " GRANT EXECUTE ON ALL ROUTINES IN SCHEMA tool, resource TO store_managers"
            )
            await anyio.sleep(0.2)
            listed = (await connected.list_tools(cache_mode="refresh")).tools
            assert {tool.name for tool in listed} >= RETAIL, definition
            for tool in listed:
                Draft202012Validator.check_schema(tool.input_schema)
            assert not (await connected.call_tool("who_am_i", {})).is_error, definition
            assert (await connected.read_resource("retail://schema/orders")).contents, definition
    async with client(own) as anew:
        assert {tool.name for tool in (await anew.list_tools()).tools} >= RETAIL


# the wire itself


@pytest.mark.parametrize("version", HANDSHAKES)
def test_every_handshake_version(typed: Target, version: str) -> None:
    with Wire(typed.environment(SEATTLE)) as wire:
        hello = wire.greet(version)
        assert hello["protocolVersion"] == version
        assert hello["serverInfo"]["name"] == "storekeeper"
        assert hello["capabilities"]["tools"]["listChanged"] is True
        assert wire.ask("ping")["result"] == {}
        tools = {tool["name"]: tool for tool in wire.ask("tools/list")["result"]["tools"]}
        assert set(tools) >= RETAIL
        result = wire.call("fixture_rows", count=2)
        assert json.loads(result["content"][0]["text"])["row_count"] == 2
        if version >= "2025-06-18":
            assert result["structuredContent"]["row_count"] == 2
            assert tools["fixture_rows"]["outputSchema"]["type"] == "object"
        assert wire.call("fixture_raise", code="SK404")["isError"] is True


def test_an_unknown_handshake_version_gets_the_latest(shared: Target) -> None:
    with Wire(shared.environment(SEATTLE)) as wire:
        assert wire.greet("1999-01-01")["protocolVersion"] == HANDSHAKES[-1]
        assert not wire.call("who_am_i")["isError"]


def test_the_modern_protocol_needs_no_handshake(typed: Target) -> None:
    with Wire(typed.environment(SEATTLE), MODERN) as wire:
        result = wire.call("fixture_scalar")
        assert result["structuredContent"] == {"value": 42}
        assert result["resultType"] == "complete"
        assert result["_meta"][META + "serverInfo"]["name"] == "storekeeper"
        assert MODERN in wire.greet()["supportedVersions"]
        assert wire.ask("tools/list")["result"]["tools"]


def test_an_unknown_modern_version_is_refused(shared: Target) -> None:
    with Wire(shared.environment(SEATTLE), MODERN) as wire:
        meta = {META + "protocolVersion": "2099-01-01", META + "clientCapabilities": {}}
        error = wire.ask("tools/list", {"_meta": meta})["error"]
        assert error["code"] == -32022
        assert MODERN in error["data"]["supported"]
        assert wire.ask("tools/list")["result"]["tools"]


def test_an_unknown_method(shared: Target) -> None:
    for mode in MODES:
        with Wire(shared.environment(SEATTLE), mode) as wire:
            wire.greet()
            assert wire.ask("tools/burn")["error"]["code"] == -32601
            assert not wire.call("who_am_i")["isError"]
