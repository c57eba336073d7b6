"""Every message that the server sends, held against the SDK's types: the server speaks MCP by itself, and
this is what tells when the two drift apart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import mcp_types
import pytest
from mcp_types import methods, version
from mcp_types.jsonrpc import JSONRPCError, JSONRPCNotification, JSONRPCResponse

from conftest import SEATTLE, Target
from storekeeper import session
from wire import LEGACY, META, MODERN, Message, Wire, eventually

PROGRESS = {"name": "fixture_steps", "arguments": {}}
EVERY: dict[str, list[Message]] = {
    "tools/list": [{}],
    "tools/call": [
        {"name": "fixture_scalar", "arguments": {}},
        {"name": "fixture_rows", "arguments": {"count": 2}},
        {"name": "fixture_rows", "arguments": {"count": 5000}},
        {"name": "fixture_void", "arguments": {}},
        {"name": "fixture_null", "arguments": {}},
        {"name": "fixture_json_array"},
        {"name": "fixture_composite", "arguments": {}},
        {"name": "who_am_i", "arguments": {}},
        {"name": "top_products", "arguments": {}},
        {"name": "echo_text", "arguments": {}},
        {"name": "fixture_raise", "arguments": {"code": "SK404"}},
        {"name": "fixture_raise", "arguments": {"code": "XX000"}},
        {"name": "fixture_hasty", "arguments": {}},
        PROGRESS,
    ],
    "resources/list": [{}],
    "resources/templates/list": [{}],
    "resources/read": [{"uri": "fixture://greeting"}, {"uri": "fixture://half/8"}],
    "prompts/list": [{}],
    "prompts/get": [{"name": "fixture_ask", "arguments": {"topic": "x", "times": "2"}}],
    "completion/complete": [
        {
            "ref": {"type": "ref/prompt", "name": "fixture_ask"},
            "argument": {"name": "topic", "value": "a"},
            "context": {"arguments": {"times": "2"}},
        },
        {
            "ref": {"type": "ref/resource", "uri": "fixture://half/{number}"},
            "argument": {"name": "number", "value": ""},
        },
    ],
}
WRONG: list[tuple[str, Message]] = [
    ("tools/call", {"name": "nobody", "arguments": {}}),
    ("tools/call", {"name": 5}),
    ("tools/list", {"cursor": "x"}),
    ("tools/burn", {}),
    ("resources/read", {"uri": "fixture://nothing"}),
    ("prompts/get", {"name": "fixture_ask", "arguments": {}}),
    ("completion/complete", {}),
]
OTHERS = {LEGACY: ("server/discover", "subscriptions/listen"), MODERN: ("ping", "initialize")}


def test_the_versions_are_those_of_the_sdk() -> None:
    assert version.HANDSHAKE_PROTOCOL_VERSIONS == session.HANDSHAKE_VERSIONS
    assert version.MODERN_PROTOCOL_VERSIONS == session.MODERN_VERSIONS
    assert session.HANDSHAKE_VERSIONS[-1] == version.LATEST_HANDSHAKE_VERSION
    assert META == session.META
    assert session.MODERN_VERSIONS == (MODERN,)


@pytest.mark.parametrize("name", ["PROTOCOL_VERSION", "CLIENT_CAPABILITIES", "SERVER_INFO"])
def test_the_names_of_the_envelope_are_those_of_the_sdk(name: str) -> None:
    ours = {
        "PROTOCOL_VERSION": session.VERSION,
        "CLIENT_CAPABILITIES": session.CAPABILITIES,
        "SERVER_INFO": session.SERVER_INFO,
    }
    assert getattr(mcp_types, f"{name}_META_KEY") == ours[name]


def test_every_method_of_the_sdk_is_served_or_known_to_be_left_out() -> None:
    """One that a new release adds shows up here."""
    ours = {*EVERY, "initialize", "ping", "server/discover", "subscriptions/listen"}
    left_out = {"logging/setLevel", "resources/subscribe", "resources/unsubscribe"}
    assert {method for method, _ in methods.CLIENT_REQUESTS} == ours | left_out


@pytest.fixture(scope="module", params=version.KNOWN_PROTOCOL_VERSIONS)
def spoken(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def wire(typed: Target, spoken: str) -> Iterator[Wire]:
    mode = MODERN if spoken == MODERN else LEGACY
    with Wire(typed.environment(SEATTLE), mode) as process:
        yield process
        process.end()
        for line in process.lines:
            held(json.loads(line), spoken)


def held(message: Message, spoken: str) -> None:
    """A message is one of JSON-RPC's, and a notification what this version allows."""
    if "method" in message:
        assert "id" not in message
        JSONRPCNotification.model_validate(message, by_name=False)
        methods.parse_server_notification(message["method"], spoken, message.get("params"))
    elif "error" in message:
        JSONRPCError.model_validate(message, by_name=False)
    else:
        JSONRPCResponse.model_validate(message, by_name=False)


