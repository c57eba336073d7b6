"""Arguments of every kind, right and wrong, for every tool that a person sees: each call gets an answer
that says what to do, and the server neither hangs nor stumbles.

STOREKEEPER_TEST_CALLS: how many calls; 1500 where it is not set. The same ones at each run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conftest import HEAD_OFFICE, PUGET_SOUND, SEATTLE, TESTS, Target, _copy
from wire import META, MODERN, Message, Wire, eventually

PERSONS = (SEATTLE, PUGET_SOUND, HEAD_OFFICE)
AT_ONCE = 20  # calls in flight
CALLS = int(os.environ.get("STOREKEEPER_TEST_CALLS", "2000"))
PATIENCE = 60  # seconds for an answer, on a machine that is busy
LONG = 100_000

# Made to fail in a way that nobody has foreseen.
BROKEN = {"fixture_broken", "fixture_raise", "fixture_sly_write"}
# What would only cost time: how long to sleep, how wide the rows are.
MOST = {"seconds": 0.02, "width": 2000, "times": 2000}

HALF_PAIRS = ("\ud800", "x\udfff", "\udc00\ud800")
TEXTS = (
    "",
    " ",
    "%",
    "_%\\",
    "\0",
    "nul \0 inside",
    "\\u0000",
    "\u202eright to left",
    "\U0001f600 ☃ é",
    "'",
    '"',
    "$1",
    "%s %(x)s {}",
    "'; DROP TABLE retail.orders; --",
    "' OR ''='",
    '") AS q) --',
    "$$; ROLLBACK; $$",
    "a => 1",
    "NaN",
    "Infinity",
    "-0",
    "1e400",
    "infinity",
    "epoch",
    "today",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "24:00:00",
    "[1,2)",
    "{}",
    "[]",
    "null",
    "true",
    "{1,2}",
    "192.168.0.1/33",
    "P1Y2M3D",
    "\\x00ff",
    "seattle@zava.example",
    "products",
    "x" * LONG,
    "☃" * (LONG // 3),
)
QUERIES = (
    "SELECT 1",
    "SELECT * FROM orders LIMIT 3",
    "SELECT count(*) FROM products",
    "SELECT 'x' AS a, 'y' AS a",
    "SELECT",
    "SELECT NULL",
    "SELECT 1; SELECT 2",
    "SELECT 1/0",
    "SELEC",
    "VALUES (1), ('x')",
    "TABLE stores",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "SELECT repeat('x', 2000000)",
    "SELECT generate_series(1, 5000)",
    "SELECT 'NaN'::numeric, 'Infinity'::float8, 1e300::numeric",
    "SELECT '[1,2]'::jsonb, ARRAY[[1,2],[3,4]], ROW(1, 'x')",
    "SELECT chr(1), E'\\n', U&'\\2028'",
    "DELETE FROM orders",
    "COMMIT",
    "SET ROLE postgres",
    "SELECT gateway.enter('x', 'y', 'z')",
    "COPY orders TO STDOUT",
    "DO $$ BEGIN END $$",
    "SELECT " + "1+" * 2000 + "1",
    "/* open",
    "-- nothing",
)
ODD_NAMES = ("", "__proto__", "given\0", "Given", "x" * 1000, "☃", "'", "schema", "self", "\ud800")


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# Slices of constants, as the examples are small: hypothesis bounds what it draws, not what that means.
HUGE = (10**30, -(10**30), 10**400, 2**31, -(2**63) - 1, 2**63, 2**53 + 1, 1e308, 5e-324)
DEEP: tuple[Any, ...] = (
    deep(20),
    deep(90),
    {"a": deep(60)},
    [[[]]] * 50,
    {str(n): n for n in range(300)},
)
NOT_JSON = (float("inf"), float("-inf"), float("nan"))
texts = st.sampled_from(TEXTS) | st.sampled_from(HALF_PAIRS) | st.text(max_size=8)
numbers = (
    st.integers(-5, 300)
    | st.sampled_from((*HUGE, *NOT_JSON))
    | st.floats(allow_nan=False, width=32)
)
anything = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    texts,
    st.sampled_from(DEEP),
    st.lists(texts | numbers | st.none(), max_size=3),
    st.dictionaries(texts, texts | numbers, max_size=2),
)


def fitting(schema: Message) -> st.SearchStrategy[Any]:
    """What the schema allows; with `{}`, anything."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    match schema.get("type"):
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            small = st.integers(0 if low is None else low, min(high or 300, (low or 0) + 300))
            return small | st.integers(low, high)
        case "number":
            return st.integers(schema.get("minimum", -100), schema.get("maximum", 100)) | st.floats(
                schema.get("minimum"),
                schema.get("maximum"),
                exclude_min="exclusiveMinimum" in schema,
                allow_nan=False,
                allow_infinity=False,
            )
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(fitting(schema.get("items", {})), max_size=4)
        case "object":
            members = {n: fitting(s) for n, s in schema.get("properties", {}).items()}
            return st.fixed_dictionaries({}, optional=members)
        case "string":
            return {
                "date": st.dates().map(str),
                "date-time": st.datetimes().map(lambda at: at.isoformat() + "Z"),
                "uuid": st.uuids().map(str),
            }.get(schema.get("format", ""), texts)
    return anything


