"""Garbage on stdin: it is answered or refused, never fatal, and the next call is answered as ever.

What is random comes from seeds: the same at each run.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from conftest import SEATTLE, Target
from wire import LEGACY, META, MODERN, MODES, Message, Wire

PATIENCE = 60  # seconds; the machine may be busy
MEBIBYTE = 2**20
LIMIT = 64 * MEBIBYTE
ERRORS = (-32700, -32600, -32601, -32602, -32022)
ENVELOPE = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}
JSON_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e400,
    10**30,
    "",
    "id",
    "\ud800",
    [],
    [1],
    {},
    {"a": 1},
)


@pytest.fixture(scope="module", params=MODES)
def wire(request: pytest.FixtureRequest, typed: Target) -> Iterator[Wire]:
    with Wire(typed.environment(SEATTLE), request.param) as process:
        process.greet()
        yield process
        assert process.end() == 0
        quiet(process)


@pytest.fixture(autouse=True)
def _the_next_call_is_answered(wire: Wire) -> Iterator[None]:
    yield
    alive(wire)
    for message in wire.messages:
        sane(message)
    wire.messages.clear()


def alive(wire: Wire) -> None:
    number = wire.request("tools/call", {"name": "fixture_scalar", "arguments": {}})
    assert wire.answer(number, PATIENCE)["result"]["structuredContent"] == {"value": 42}


def quiet(wire: Wire) -> None:
    """Nothing but JSON lines on stderr, and no defect among them."""
    log = wire.log_text()
    assert not re.search("Traceback|unexpected failure|never retrieved|never awaited", log)
    for line in log.splitlines():
        json.loads(line)


def sane(message: Message) -> None:
    assert message["jsonrpc"] == "2.0"
    if "error" in message:
        assert message["error"]["code"] in ERRORS, message
    else:
        assert "result" in message or message["method"].startswith("notifications/"), message


def line(method: str, identifier: Any, mode: str, **params: Any) -> bytes:
    if mode == MODERN:
        params = {"_meta": ENVELOPE, **params}
    message = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
    return json.dumps(message).encode() + b"\n"


def echo(identifier: Any, mode: str, given: str) -> bytes:
    return line("tools/call", identifier, mode, name="echo_text", arguments={"given": given})


def session(mode: str, prefix: str) -> bytes:
    """What a client may well say after its greeting."""
    said = [
        line("tools/list", f"{prefix}1", mode),
        echo(f"{prefix}2", mode, 'é☃ \\ " \U0001f600'),
        line("tools/call", f"{prefix}3", mode, name="fixture_rows", arguments={"count": 3}),
        line("resources/read", f"{prefix}4", mode, uri="fixture://half/8"),
        line("prompts/get", f"{prefix}5", mode, name="fixture_ask", arguments={"topic": "x"}),
        line(
            "completion/complete",
            f"{prefix}6",
            mode,
            ref={"type": "ref/prompt", "name": "fixture_ask"},
            argument={"name": "topic", "value": "a"},
        ),
        b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"nobody"}}\n',
    ]
    return b"".join(said)


@pytest.mark.parametrize("seed", range(6))
def test_random_bytes(wire: Wire, seed: int) -> None:
    random = Random(seed)
    for _ in range(30):
        wire.write(random.randbytes(random.choice([1, 10, 1000, 20_000])) + b"\n")
    alive(wire)


@pytest.mark.parametrize("seed", range(3))
def test_random_words_of_the_protocol(wire: Wire, seed: int) -> None:
    random = Random(seed)
    words = [
        b"{", b"}", b"[", b"]", b":", b",", b'"', b"\\", b"\n", b"\\u0000", b"\\ud800", b"null",
        b'"jsonrpc":"2.0"', b'"id":', b"1", b'"method":', b'"tools/call"', b'"tools/list"',
        b'"params":{', b'"name":"echo_text"', b'"arguments":{', b'"_meta":{', b"NaN", b"-",
        b'"ping"', b"1e999", b"\x00", b"\xff", b"\r", b" ",
    ]  # fmt: skip
    for _ in range(500):
        wire.write(b"".join(random.choices(words, k=random.randint(1, 25))) + b"\n")
    alive(wire)


@pytest.mark.parametrize("seed", range(20))
def test_a_valid_session_with_bytes_lost_doubled_and_changed(wire: Wire, seed: int) -> None:
    random = Random(seed)
    said = bytearray(session(wire.mode, f"{seed}."))
    for _ in range(random.choice([1, 3, 10, 50])):
        at, size = random.randrange(len(said)), random.choice([1, 1, 1, 5, 40])
        match random.choice(["drop", "insert", "double", "change", "swap"]):
            case "drop":
                del said[at : at + size]
            case "insert":
                said[at:at] = random.randbytes(size)
            case "double":
                said[at:at] = said[at : at + size]
            case "change":
                said[at] ^= 1 << random.randrange(8)
            case _:
                other = random.randrange(len(said))
                said[at], said[other] = said[other], said[at]
    # A modern session may ask for a subscription by none of this; whatever runs comes to an end.
    wire.write(bytes(said) + b"\n")
    alive(wire)


@pytest.mark.parametrize("seed", range(3))
def test_a_valid_session_in_tiny_pieces(wire: Wire, seed: int) -> None:
    random, said = Random(seed), session(wire.mode, f"piece {seed}.")
    while said:
        size = random.randint(1, 9)
        wire.write(said[:size])
        said = said[size:]
    for number in range(1, 7):
        assert "result" in wire.answer(f"piece {seed}.{number}", PATIENCE)


@pytest.mark.parametrize("cut", [1, 10, 40, 80, -30, -3, -1])
def test_a_line_cut_short(wire: Wire, cut: int) -> None:
    wire.write(echo("cut", wire.mode, "text").rstrip()[:cut] + b"\n")
    alive(wire)


@pytest.mark.parametrize("size", [LIMIT - 200, LIMIT + 10, 70 * MEBIBYTE])
def test_a_line_about_as_long_as_is_allowed(wire: Wire, size: int) -> None:
    head, tail = echo("long", wire.mode, "HERE").split(b"HERE")
    wire.write(head + b"x" * (size - len(head) - len(tail)) + tail)
    # Calls may overtake each other; what is too long is refused where it stands.
    told = wire.answer("long" if size < LIMIT else None, PATIENCE)  # type: ignore[arg-type]
    if size < LIMIT:
        error = told["result"]["_meta"]["storekeeper/error"]
        assert error["error_code"] in {"LIMIT_EXCEEDED", "QUERY_TIMEOUT"}, error
    else:
        assert told["error"]["code"] == -32700
    assert not any(m.get("id") == "long" for m in wire.messages)


def test_binary_without_a_line_end(wire: Wire) -> None:
    for _ in range(5):
        wire.write(Random(0).randbytes(MEBIBYTE).replace(b"\n", b"\0"))
    wire.write(b"\n")
    alive(wire)


@pytest.mark.parametrize("version", ["1.0", "2", "2.00", 2, 2.0, None, [], {}, ""])
def test_another_version_of_json_rpc(wire: Wire, version: Any) -> None:
    message = json.loads(line("tools/list", "version", wire.mode))
    wire.write(json.dumps(message | {"jsonrpc": version}).encode() + b"\n")
    assert wire.answer("version", PATIENCE)["error"]["code"] == -32600


@pytest.mark.parametrize("version", [*JSON_VALUES, "2025-11-25", "2099-01-01", "x" * 10_000])
def test_a_protocol_version_of_any_kind(wire: Wire, version: Any) -> None:
    wire.send("initialize", {"protocolVersion": version, "capabilities": {}}, id="version")
    answer = wire.answer("version", PATIENCE)
    if wire.mode == MODERN:
        assert answer["error"]["code"] == -32022
        meta = {META + "protocolVersion": version, META + "clientCapabilities": {}}
        answer = wire.ask("tools/list", {"_meta": meta})
        assert answer["error"]["code"] == -32022
        assert isinstance(answer["error"]["data"]["requested"], str)
    elif isinstance(version, str):
        assert answer["result"]["protocolVersion"] == "2025-11-25"
    else:
        assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("identifier", JSON_VALUES)
def test_an_id_of_any_kind(wire: Wire, identifier: Any) -> None:
    known = isinstance(identifier, int | str) and not isinstance(identifier, bool)
    known = known and identifier != "\ud800"
    wire.messages.clear()
    wire.write(echo(identifier, wire.mode, "x"))
    answer = wire.answer(identifier if known else None, PATIENCE)  # type: ignore[arg-type]
    assert ("result" in answer) is known
    assert known or answer["error"]["code"] == -32600


def test_one_id_for_everything(wire: Wire) -> None:
    wire.write(b"".join(echo("same", wire.mode, str(n)) for n in range(50)))
    answers = [wire.answer("same", PATIENCE) for _ in range(50)]
    assert any("result" in answer for answer in answers)
    for answer in answers:
        assert "result" in answer or answer["error"]["code"] == -32600


def test_batches(wire: Wire) -> None:
    one = json.loads(echo("batch", wire.mode, "x"))
    wire.messages.clear()
    batches: list[list[Any]] = [[], [one], [one, one], [1, 2], [[]], [one] * 1000]
    for batch in batches:
        wire.write(json.dumps(batch).encode() + b"\n")
        assert wire.answer(None, PATIENCE)["error"]["code"] == -32600  # type: ignore[arg-type]
    assert not any(m.get("id") == "batch" for m in wire.messages)


@pytest.mark.parametrize("depth", [50, 150, 250, 900, 5000, 1_000_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_deep_nesting_anywhere(wire: Wire, depth: int, brackets: str) -> None:
    opening, closing = brackets[:-1], brackets[-1]
    value = opening * depth + "1" + closing * depth
    for place in ("id", "method", "params", "_meta", "name", "arguments", "given"):
        base = echo(1, wire.mode, "x").decode().strip()
        shown = re.sub(
            rf'"{place}": ("[^"]*"|\d+|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})', f'"{place}": HERE', base
        )
        wire.write(shown.replace("HERE", value).encode() + b"\n")
    alive(wire)


def test_the_other_era_in_between(wire: Wire) -> None:
    other = LEGACY if wire.mode == MODERN else MODERN
    for number in range(20):
        wire.write(line("tools/list", f"other {number}", other))
        wire.write(line("tools/list", f"own {number}", wire.mode))
    for number in range(20):
        assert wire.answer(f"other {number}", PATIENCE)["error"]["code"] in ERRORS
        assert "result" in wire.answer(f"own {number}", PATIENCE)


@pytest.mark.parametrize("target", JSON_VALUES)
def test_a_cancel_of_anything(wire: Wire, target: Any) -> None:
    for params in ({"requestId": target}, {"requestId": 1, "reason": target}, {}):
        wire.send("notifications/cancelled", params)
    alive(wire)


def test_calls_cancelled_as_they_are_sent(wire: Wire) -> None:
    """Some are answered nevertheless, none twice; their ids are free again."""
    for number in range(100):
        identifier = f"gone {number % 10}"
        wire.write(
            line(
                "tools/call", identifier, wire.mode, name="fixture_sleep", arguments={"seconds": 5}
            )
            + line("notifications/cancelled", None, wire.mode, requestId=identifier).replace(
                b'"id": null, ', b""
            )
        )
    for number in range(10):
        wire.write(echo(f"gone {number}", wire.mode, "back"))
        deadline = time.monotonic() + PATIENCE
        while "result" not in (answer := wire.answer(f"gone {number}", PATIENCE)):
            assert answer["error"]["code"] == -32600
            assert time.monotonic() < deadline
            wire.write(echo(f"gone {number}", wire.mode, "back"))


class LateReader(Wire):
    """Reads only while `reads` is set."""

    def __init__(self, environment: dict[str, str], mode: str) -> None:
        self.reads = threading.Event()
        self.reads.set()
        super().__init__(environment, mode)

    def _read(self) -> None:
        for told in self.stdout:
            self.reads.wait(PATIENCE)
            self._incoming.put(told)
        self._incoming.put(None)


def test_thousands_of_requests_that_nobody_reads(typed: Target, wire: Wire) -> None:
    """A client of its own, which writes all and then reads all."""
    with LateReader(typed.environment(SEATTLE, STOREKEEPER_MAX_WAITING="2000"), wire.mode) as other:
        other.greet()
        other.reads.clear()
        many = 2000
        said = b"".join(
            line("tools/list", f"{n}", wire.mode) if n % 4 else echo(f"{n}", wire.mode, "x" * 1000)
            for n in range(many)
        )
        writer = threading.Thread(target=other.write, args=(said,), daemon=True)
        writer.start()
        time.sleep(1)
        other.reads.set()
        writer.join(PATIENCE)
        assert not writer.is_alive()
        missing = {f"{n}" for n in range(many)}
        deadline = time.monotonic() + PATIENCE
        while missing:
            told = other._incoming.get(timeout=max(0.1, deadline - time.monotonic()))
            assert told
            message = json.loads(told)
            missing.remove(message["id"])
            assert "result" in message, message
        alive(other)
        quiet(other)


def test_more_calls_than_may_wait_are_told_to_come_later(typed: Target, wire: Wire) -> None:
    settings = {"STOREKEEPER_MAX_WAITING": "10", "STOREKEEPER_POOL_MAX_SIZE": "2"}
    with Wire(typed.environment(SEATTLE, **settings), wire.mode) as other:
        other.greet()
        alive(other)
        call = {"name": "fixture_sleep", "arguments": {"seconds": 0.2}}
        numbers = [other.request("tools/call", call) for _ in range(300)]
        results = [other.answer(number, PATIENCE)["result"] for number in numbers]
        refused = [r["_meta"]["storekeeper/error"] for r in results if r["isError"]]
        assert len(refused) < len(results)
        assert refused
        for error in refused:
            assert error["sqlstate"] == "SK429"
            assert error["retry_after"] > 0
            assert error["hint"]
        alive(other)


@pytest.mark.parametrize(
    "arguments",
    [
        {"topic": "x", "times": "9" * 5000},
        {"topic": "x", "times": "[" * 100_000},
        {"topic": "x", "times": '{"a":' * 100_000},
        {"topic": "x", "times": "NaN"},
        {"topic": "x", "times": "1e999"},
        {"topic": "\ud800", "times": "1"},
        {"\ud800": "x"},
        {"topic": ["x"], "times": {}},
    ],
)
def test_a_prompt_of_words_that_are_no_values(wire: Wire, arguments: Message) -> None:
    answer = wire.ask("prompts/get", {"name": "fixture_ask", "arguments": arguments})
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize(
    "uri",
    [
        "fixture://half/" + "9" * 2000,
        "fixture://half/" + "[" * 2000,
        "fixture://half/%ff",
        "fixture://half/\ud800",
        "fixture://half/%00",
        "\ud800",
        "fixture://half/",
        "fixture://half/NaN",
        "fixture://half/1/2",
        "fixture://greeting?x#y",
    ],
)
def test_an_address_of_nothing(wire: Wire, uri: str) -> None:
    answer = wire.ask("resources/read", {"uri": uri})
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("value", JSON_VALUES)
def test_params_of_any_kind(wire: Wire, value: Any) -> None:
    for method, names in (
        ("tools/call", ("name", "arguments", "_meta")),
        ("tools/list", ("cursor", "_meta")),
        ("resources/read", ("uri",)),
        ("prompts/get", ("name", "arguments")),
        ("completion/complete", ("ref", "argument", "context")),
        ("subscriptions/listen", ("notifications",)),
        ("logging/setLevel", ("level",)),
    ):
        for name in names:
            if method == "subscriptions/listen" and isinstance(value, dict):
                continue  # a stream, which is answered at its end
            params = {"name": "echo_text", "arguments": {"given": "x"}, name: value}
            answer = wire.answer(wire.request(method, params), PATIENCE)
            sane(answer)


def test_progress_tokens_of_any_kind(wire: Wire) -> None:
    envelope = ENVELOPE if wire.mode == MODERN else {}
    calls = {}
    for token in JSON_VALUES:
        meta = {**envelope, "progressToken": token, "traceparent": token}
        params = {"name": "fixture_steps", "arguments": {}, "_meta": meta}
        calls[wire.request("tools/call", params)] = token
    for number, token in calls.items():
        answer = wire.answer(number, PATIENCE)
        assert answer["result"]["structuredContent"] == {"value": "done"}, token