def result(wire: Wire, spoken: str, method: str, params: Message) -> Message:
    """The result as the SDK's own client reads it, nothing lost and nothing added."""
    number = wire.request(method, params)
    answer = wire.answer(number)
    assert "result" in answer, answer
    found: Message = answer["result"]
    parsed = methods.parse_server_result(method, spoken, found)
    kept = parsed.model_dump(by_alias=True, mode="json", exclude_unset=True)
    assert kept == found
    if spoken != MODERN:
        assert "resultType" not in found
    else:
        assert found["resultType"] == "complete"
        assert found["_meta"][session.SERVER_INFO]["name"] == "storekeeper"
    return found


def test_the_greeting(wire: Wire, spoken: str) -> None:
    if spoken == MODERN:
        found = result(wire, spoken, "server/discover", {})
        assert tuple(found["supportedVersions"]) == version.MODERN_PROTOCOL_VERSIONS
        return
    asked = {
        "protocolVersion": spoken,
        "capabilities": {},
        "clientInfo": {"name": "wire", "version": "1"},
    }
    assert result(wire, spoken, "initialize", asked)["protocolVersion"] == spoken
    wire.send("notifications/initialized")
    assert result(wire, spoken, "ping", {}) == {}


@pytest.mark.parametrize(
    ("method", "params"), [(method, params) for method in EVERY for params in EVERY[method]]
)
def test_a_result(wire: Wire, spoken: str, method: str, params: Message) -> None:
    found = result(wire, spoken, method, params)
    if method in methods.CACHEABLE_METHODS:
        assert found["ttlMs"] == 0
        assert found["cacheScope"] == "private"


@pytest.mark.parametrize(("method", "params"), WRONG)
def test_an_error(wire: Wire, method: str, params: Message) -> None:
    answer = wire.ask(method, params)
    error = JSONRPCError.model_validate(answer, by_name=False).error
    assert error.code in {-32601, -32602}
    assert error.message


def test_a_method_of_the_other_era(wire: Wire, spoken: str) -> None:
    for method in OTHERS[wire.mode]:
        answer = wire.ask(method, {"protocolVersion": "2025-11-25"})
        error = JSONRPCError.model_validate(answer, by_name=False).error
        expected = -32022 if method == "initialize" else -32601
        assert error.code == expected
        assert (method, spoken) not in methods.CLIENT_REQUESTS


def test_a_version_that_nobody_speaks(wire: Wire, spoken: str) -> None:
    if spoken != MODERN:
        return
    for named in ("2099-01-01", 5, None):
        meta: Message = {session.VERSION: named, session.CAPABILITIES: {}}
        error = wire.ask("tools/list", {"_meta": meta})["error"]
        assert error["code"] == mcp_types.UNSUPPORTED_PROTOCOL_VERSION
        mcp_types.UnsupportedProtocolVersionErrorData.model_validate(error["data"], by_name=False)


def test_progress(wire: Wire, spoken: str) -> None:
    meta: Message = {"progressToken": "steps"}
    if spoken == MODERN:
        meta |= {session.VERSION: MODERN, session.CAPABILITIES: {}}
    result(wire, spoken, "tools/call", PROGRESS | {"_meta": meta})
    told = [m for m in wire.messages if m.get("method") == "notifications/progress"]
    assert len(told) == 3
    for message in told:
        methods.parse_server_notification(message["method"], spoken, message["params"])


def test_a_change_of_what_is_published(wire: Wire, spoken: str, typed: Target) -> None:
    if spoken == MODERN:
        wanted = {f"{kind}ListChanged": True for kind in session.KINDS}
        stream = wire.request("subscriptions/listen", {"notifications": wanted})
    else:
        stream = 0
    wire.ask("tools/list")
    wire.messages.clear()
    name = "fixture_change_" + "".join(c for c in spoken if c.isdigit())
    typed.execute(
        f"CREATE FUNCTION tool.{name}() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';"
        f"GRANT EXECUTE ON FUNCTION tool.{name}() TO store_managers"
    )

    def told() -> list[Message]:
        wire.ask("prompts/list")
        return [m for m in wire.messages if "list_changed" in m.get("method", "")]

    kinds = eventually(told)
    typed.execute(f"DROP FUNCTION tool.{name}()")
    for message in kinds:
        methods.parse_server_notification(message["method"], spoken, message.get("params"))
    assert "notifications/tools/list_changed" in {m["method"] for m in kinds}
    if spoken == MODERN:
        key = session.SUBSCRIPTION_ID
        assert {m["params"]["_meta"][key] for m in kinds} == {stream}
