"""A session of its own: what is answered, what is cancelled, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Awaitable
from random import Random
from typing import Any

import pytest

from storekeeper import jsonrpc
from storekeeper.jsonrpc import ProtocolError, Wire
from storekeeper.session import SUBSCRIPTIONS, Context, Methods, Params, Session
from wire import META, MODERN

pytestmark = pytest.mark.anyio

ENVELOPE = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}


class Client:
    """A session, and what it has sent."""

    def __init__(self, *, greeted: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.gate = asyncio.Event()
        self.begun = 0
        methods = Methods(
            handlers={
                "echo": lambda params, _: {"params": params},
                "text": lambda _, __: b'{"ready":1}',
                "empty": lambda _, __: b"{}",
                "slow": self._slow,
                "fail": self._fail,
                "break": self._break,
                "break at once": self._break_at_once,
                "progress": self._progress,
            },
            server_info={"name": "test", "version": "0"},
            instructions=self._instructions,
        )
        self.session = Session(methods, lambda line: self.sent.append(json.loads(line)))
        if greeted:
            self.say("initialize", 0, protocolVersion="2025-11-25")
            self.say("notifications/initialized")

    def say(self, method: str, identifier: Any = None, **params: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if identifier is not None:
            message["id"] = identifier
        self.session.hear(json.dumps(message).encode())

    def modern(self, method: str, identifier: Any, **params: Any) -> None:
        self.say(method, identifier, _meta=ENVELOPE, **params)

    def answers(self, identifier: Any) -> list[dict[str, Any]]:
        return [m for m in self.sent if "id" in m and m["id"] == identifier]

    def error(self, identifier: Any) -> int:
        (answer,) = self.answers(identifier)
        code: int = answer["error"]["code"]
        return code

    async def _instructions(self) -> str:
        return "Ask."

    async def _slow(self, _: Params, __: Context) -> Wire:
        self.begun += 1
        await self.gate.wait()
        return {"slow": True}

    async def _fail(self, _: Params, __: Context) -> Wire:
        raise ProtocolError(jsonrpc.INVALID_PARAMS, "No \ud800.", {"given": "\ud800"})

    async def _break(self, _: Params, __: Context) -> Wire:
        raise RuntimeError("private matter")

    def _break_at_once(self, _: Params, __: Context) -> Awaitable[Wire]:
        raise RuntimeError("private matter")

    async def _progress(self, _: Params, context: Context) -> Wire:
        if context.progress:
            context.progress(1, 2, "half")
        return {}


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_request_cancelled_in_the_same_breath_leaves_nothing() -> None:
    client = Client()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            client.say("slow", "x")
            client.say("notifications/cancelled", requestId="x")
            await settle()
        assert client.begun == 0
    assert not told
    assert not client.session._running
    assert not client.answers("x")
    client.say("echo", "x", a=1)
    assert client.answers("x")[0]["result"] == {"params": {"a": 1}}


async def test_a_cancelled_request_gets_no_answer_and_frees_its_id() -> None:
    client = Client()
    client.say("slow", 7)
    await settle()
    assert client.begun == 1
    client.say("notifications/cancelled", requestId=7)
    await settle()
    assert not client.answers(7)
    client.gate.set()
    client.say("slow", 7)
    await settle()
    assert client.answers(7)[0]["result"] == {"slow": True}


async def test_random_requests_and_cancels_leave_nothing() -> None:
    """Each that was not cancelled is answered once, each other at most once."""
    for seed in range(20):
        random, client = Random(seed), Client()
        cancelled: set[int] = set()
        asked: list[int] = []
        for number in range(1, 200):
            asked.append(number)
            client.say(random.choice(["slow", "echo", "fail", "progress", "ping"]), number)
            if random.random() < 0.4:
                target = random.choice(asked)
                client.say("notifications/cancelled", requestId=target)
                cancelled.add(target)
            if random.random() < 0.3:
                await settle()
            if random.random() < 0.1:
                client.gate.set()
                await settle()
                client.gate.clear()
        client.gate.set()
        await settle()
        assert not client.session._running, seed
        for number in asked:
            answers = len(client.answers(number))
            assert answers == 1 or (answers == 0 and number in cancelled), (seed, number)


@pytest.mark.parametrize(
    "target", [None, [], {}, True, 1.5, "nobody", 9999, "\ud800", {"a": [1]}, -1]
)
async def test_a_cancel_of_anything(target: Any) -> None:
    client = Client()
    client.say("slow", 1)
    client.say("notifications/cancelled", requestId=target)
    client.gate.set()
    await settle()
    assert client.answers(1)[0]["result"] == {"slow": True}


@pytest.mark.parametrize("identifier", [0, -1, 2**53, 10**30, "", "0", "é☃", " "])
async def test_every_id_of_the_kinds_that_are_allowed_comes_back(identifier: int | str) -> None:
    client = Client()
    await settle()
    client.sent.clear()
    client.say("ping", identifier)
    await settle()
    assert client.sent == [{"jsonrpc": "2.0", "id": identifier, "result": {}}]


@pytest.mark.parametrize("identifier", [True, 1.5, [], {}, [1], "\ud800", "x\udfff"])
async def test_no_other_id_is_served(identifier: Any) -> None:
    client = Client()
    client.sent.clear()
    client.say("slow", identifier)
    await settle()
    assert client.begun == 0
    assert client.error(None) == jsonrpc.INVALID_REQUEST


async def test_an_id_in_use_is_refused() -> None:
    client = Client()
    client.say("slow", 1)
    client.say("echo", 1)
    assert client.error(1) == jsonrpc.INVALID_REQUEST
    client.gate.set()
    await settle()
    assert client.answers(1)[1]["result"] == {"slow": True}


async def test_one_is_not_the_text_one() -> None:
    client = Client()
    client.say("slow", 1)
    client.say("echo", "1")
    assert "result" in client.answers("1")[0]
    client.say("notifications/cancelled", requestId="1")
    client.gate.set()
    await settle()
    assert client.answers(1)[0]["result"] == {"slow": True}


@pytest.mark.parametrize("method", ["no \ud800 method", "\udfff", "☃", "", "x" * 100_000])
async def test_an_unknown_method_of_any_name(method: str) -> None:
    client = Client()
    client.say(method, 1)
    assert client.error(1) == jsonrpc.METHOD_NOT_FOUND


async def test_half_a_surrogate_pair_in_an_answer_does_not_end_it() -> None:
    client = Client()
    client.say("echo", 1, given="\ud800", also="☃")
    assert client.answers(1)[0]["result"]["params"] == {"given": "?", "also": "☃"}
    client.say("fail", 2)
    client.say("progress", 3, _meta={"progressToken": "\ud800"})
    await settle()
    assert client.answers(2)[0]["error"]["data"] == {"given": "?"}
    assert client.answers(3)[0]["result"] == {}


@pytest.mark.parametrize("method", ["break", "break at once"])
async def test_a_defect_is_an_answer_without_its_text(method: str) -> None:
    client = Client()
    client.say(method, 1)
    client.say("ping", 2)
    await settle()
    assert client.error(1) == jsonrpc.INTERNAL_ERROR
    assert "private" not in json.dumps(client.sent)
    assert client.answers(2)[0]["result"] == {}
    assert not client.session._running


async def test_nothing_is_served_before_initialize_but_ping() -> None:
    client = Client(greeted=False)
    client.say("echo", 1)
    client.say("ping", 2)
    client.say("notifications/initialized")
    client.session.tell_change()
    assert client.error(1) == jsonrpc.INVALID_PARAMS
    assert client.answers(2)[0]["result"] == {}
    assert len(client.sent) == 2


async def test_a_change_is_told_once_a_kind_and_after_the_handshake_only() -> None:
    client = Client()
    await settle()
    client.sent.clear()
    client.session.tell_change()
    assert [m["method"] for m in client.sent] == [
        f"notifications/{kind}/list_changed" for kind in ("tools", "resources", "prompts")
    ]


async def test_the_eras_do_not_mix() -> None:
    old, new = Client(), Client(greeted=False)
    await settle()
    old.modern("echo", 1)
    assert old.error(1) == jsonrpc.INVALID_REQUEST
    old.say("server/discover", 2)
    assert old.error(2) == jsonrpc.METHOD_NOT_FOUND
    new.modern("echo", 1)
    new.say("initialize", 2, protocolVersion="2025-11-25")
    new.say("echo", 3)
    new.modern("ping", 4)
    assert new.answers(1)[0]["result"]["resultType"] == "complete"
    assert new.error(2) == jsonrpc.UNSUPPORTED_PROTOCOL_VERSION
    assert new.error(3) == jsonrpc.INVALID_PARAMS
    assert new.error(4) == jsonrpc.METHOD_NOT_FOUND


@pytest.mark.parametrize("version", [None, 5, [], {}, "", "2025-11-25", "\ud800", [[[]]] * 9])
async def test_a_modern_version_that_is_none(version: Any) -> None:
    client = Client(greeted=False)
    client.say("echo", 1, _meta=ENVELOPE | {META + "protocolVersion": version})
    assert client.error(1) == jsonrpc.UNSUPPORTED_PROTOCOL_VERSION
    client.modern("echo", 2)
    assert "result" in client.answers(2)[0]


@pytest.mark.parametrize("version", [None, 5, [], {}, True])
async def test_a_handshake_without_a_version(version: Any) -> None:
    client = Client(greeted=False)
    client.say("initialize", 1, protocolVersion=version)
    assert client.error(1) == jsonrpc.INVALID_PARAMS
    client.say("initialize", 2, protocolVersion="2024-11-05")
    await settle()
    assert client.answers(2)[0]["result"]["protocolVersion"] == "2024-11-05"


async def test_ready_text_is_stamped_as_the_rest_is() -> None:
    client = Client(greeted=False)
    for number, method in enumerate(("text", "empty", "echo")):
        client.modern(method, number)
        result = client.answers(number)[0]["result"]
        assert result["resultType"] == "complete"
        assert result["_meta"][META + "serverInfo"]["name"] == "test"
    assert client.answers(0)[0]["result"]["ready"] == 1


async def test_subscriptions_are_bounded_and_end_when_cancelled() -> None:
    client = Client(greeted=False)
    wanted = {"toolsListChanged": True, "promptsListChanged": 1}
    for number in range(SUBSCRIPTIONS + 1):
        client.modern("subscriptions/listen", number, notifications=wanted)
    assert client.error(SUBSCRIPTIONS) == jsonrpc.INVALID_REQUEST
    client.modern("echo", 0)
    assert client.error(0) == jsonrpc.INVALID_REQUEST
    for number in range(1, SUBSCRIPTIONS):
        client.say("notifications/cancelled", requestId=number)
    client.sent.clear()
    client.session.tell_change()
    (told,) = client.sent
    assert told["method"] == "notifications/tools/list_changed"
    assert told["params"]["_meta"][META + "subscriptionId"] == 0
    await client.session.end(0, 1)
    assert client.answers(0)[0]["result"]["resultType"] == "complete"


async def test_the_end_lets_finish_what_can_and_cancels_the_rest() -> None:
    client = Client()
    client.say("slow", 1)
    client.say("slow", 2)
    asyncio.get_running_loop().call_later(0.05, client.gate.set)
    await client.session.end(5, 1)
    assert client.answers(1)
    assert client.answers(2)
    client.gate.clear()
    client.say("slow", 3)
    await settle()
    await client.session.end(0.01, 1)
    await settle()
    assert not client.answers(3)
    assert not client.session._running


@pytest.mark.parametrize(
    "line",
    [
        None,
        b"",
        b" \r",
        b"\xef\xbb\xbf{}",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"9" * 10_000,
        b'{"jsonrpc":"2.0","id":1,"method":"ping"',
        b'{"jsonrpc":"2.0","id":1,"id":true,"method":"ping"}',
        b'{"jsonrpc":2.0,"id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1e400,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":null,"result":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":null}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}',
    ],
)
async def test_a_line_that_is_no_request_is_refused_or_passed_over(line: bytes | None) -> None:
    client = Client()
    await settle()
    client.sent.clear()
    client.session.hear(line)
    assert all(m["error"]["code"] in range(-32700, -32599) for m in client.sent)
    client.say("ping", "alive")
    assert client.answers("alive")[0]["result"] == {}