def calls(tool: Message) -> st.SearchStrategy[tuple[str, Message]]:
    """Calls of a tool; in about half of them something is wrong."""
    schema = tool["inputSchema"]
    properties, required = schema["properties"], set(schema.get("required", ()))
    right = {
        name: st.sampled_from(QUERIES) | texts if "query" in name else fitting(kind)
        for name, kind in properties.items()
    }
    good = st.fixed_dictionaries(
        {n: s for n, s in right.items() if n in required},
        optional={n: s for n, s in right.items() if n not in required},
    )
    bad = st.fixed_dictionaries({}, optional={n: s | anything for n, s in right.items()})
    odd = st.dictionaries(st.sampled_from(ODD_NAMES), anything, min_size=1, max_size=2)
    arguments = st.one_of(good, good, bad, st.tuples(good, odd).map(lambda two: two[0] | two[1]))
    return st.tuples(st.just(tool["name"]), arguments.map(bounded))


def bounded(arguments: Message) -> Message:
    """Without what would only take long."""

    def bound(name: str, value: Any) -> Any:
        try:
            return min(value if isinstance(value, int | float) else float(value), MOST[name])
        except (KeyError, TypeError, ValueError):
            return value

    return {name: bound(name, value) for name, value in arguments.items()}


@pytest.fixture(scope="module")
def playground(template: Target) -> Iterator[Target]:
    """A database of these tests' own: some of the tools write."""
    with _copy(template) as database:
        database.execute((TESTS / "fixtures" / "every_type.sql").read_text())
        yield database


@pytest.fixture(scope="module", params=PERSONS)
def wire(request: pytest.FixtureRequest, playground: Target) -> Iterator[Wire]:
    environment = playground.environment(request.param, STOREKEEPER_STATEMENT_TIMEOUT="5")
    mode = MODERN if request.param == PUGET_SOUND else "legacy"
    with Wire(environment, mode) as process:
        process.greet()
        yield process
        assert process.end() == 0
        log = process.log_text()
        assert "Traceback" not in log
        assert "not recorded" not in log
        for line in log.splitlines():
            assert json.loads(line)["level"] in {"INFO", "WARNING", "ERROR"}, line


def test_every_call_is_answered(wire: Wire, playground: Target) -> None:
    tools = {tool["name"]: tool for tool in wire.ask("tools/list")["result"]["tools"]}
    assert "top_products" in tools
    outputs = {
        name: Draft202012Validator(tool["outputSchema"])
        for name, tool in tools.items()
        if "outputSchema" in tool
    }
    every = st.sampled_from(sorted(tools)).flatmap(lambda name: calls(tools[name]))
    outcomes: dict[str, set[str]] = {name: set() for name in tools}

    @given(st.lists(every, min_size=AT_ONCE, max_size=AT_ONCE))
    @settings(
        max_examples=max(1, CALLS // AT_ONCE // len(PERSONS)),
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def flood(batch: list[tuple[str, Message]]) -> None:
        numbers = [
            wire.request("tools/call", {"name": name, "arguments": arguments})
            for name, arguments in batch
        ]
        for number, (name, arguments) in zip(numbers, batch, strict=True):
            try:
                outcome = held(wire.answer(number, PATIENCE), name, outputs)
            except (AssertionError, TimeoutError, EOFError) as fault:
                call = json.dumps(arguments)[:2000]
                raise AssertionError(f"{name} {call}: {str(fault)[:2000]}") from fault
            outcomes[name].add(outcome)

    flood()
    assert not wire.call("who_am_i")["isError"]
    # No argument keeps a call, or those beside it, out of the record.
    numbered = "SELECT count(DISTINCT request_id) FROM gateway.calls WHERE request_id = ANY (%s)"
    told = [line["request_id"] for line in wire.calls()]
    eventually(lambda: playground.execute(numbered, told) == [(len(told),)], PATIENCE)
    # The fuzz reached the tools themselves, not the checks of arguments alone.
    reached = {name for name, found in outcomes.items() if "ok" in found}
    assert len(reached) > len(tools) / 2, outcomes


def held(answer: Message, name: str, outputs: dict[str, Draft202012Validator]) -> str:
    """The outcome of a call whose answer is as it should be."""
    assert "result" in answer, answer
    result = answer["result"]
    (content,) = result["content"]
    assert content["type"] == "text"
    if not result["isError"]:
        structure = result["structuredContent"]
        if name in outputs:
            fault = next(outputs[name].iter_errors(structure), None)
            assert fault is None, f"{fault}"
        assert json.loads(content["text"]) == structure
        return "ok"
    assert "structuredContent" not in result
    error = result["_meta"]["storekeeper/error"]
    assert set(error) >= {"error_code", "message", "hint", "retryable", "request_id"}, error
    assert error["message"]
    assert error["request_id"]
    assert isinstance(error["retryable"], bool)
    first = content["text"].split("\n")[0]
    assert first
    assert content["text"].startswith(error["hint"] + "\n")
    if name not in BROKEN:
        assert error["error_code"] not in {"MCP_ERROR", "CONFIGURATION_ERROR"}, error
    return str(error["error_code"])


def test_the_envelope_of_results_is_the_era_s(wire: Wire) -> None:
    result = wire.call("who_am_i")
    assert (result.get("resultType") == "complete") is (wire.mode == MODERN)
    assert (META + "serverInfo" in result.get("_meta", {})) is (wire.mode == MODERN)
