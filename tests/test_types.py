"""Every PostgreSQL type through a tool and back, over real MCP, as the schemas say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client

from conftest import Target, client

pytestmark = pytest.mark.anyio

BIG = 2**53 + 1
SAME = object()  # comes back as it went in

ROUND_TRIPS: list[tuple[str, Any, Any]] = [
    ("smallint", -(2**15), SAME),
    ("integer", 2**31 - 1, SAME),
    ("bigint", 2**53 - 1, SAME),
    ("bigint", BIG, str(BIG)),
    ("bigint", str(-(2**63)), str(-(2**63))),
    ("numeric", 12.5, SAME),
    ("numeric", "12345678901234567890.123456789", "12345678901234567890.123456789"),
    ("numeric", "NaN", SAME),
    ("numeric", "-Infinity", SAME),
    ("real", 0.1, SAME),
    ("double_precision", 1e300, SAME),
    ("double_precision", "Infinity", SAME),
    ("double_precision", "NaN", SAME),
    ("boolean", False, SAME),
    ("text", "naïve ☃ \U0001f600 \"quoted\" \\ 'x'; DROP TABLE x; -- %s", SAME),
    ("text", "", SAME),
    ("character_varying", "1234567890123456789012", SAME),
    ("bytea", "\\x00ff10", SAME),
    ("date", "2026-02-28", SAME),
    ("time", "23:59:59.5", SAME),
    ("timestamp", "2026-02-28T12:00:00", SAME),
    ("timestamptz", "2026-02-28T12:00:00+02:00", "2026-02-28T10:00:00+00:00"),
    ("interval", "1 year 2 days 3 hours", "P1Y2DT3H"),
    ("uuid", "00000000-0000-4000-8000-000000000001", SAME),
    ("json", {"a": [1, None, {"b": "c"}]}, SAME),
    ("jsonb", {"big": BIG}, {"big": str(BIG)}),
    ("jsonb", ["a", 1.5], SAME),
    ("inet", "192.168.0.1/24", SAME),
    ("int4range", "[1,5)", SAME),
    ("tstzrange", '["2026-01-01 00:00:00+00","2026-02-01 00:00:00+00")', SAME),
    ("bit_varying", "10101", SAME),
    ("oid", 4294967295, "4294967295"),
    ("integer_array", [1, None, 3], SAME),
    ("text_array", ['a "b"', "{c,d}", "", None], SAME),
    ("numeric_array", [1.5, 2], SAME),
    ("date_array", ["2026-01-01"], SAME),
    ("fixture_mood", "it's fine", SAME),
    ("fixture_mood_array", ["sad", "glad"], SAME),
    ("fixture_point3", {"x": 1, "y": 2.5, "label": "a,b"}, SAME),
    ("fixture_point3_array", [{"x": 1, "y": 2.5, "label": 'q"q'}], SAME),
    ("fixture_percentage", 99.5, SAME),
    ("fixture_sku", "HTHA000101", SAME),
    ("fixture_size", "large, really", SAME),
    ("public_vector", [1.0, -2.5, 0.0], SAME),
    ("public_halfvec", [1.0, 0.5], SAME),
]


@pytest.fixture(scope="module")
async def mcp(typed: Target) -> AsyncIterator[Client]:
    async with client(typed) as connected:
        yield connected


@pytest.fixture(scope="module")
async def tools(mcp: Client) -> dict[str, Any]:
    return {tool.name: tool for tool in (await mcp.list_tools()).tools}


@pytest.mark.parametrize(("kind", "given", "returned"), ROUND_TRIPS)
async def test_value_comes_back(
    mcp: Client, tools: dict[str, Any], kind: str, given: Any, returned: Any
) -> None:
    tool = tools[f"echo_{kind}"]
    result = await mcp.call_tool(tool.name, {"given": given})
    assert not result.is_error, result.content
    (row,) = result.structured_content["rows"]
    assert row == {"given": given if returned is SAME else returned, "again": None}
    Draft202012Validator(tool.output_schema).validate(result.structured_content)
    # More is taken than the schema promises: NULL in arrays, and big numbers as results show them.
    if "null" not in json.dumps(given) and not (
        kind in {"bigint", "numeric", "double_precision"} and isinstance(given, str)
    ):
        Draft202012Validator(tool.input_schema).validate({"given": given})


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ("fixture_scalar", {"value": 42}),
        (
            "fixture_scalars",
            {"rows": [{"value": "a"}, {"value": "b"}], "row_count": 2, "truncated": False},
        ),
        ("fixture_composite", {"x": 1, "y": 2.5, "label": "p"}),
        ("fixture_out", {"a": 1, "b": "x"}),
        ("fixture_void", {}),
        ("fixture_json_array", {"value": [1, 2]}),
        ("fixture_null", {"value": None}),
    ],
)
async def test_shape_of_result(
    mcp: Client, tools: dict[str, Any], tool: str, expected: Any
) -> None:
    result = await mcp.call_tool(tool, {})
    assert result.structured_content == expected
    Draft202012Validator(tools[tool].output_schema).validate(expected)


async def test_names_that_python_reserves(mcp: Client, tools: dict[str, Any]) -> None:
    result = await mcp.call_tool("fixture_reserved", {"schema": "s", "Mixed Case": False})
    assert result.structured_content["rows"] == [{"schema": "s", "copy": 3, "Mixed Case": False}]
    properties = tools["fixture_reserved"].input_schema["properties"]
    assert properties["copy"] == {"type": "integer", "default": 3}
    assert properties["Mixed Case"] == {"type": "boolean", "default": True}


async def test_defaults_behind_an_out_argument(mcp: Client, tools: dict[str, Any]) -> None:
    properties = tools["fixture_out_first"].input_schema["properties"]
    assert {name: schema["default"] for name, schema in properties.items()} == {"a": 5, "b": "q"}
    result = await mcp.call_tool("fixture_out_first", {"a": 7})
    assert result.structured_content == {"value": 7}


async def test_schemas_from_types(tools: dict[str, Any]) -> None:
    def given(kind: str) -> Any:
        return tools[f"echo_{kind}"].input_schema["properties"]["given"]

    assert given("fixture_mood") == {"type": "string", "enum": ["glad", "it's fine", "sad"]}
    assert given("fixture_percentage") == {"type": "number", "minimum": 0, "maximum": 100}
    assert given("fixture_sku") == {"type": "string", "pattern": "^[A-Z]{4}[0-9]{6}$"}
    assert given("fixture_size") == {"type": "string", "enum": ["small", "large, really", "it's"]}
    assert given("smallint") == {"type": "integer", "minimum": -32768, "maximum": 32767}
    assert given("public_vector") == {"type": "array", "items": {"type": "number"}}
    assert given("fixture_point3")["properties"]["x"] == {"type": "integer"}
    assert tools["echo_text"].input_schema["required"] == ["given"]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("smallint", 40000),
        ("integer", 1.5),
        ("integer", True),
        ("integer", "abc"),
        ("bigint", 2**63),
        ("numeric", "12e"),
        ("numeric", [1]),
        ("boolean", "true"),
        ("text", 5),
        ("text", "nul \0 byte"),
        ("date", "2026-02-30"),
        ("date", 20260228),
        ("timestamptz", "yesterday-ish"),
        ("uuid", "no uuid"),
        ("jsonb", {"a": "nul \0"}),
        ("integer_array", [1, "x"]),
        ("integer_array", 1),
        ("fixture_mood", "grumpy"),
        ("fixture_percentage", 101),
        ("fixture_sku", "nope"),
        ("fixture_size", "medium"),
        ("fixture_point3", {"x": "one"}),
        ("fixture_point3", {"z": 1}),
        ("public_vector", ["a"]),
        ("public_vector", []),
        ("inet", "not an address"),
        ("interval", "many moons"),
        ("int4range", "[5,1)"),
    ],
)
async def test_wrong_value_is_named(
    mcp: Client, tools: dict[str, Any], kind: str, given: Any
) -> None:
    assert f"echo_{kind}" in tools
    result = await mcp.call_tool(f"echo_{kind}", {"given": given})
    assert result.is_error
    assert result.meta is not None
    error = result.meta["storekeeper/error"]
    assert error["error_code"] == "VALIDATION_ERROR"
    assert error["sqlstate"] == "SK400" or error["sqlstate"].startswith("22")
    assert "hint" in error or error["sqlstate"].startswith("22")
