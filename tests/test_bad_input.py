"""Whatever comes in, the answer is clear or there is none, and the next call is answered as ever."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import SEATTLE, Target
from wire import LEGACY, META, MODERN, MODES, Wire

INVALID_PARAMS = -32602
PROTOCOL_ERRORS = (-32700, -32600, -32601, -32602)
# Nothing of ours that an answer could give away.
PRIVATE = re.compile(
    r"/(?:home|root|tmp|usr|var|work)/|site-packages|Traceback|File \"|\.py\b|psycopg|pydantic"
    r"|jsonb_to_record|CROSS JOIN LATERAL|gateway\.|row_to_json|no_such_table"
    r"|host=|dbname=|PGSQL|password"
)


@pytest.fixture(scope="module", params=MODES)
def wire(request: pytest.FixtureRequest, typed: Target) -> Iterator[Wire]:
    with Wire(typed.environment(SEATTLE), request.param) as process:
        process.greet()
        yield process
        told = b"".join(process.lines).decode()
        for secret in (typed.key, typed.password):
            assert secret not in told
            assert secret not in process.log_text()


@pytest.fixture(autouse=True)
def _answers_the_next_call(wire: Wire) -> Iterator[None]:
    yield
    assert wire.call("fixture_scalar")["structuredContent"] == {"value": 42}


def public(answer: Any) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    assert not PRIVATE.search(text), text
    return text


def failure(result: dict[str, Any]) -> dict[str, Any]:
    public(result)
    assert result["isError"] is True, result
    error: dict[str, Any] = result["_meta"]["storekeeper/error"]
    return error


# arguments


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("echo_text", {}, "given is missing"),
        ("echo_text", {"given": "x", "surplus": 1}, "surplus is no argument of echo_text"),
        ("echo_text", {"given": 5}, "given = 5: must be a string"),
        ("echo_text", {"given": None}, "given"),
        ("echo_text", {"given": ["x"]}, "must be a string"),
        ("echo_text", {"given": "nul \0"}, "NUL"),
        ("echo_integer", {"given": "12 apples"}, "whole number"),
        ("echo_integer", {"given": 2**31}, "less than or equal"),
        ("echo_integer", {"given": -(2**31) - 1}, "greater than or equal"),
        ("echo_integer", {"given": 1.5}, "whole number"),
        ("echo_integer", {"given": True}, "whole number"),
        ("echo_integer", {"given": 10**400}, ""),
        ("echo_fixture_percentage", {"given": -1}, "0 or more"),
        ("echo_fixture_percentage", {"given": "-1"}, "0 or more"),
        ("echo_fixture_percentage", {"given": "100.5"}, "100 or less"),
        ("echo_fixture_percentage", {"given": "NaN"}, "0 or more"),
        ("echo_fixture_mood", {"given": "grumpy"}, "it's fine"),
        ("echo_date", {"given": "2026-02-30"}, "given"),
        ("echo_uuid", {"given": "x"}, "given"),
        ("echo_jsonb", {"given": {"deep": "\0"}}, "NUL"),
        ("echo_fixture_point3", {"given": {"x": "one"}}, "given.x"),
        ("echo_inet", {"given": "not an address"}, "not an address"),
        ("fixture_rows", {"count": "many"}, "whole number"),
        ("top_products", {"max_rows": 0}, "1 or more"),
        ("top_products", {"max_rows": 10**9}, "or less"),
        ("get_store_performance", {"date_from": "soon"}, "date_from"),
    ],
)
def test_a_wrong_argument_is_named(
    wire: Wire, tool: str, arguments: dict[str, Any], told: str
) -> None:
    error = failure(wire.call(tool, **arguments))
    assert error["error_code"] == "VALIDATION_ERROR"
    assert error["request_id"]
    assert told in error["message"]


def test_several_faults_are_told_at_once(wire: Wire) -> None:
    error = failure(wire.call("echo_text", again=1, surplus=2))
    for told in ("given is missing", "again = 1", "surplus is no argument"):
        assert told in error["message"]
    assert "given, again" in error["hint"]


def test_a_long_value_is_shown_short(wire: Wire) -> None:
    error = failure(wire.call("echo_integer", given="9" * 1_000_000))
    assert len(error["message"]) < 500


def test_a_megabyte_comes_back(wire: Wire) -> None:
    given = "☃" * (1_000_000 // 3)
    result = wire.call("echo_text", given=given)
    assert result["structuredContent"]["rows"][0]["given"] == given


def test_more_than_is_allowed_does_not_come_back(wire: Wire) -> None:
    error = failure(wire.call("echo_text", given="x" * 2_000_000))
    assert error["error_code"] == "LIMIT_EXCEEDED"
    assert error["hint"]


def test_fifty_megabytes_in_one_line(wire: Wire) -> None:
    number = wire.request(
        "tools/call", {"name": "echo_integer", "arguments": {"given": "x" * 50_000_000}}
    )
    error = failure(wire.answer(number, patience=60)["result"])
    assert error["error_code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize("depth", [100, 190, 10_000])
def test_deep_nesting(wire: Wire, depth: int) -> None:
    """Deeper than the parser goes, a line is no message, and there is nobody to answer."""
    call = {"jsonrpc": "2.0", "id": f"deep {depth}", "method": "tools/call"}
    params = {"name": "echo_jsonb", "arguments": {"given": "HERE"}, **meta(wire)}
    line = json.dumps({**call, "params": params}).replace('"HERE"', "[" * depth + "]" * depth)
    wire.write(line.encode() + b"\n")
    if depth < 150:
        result = wire.answer(f"deep {depth}")["result"]
        assert result["isError"] is False
    else:
        public(wire.call("fixture_scalar"))


def meta(wire: Wire) -> dict[str, Any]:
    if wire.mode == LEGACY:
        return {}
    return {"_meta": {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}}


# requests


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("top_product", "top_products"),
        ("tool.top_products", "top_products"),
        ("fixture_scaler", "fixture_scalar"),
        ("echo_text; DROP TABLE x", "echo_"),
        ("", "echo_"),
        ("x" * 100_000, ""),
        ("\0", ""),
        ("☃", ""),
    ],
)
def test_an_unknown_tool(wire: Wire, name: str, near: str) -> None:
    answer = wire.ask("tools/call", {"name": name, "arguments": {}})
    error = answer["error"]
    public(answer)
    assert error["code"] == INVALID_PARAMS
    assert near in error["data"]["hint"]
    assert len(error["message"]) < 1000


@pytest.mark.parametrize(
    "params",
    [
        {"name": "fixture_scalar", "arguments": []},
        {"name": "fixture_scalar", "arguments": "none"},
        {"name": "fixture_scalar", "arguments": 7},
        {"name": 7, "arguments": {}},
        {"name": None},
        {"name": ["fixture_scalar"]},
        {"arguments": {}},
        {},
    ],
)
def test_malformed_params(wire: Wire, params: dict[str, Any]) -> None:
    answer = wire.ask("tools/call", params)
    public(answer)
    assert answer["error"]["code"] in PROTOCOL_ERRORS


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {}),
        ("resources/read", {"uri": 5}),
        ("resources/read", {"uri": "x" * 100_000}),
        ("resources/read", {"uri": "retail://schema/a%00b"}),
        ("resources/read", {"uri": "retail://schema/%ff%fe"}),
        ("resources/read", {"uri": "fixture://half/99999999999999999999"}),
        ("prompts/get", {"name": "fixture_ask", "arguments": {"topic": "nul \0"}}),
        ("prompts/get", {"name": "fixture_ask", "arguments": ["topic"]}),
        ("completion/complete", {"ref": {"type": "ref/nothing"}}),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/prompt", "name": "x"},
                "argument": {"name": "table", "value": "\0"},
            },
        ),
    ],
)
def test_malformed_requests_of_other_kinds(wire: Wire, method: str, params: dict[str, Any]) -> None:
    answer = wire.ask(method, params)
    text = public(answer)
    assert answer["error"]["code"] == INVALID_PARAMS
    assert len(text) < 5000


@pytest.mark.parametrize("cursor", ["", "x", "-1"])
def test_a_cursor_that_nobody_gave(wire: Wire, cursor: str) -> None:
    """There is one page only; a cursor is refused or gets it again."""
    answer = wire.ask("tools/list", {"cursor": cursor})
    public(answer)
    assert "result" in answer or answer["error"]["code"] == INVALID_PARAMS


# lines


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" \t ",
        b"\r",
        b"not JSON",
        b"{",
        b'{"jsonrpc": "2.0", "id": 77, "method": "tools/li',
        b"[]",
        b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]',
        b"null",
        b"42",
        b'"text"',
        b"{}",
        b'{"jsonrpc": "1.0", "id": "old", "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": {"a": 1}, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": null, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": "no method"}',
        b'{"jsonrpc": "2.0", "id": "method", "method": 5}',
        b'{"jsonrpc": "2.0", "id": "params", "method": "tools/list", "params": []}',
        b'{"jsonrpc": "2.0", "id": 9999, "result": {}}',
        b'{"jsonrpc": "2.0", "id": 9999, "error": {"code": 1, "message": "x"}}',
        b'{"jsonrpc": "2.0", "method": "notifications/nonsense"}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9999}}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": []}}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled"}',
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        b"\xff\xfe\x00\x01",
        b"\x00" * 1000,
        b"{" * 100_000,
        b"Content-Length: 20\r\n\r",
    ],
)
def test_a_line_that_is_no_request(wire: Wire, line: bytes) -> None:
    before = len(wire.messages)
    wire.write(line + b"\n")
    assert wire.call("fixture_scalar")["structuredContent"] == {"value": 42}
    for answer in wire.messages[before:]:
        public(answer)
        assert answer["error"]["code"] in PROTOCOL_ERRORS


def request(wire: Wire, identifier: int | str, given: bytes) -> bytes:
    params = {"name": "echo_text", "arguments": {"given": "HERE"}, **meta(wire)}
    call = {"jsonrpc": "2.0", "id": identifier, "method": "tools/call", "params": params}
    return json.dumps(call).encode().replace(b"HERE", given) + b"\n"


def test_bytes_that_are_no_text(wire: Wire) -> None:
    wire.write(request(wire, "bytes", b"caf\xe9"))
    result = wire.answer("bytes")["result"]
    assert result["structuredContent"]["rows"][0]["given"] == "caf\N{REPLACEMENT CHARACTER}"


def test_half_a_surrogate_pair(wire: Wire) -> None:
    """No JSON text by RFC 8259; the parser refuses the line."""
    wire.write(request(wire, "half", rb"\ud800"))
    wire.write(request(wire, "whole", rb"\ud83d\ude00"))
    result = wire.answer("whole")["result"]
    assert result["structuredContent"]["rows"][0]["given"] == "\U0001f600"
    for answer in (m for m in wire.messages if m.get("id") == "half"):
        assert failure(answer["result"])["error_code"] == "VALIDATION_ERROR"


def test_a_line_in_pieces_and_two_in_one(wire: Wire) -> None:
    line = request(wire, "pieces", "é☃".encode())
    for byte in line:
        wire.write(bytes([byte]))
    assert wire.answer("pieces")["result"]["isError"] is False
    wire.write(request(wire, "one", b"1") + b"\n" + request(wire, "two", b"2")[:-1] + b"\r\n")
    for identifier, given in (("one", "1"), ("two", "2")):
        result = wire.answer(identifier)["result"]
        assert result["structuredContent"]["rows"][0]["given"] == given


def test_one_id_for_two_requests(wire: Wire) -> None:
    """Each gets an answer, the client's muddle being the client's."""
    wire.write(request(wire, "twin", b"1") + request(wire, "twin", b"2"))
    answers = [wire.answer("twin"), wire.answer("twin")]
    for answer in answers:
        public(answer)
    given = [a["result"]["structuredContent"]["rows"][0]["given"] for a in answers if "result" in a]
    assert set(given) <= {"1", "2"}
    assert given


def test_a_hundred_calls_at_once(wire: Wire) -> None:
    numbers = [
        wire.request("tools/call", {"name": "echo_integer", "arguments": {"given": n}})
        for n in range(100)
    ]
    for n, number in enumerate(numbers):
        result = wire.answer(number)["result"]
        assert result["structuredContent"]["rows"][0]["given"] == n


# what goes wrong in the database


@pytest.mark.parametrize(
    ("code", "error_code"),
    [
        ("SK400", "VALIDATION_ERROR"),
        ("22012", "VALIDATION_ERROR"),
        ("23514", "VALIDATION_ERROR"),
        ("SK401", "AUTHORIZATION_ERROR"),
        ("28000", "AUTHORIZATION_ERROR"),
        ("SK403", "AUTHORIZATION_ERROR"),
        ("42501", "AUTHORIZATION_ERROR"),
        ("SK404", "NOT_FOUND"),
        ("SK409", "CONFLICT"),
        ("23505", "CONFLICT"),
        ("SK429", "LIMIT_EXCEEDED"),
        ("54000", "LIMIT_EXCEEDED"),
    ],
)
def test_an_error_of_the_tool_s_own(wire: Wire, code: str, error_code: str) -> None:
    result = wire.call("fixture_raise", code=code, message="No such thing.", hint="Look there.")
    error = failure(result)
    assert (error["error_code"], error["sqlstate"]) == (error_code, code)
    assert (error["message"], error["hint"]) == ("No such thing.", "Look there.")
    text = result["content"][0]["text"]
    assert "No such thing." in text
    assert text.startswith("Look there.\n")
    assert "structuredContent" not in result


@pytest.mark.parametrize("code", ["57014", "40001", "53300"])
def test_an_error_of_the_database_s_own(wire: Wire, code: str) -> None:
    error = failure(wire.call("fixture_raise", code=code, message="private matter"))
    assert error["error_code"] == ("QUERY_TIMEOUT" if code == "57014" else "UNAVAILABLE")
    assert error["hint"]
    assert "private matter" not in json.dumps(error)


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        ("fixture_broken", {}, "no_such_table"),
        ("fixture_raise", {"code": "P0001", "message": "private matter"}, "private matter"),
        ("fixture_raise", {"code": "XX000", "message": "corrupt: private"}, "corrupt: private"),
        ("fixture_sly_write", {"note": "sly"}, "read-only transaction"),
    ],
)
def test_a_defect_is_in_the_log_and_not_in_the_answer(
    wire: Wire, tool: str, arguments: dict[str, Any], text: str
) -> None:
    result = wire.call(tool, **arguments)
    error = failure(result)
    assert error["error_code"] == "MCP_ERROR"
    assert text not in json.dumps(result)
    request_id = error["request_id"]
    lines = [line for line in wire.log() if line.get("request_id") == request_id]
    assert any(text in line["message"] for line in lines), lines
    assert any(line.get("outcome") == "MCP_ERROR" for line in lines), lines


@pytest.mark.parametrize(
    ("query", "error_code", "told"),
    [
        ("SELEC 1", "INVALID_QUERY", "SELEC"),
        ("SELECT 1; SELECT 2", "AUTHORIZATION_ERROR", ""),
        ("", "VALIDATION_ERROR", "empty"),
        (";;;", "VALIDATION_ERROR", "empty"),
        ("SELECT 1/0", "VALIDATION_ERROR", "division by zero"),
        ("SELECT nonsense FROM orders", "INVALID_QUERY", "nonsense"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "VALIDATION_ERROR", "characters"),
        ("DELETE FROM orders", "AUTHORIZATION_ERROR", ""),
        ("SELECT * FROM orders FOR UPDATE", "AUTHORIZATION_ERROR", ""),
        ("SELECT 'unclosed", "INVALID_QUERY", ""),
        ("SELECT 1 /* unclosed", "INVALID_QUERY", ""),
        ("SELECT $1", "INVALID_QUERY", ""),
        ("SELECT %s, %(x)s, {}", "INVALID_QUERY", ""),
    ],
)
def test_free_sql_that_can_not_be(wire: Wire, query: str, error_code: str, told: str) -> None:
    error = failure(wire.call("execute_sales_query", postgresql_query=query))
    assert error["error_code"] == error_code, error
    assert told in error["message"] + error.get("detail", "")
