"""Embedding services beside the built-in model: what they are asked, and what happens when they fail."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from embedding_server import (
    DIMENSION,
    KEY,
    MODEL,
    Asked,
    EmbeddingServer,
    Fault,
    Handler,
    drips,
    embedding_server,
    huge,
    reset,
    reset_in_the_body,
    says,
    slow,
    status,
    truncated,
    vector_of,
)
from storekeeper import circuit, embedder, embedding_service
from storekeeper.embedder import Embedder
from storekeeper.embedding_service import Service, retry_after
from storekeeper.errors import ConfigurationError, MCPError, UnavailableError, ValidationError
from storekeeper.settings import Settings

pytestmark = pytest.mark.anyio

TEXTS = [f"text number {number}" for number in range(7)]
PATIENCE = 10  # seconds that no test here needs


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "FIRST", 0.005)
    monkeypatch.setattr(embedder, "LONGEST", 0.02)
    monkeypatch.setattr(circuit, "FIRST", 0.005)
    monkeypatch.setattr(circuit, "LONGEST", 0.02)
    monkeypatch.setattr(circuit, "PATIENCE", 0)
    monkeypatch.setattr(circuit, "HURRY", 0.001)


@pytest.fixture
def service() -> Iterator[EmbeddingServer]:
    with embedding_server() as server:
        yield server


def made(service: EmbeddingServer | str, **given: Any) -> Embedder:
    """An embedder by the settings as a user gives them."""
    url = service if isinstance(service, str) else service.url
    settings = {"model": MODEL, "api_key": KEY, "timeout": 2, "query_timeout": 2} | given
    return Embedder.of(
        Settings.read(embedding_url=url, **{f"embedding_{n}": v for n, v in settings.items()})
    )


@pytest.fixture
async def client(service: EmbeddingServer) -> AsyncIterator[Embedder]:
    async with made(service, batch=3) as embedder, asyncio.timeout(PATIENCE):
        yield embedder


async def refused(client: Embedder, kind: type[MCPError]) -> MCPError:
    """The error of one text; it holds neither key nor text, whoever looks at it."""
    with pytest.raises(MCPError) as caught:
        await client.embed(["a secret text"])
    shown = json.dumps(caught.value.as_dict()) + repr(caught.value)
    assert KEY not in shown
    assert "secret text" not in shown
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert type(caught.value) is kind, caught.value
    return caught.value


# what is asked


async def test_texts_come_back_in_their_order_batch_by_batch(
    service: EmbeddingServer, client: Embedder
) -> None:
    assert await client.embed(TEXTS) == [vector_of(text) for text in TEXTS]
    assert [asked.texts for asked in service.asked] == [TEXTS[:3], TEXTS[3:6], TEXTS[6:]]
    for asked in service.asked:
        assert asked.path == "/v1/embeddings"
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.body.keys() == {"model", "input"}
        assert asked.body["model"] == MODEL
    assert await client.embed([]) == []
    assert len(service.asked) == 3


async def test_the_index_decides_the_order(service: EmbeddingServer, client: Embedder) -> None:
    def backwards(handler: Handler, asked: Asked) -> None:
        good = handler.good(asked)
        handler.say(200, good | {"data": good["data"][::-1]})

    service.always = backwards
    assert await client.embed(TEXTS) == [vector_of(text) for text in TEXTS]


async def test_what_a_setting_asks_for(service: EmbeddingServer) -> None:
    async with made(service, dimension=5, encoding="base64", api_key=None) as client:
        assert await client.embed(["text"]) == [vector_of("text", dimension=5)]
    (asked,) = service.asked
    assert asked.body == {
        "model": MODEL, "input": ["text"], "dimensions": 5, "encoding_format": "base64"
    }  # fmt: skip
    assert "authorization" not in asked.headers


async def test_base64_that_nobody_asked_for_is_understood(
    service: EmbeddingServer, client: Embedder
) -> None:
    def in_base64(handler: Handler, asked: Asked) -> None:
        asked.body["encoding_format"] = "base64"
        handler.answer(asked)

    service.fail(in_base64)
    assert await client.embed(["text"]) == [vector_of("text")]


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("", {"api_version": "2024-10-21"}),
        ("/", {"api_version": "2024-10-21"}),
        ("/openai", {"api_version": "2024-10-21"}),
        ("/openai/deployments/my%20model", {"api_version": "2024-10-21"}),
        ("/openai/deployments/my%20model/embeddings?api-version=2024-10-21", {}),
    ],
)
async def test_azure(service: EmbeddingServer, path: str, given: dict[str, str]) -> None:
    async with made(service.origin + path, model="my model", **given) as client:
        assert await client.embed(["text"]) == [vector_of("text", "my model")]
    (asked,) = service.asked
    assert asked.path == "/openai/deployments/my%20model/embeddings?api-version=2024-10-21"
    assert asked.headers["api-key"] == KEY
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1/embeddings"),
        ("http://[::1]:8080/v1/embeddings", "http://[::1]:8080/v1/embeddings"),
        ("https://x.openai.azure.com/openai/v1", "https://x.openai.azure.com/openai/v1/embeddings"),
        (" https://gateway.example/llm/v1\n", "https://gateway.example/llm/v1/embeddings"),
        (
            "https://x.openai.azure.com/openai/v1/?api-version=preview",
            "https://x.openai.azure.com/openai/v1/embeddings?api-version=preview",
        ),
    ],
)
async def test_addresses(given: str, asked: str) -> None:
    assert Service.of(Settings.read(embedding_url=given, embedding_model=MODEL)).url == asked


@pytest.mark.parametrize(
    "url",
    [
        f"https://somebody:{KEY}@api.example/v1",
        f"https://{KEY}@api.example/v1",
        f"https://api.example/v1?key={KEY}",
        f"https://api.example/v1?api-version=1&key={KEY}",
        f"https://api.example/v1#{KEY}",
        f"https://api.example:{KEY}/v1",
        f"https://[{KEY}/v1",
        f"ftp://{KEY}/v1",
        f"file:///{KEY}",
        f"https:///{KEY}",
        f"https://api.example/{KEY} /v1",
        f"https://api.example/{KEY}\r\nX: y",
        f"https://äpi.example/{KEY}",
        KEY,
    ],
)
async def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="STOREKEEPER_EMBEDDING_URL") as caught:
        made(url)
    assert KEY not in json.dumps(caught.value.as_dict()) + repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("key", ["", " ", "two words " + KEY, KEY + "\r\nX-Evil: 1", KEY + "ä"])
async def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ConfigurationError, match="STOREKEEPER_EMBEDDING_API_KEY") as caught:
        Service.of(
            Settings.read(
                embedding_url="http://localhost", embedding_model=MODEL, embedding_api_key=key
            )
        )
    assert KEY not in json.dumps(caught.value.as_dict())


async def test_url_and_model_belong_together() -> None:
    with pytest.raises(ConfigurationError, match="STOREKEEPER_EMBEDDING_MODEL is not set"):
        Embedder.of(Settings.read(embedding_url="http://localhost"))


async def test_a_text_without_words_is_not_asked(
    service: EmbeddingServer, client: Embedder
) -> None:
    for ask in (client.embed(["good", " \n"]), client.embed_query("")):
        with pytest.raises(ValidationError):
            await ask
    assert service.asked == []


async def test_the_rate_is_kept(service: EmbeddingServer) -> None:
    async with made(service, batch=1, rate=60) as client, asyncio.timeout(PATIENCE):
        await client.embed(["a"])
        await client.embed_query("a query")
        await client.embed(["b", "c"])
    first, query, second, third = (asked.at for asked in service.asked)
    assert query - first < 0.7, "a query does not wait for its turn"
    assert second - first > 1.3, "yet it has one"
    assert third - second > 0.5


async def test_the_rate_is_kept_by_many_at_once(service: EmbeddingServer) -> None:
    async with made(service, batch=1, rate=300) as client, asyncio.timeout(PATIENCE):
        await asyncio.gather(*(client.embed([text]) for text in TEXTS))
    times = sorted(asked.at for asked in service.asked)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert sum(pause > 0.1 for pause in pauses) >= len(pauses) - 1, pauses


# failures that pass


@pytest.mark.parametrize(
    "faults",
    [
        [status(500)],
        [status(502), status(503), status(504)],
        [status(429)],
        [status(408)],
        [status(424)],
        [reset],
        [reset_in_the_body],
        [truncated],
        [reset, status(500), truncated],
    ],
)
async def test_it_tries_again(
    service: EmbeddingServer, client: Embedder, faults: list[Fault]
) -> None:
    service.fail(*faults)
    assert await client.embed(["text"]) == [vector_of("text")]
    assert len(service.asked) == len(faults) + 1


async def test_a_batch_that_fails_costs_no_other(
    service: EmbeddingServer, client: Embedder
) -> None:
    def second_fails_once(handler: Handler, asked: Asked) -> None:
        if len(service.asked) == 2:
            handler.say(503)
        else:
            handler.answer(asked)

    service.always = second_fails_once
    assert await client.embed(TEXTS) == [vector_of(text) for text in TEXTS]
    assert [len(asked.texts) for asked in service.asked] == [3, 3, 3, 1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After-Ms": "250"},
        {"Retry-After": "0.25"},
        {"Retry-After": "9", "Retry-After-Ms": "250"},
    ],
)
async def test_it_waits_as_long_as_it_is_asked_to(
    service: EmbeddingServer, client: Embedder, headers: dict[str, str]
) -> None:
    service.fail(status(429, headers))
    await client.embed(["text"])
    first, second = service.asked
    assert 0.25 <= second.at - first.at < 8


async def test_a_wait_beyond_its_patience_is_told_at_once(
    service: EmbeddingServer, client: Embedder
) -> None:
    service.always = status(429, {"Retry-After": "3600"})
    before = time.monotonic()
    error = await refused(client, UnavailableError)
    assert time.monotonic() - before < PATIENCE
    assert len(service.asked) == 1
    assert error.retryable
    assert error.retry_after == 3600


async def test_headers_that_ask_for_a_wait() -> None:
    now = datetime.now(UTC)
    soon = retry_after({"retry-after": format_datetime(now + timedelta(seconds=90), usegmt=True)})
    assert soon is not None
    assert 80 < soon <= 90
    assert retry_after({"Retry-After": format_datetime(now - timedelta(days=1))}) == 0
    assert retry_after({"RETRY-AFTER-MS": " 1500 "}) == 1.5
    assert retry_after({"retry-after-ms": "soon", "retry-after": "3"}) == 3
    for nothing in ("", "soon", "-1", "nan", "inf", "Mon, 99 Foo 2026 99:99:99 GMT"):
        assert retry_after({"retry-after": nothing}) is None
    assert retry_after({}) is None
    # A mistake must not put texts off for ever.
    for far in ("1e15", format_datetime(now + timedelta(days=1000), usegmt=True)):
        assert retry_after({"retry-after": far}) == embedding_service.LONGEST_WAIT


async def test_it_gives_up_after_some_tries(service: EmbeddingServer, client: Embedder) -> None:
    service.always = status(503)
    error = await refused(client, UnavailableError)
    assert error.retryable
    assert len(service.asked) == embedder.TRIES
    assert error.retries == embedder.TRIES - 1


@pytest.mark.parametrize("fault", [slow(PATIENCE), drips])
async def test_a_service_that_dawdles(service: EmbeddingServer, fault: Fault) -> None:
    service.always = fault
    async with made(service, timeout=0.1, query_timeout=0.15) as client:
        before = time.monotonic()
        await refused(client, UnavailableError)
        taken = time.monotonic() - before
        assert taken < client.in_all + 1
        before = time.monotonic()
        with pytest.raises(UnavailableError):
            await client.embed_query("a query")
        assert time.monotonic() - before < PATIENCE / 2


async def test_nobody_listens() -> None:
    with embedding_server() as server:
        url = server.url
    async with made(url) as client:
        error = await refused(client, UnavailableError)
    assert error.retryable


# failures that last


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, ValidationError),
        (401, ConfigurationError),
        (403, ConfigurationError),
        (404, ConfigurationError),
        (405, ConfigurationError),
        (413, ValidationError),
        (422, ValidationError),
        (204, ConfigurationError),
    ],
)
async def test_a_refusal_is_not_tried_again(
    service: EmbeddingServer, client: Embedder, code: int, kind: type[MCPError]
) -> None:
    quoting = {"error": {"code": KEY, "message": f"Wrong key {KEY} for a secret text"}}
    service.always = status(code, body=quoting if code != 204 else b" ")
    error = await refused(client, kind)
    assert str(code) in error.message
    assert not error.retryable
    assert len(service.asked) == 1


async def test_the_word_for_an_error_is_told(service: EmbeddingServer, client: Embedder) -> None:
    service.fail(status(404, body={"error": {"code": "model_not_found", "message": "…"}}))
    assert "model_not_found" in (await refused(client, ConfigurationError)).message
    for said in (
        {"error": {"code": 404, "type": "NotFoundError", "message": "…"}},  # vLLM
        {"code": 404, "type": "NotFoundError", "message": "…"},
        {"error": "…", "error_type": "NotFoundError"},  # TEI
    ):
        service.fail(status(404, body=said))
        assert "(NotFoundError)" in (await refused(client, ConfigurationError)).message
    odds: tuple[Any, ...] = (
        {"error": {"code": "a secret text"}},
        {"error": {"code": {"a": 1}}},
        {"error": "text"},
        {"error": None},
        [],
        b"<html>",
    )
    for word in ("letters", "say_letters_only", "letters_only"):
        async with made(service, api_key="letters_only") as careful:
            service.fail(status(401, body={"error": {"code": word}}))
            assert "letters" not in (await refused(careful, ConfigurationError)).message
    for odd in odds:
        service.fail(status(404, body=odd))
        assert "(" not in (await refused(client, ConfigurationError)).message


async def test_a_redirect_is_not_followed(service: EmbeddingServer, client: Embedder) -> None:
    with embedding_server() as elsewhere:
        for code in (301, 302, 307, 308):
            service.fail(status(code, {"Location": f"{elsewhere.url}/embeddings"}))
            error = await refused(client, ConfigurationError)
            assert str(elsewhere.port) not in error.message
        assert elsewhere.asked == []


def _data(*embeddings: Any) -> bytes:
    items = [{"index": i, "embedding": e} for i, e in enumerate(embeddings)]
    return json.dumps({"data": items}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>not found</html>",
        b"{",
        b'{"data"',
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"data": 5}',
        b'{"data": null}',
        b'{"data": [5]}',
        b'{"data": [{}]}',
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": null}]}',
        b'{"data": [{"index": 0, "embedding": {}}]}',
        b'{"data": [{"index": [], "embedding": [1]}]}',
        b'{"data": [{"index": 1, "embedding": [1]}]}',
        b'{"data": [{"embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": [1' + b"0" * 400 + b"]}]}",
        _data([1.0, "x"]),
        _data([[1.0]]),
        _data([]),
        _data("no base64!"),
        _data("QUJD"),  # three bytes
        _data([1.0], [1.0]),
        b'{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}',
    ],
)
async def test_garbage(service: EmbeddingServer, client: Embedder, text: bytes) -> None:
    service.always = says(text)
    await refused(client, ConfigurationError)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "text",
    [
        _data([0.0, -0.0]),
        _data([1.0, None]),
        _data("AADAfw=="),  # NaN
        b'{"data": [{"index": 0, "embedding": [NaN]}]}',
        b'{"data": [{"index": 0, "embedding": [Infinity, 1]}]}',
        b'{"data": [{"index": 0, "embedding": [1e999]}]}',
    ],
)
async def test_a_vector_without_a_direction_is_the_fault_of_its_text(
    service: EmbeddingServer, client: Embedder, text: bytes
) -> None:
    service.always = says(text)
    await refused(client, ValidationError)


async def test_a_wrong_dimension(service: EmbeddingServer, client: Embedder) -> None:
    async with made(service, dimension=4) as asking:
        service.always = says(_data([1.0, 2.0, 3.0]))
        error = await refused(asking, ConfigurationError)
        assert "3 numbers, not 4" in error.message
        service.always = says(_data([1.0] * 4, [1.0] * 3))
        with pytest.raises(ConfigurationError, match="3 numbers, not 4"):
            await asking.embed(["a", "b"])
    service.always = None
    await client.embed(["the first answer settles it"])
    service.always = says(_data([1.0, 2.0, 3.0]))
    error = await refused(client, ConfigurationError)
    assert f"3 numbers, not {DIMENSION}" in error.message


async def test_an_answer_that_never_ends(
    service: EmbeddingServer, client: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_service, "LONGEST_ANSWER", 3 * 2**20)
    for fault in (huge, says(b" " * 4 * 2**20)):
        service.fail(fault)
        assert "more than" in (await refused(client, ConfigurationError)).message


async def test_a_compressed_answer_is_not_opened(
    service: EmbeddingServer, client: Embedder
) -> None:
    service.always = status(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08")
    assert "compressed" in (await refused(client, ConfigurationError)).message
    assert service.asked[0].headers["accept-encoding"] == "identity"


# queries


async def test_a_query_is_asked_once(
    service: EmbeddingServer, client: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder, "QUERIES", 2)
    for text in ("one", "two", "one", "three", "one", "two"):
        assert await client.embed_query(text) == vector_of(text)
    # The least recently asked gives way.
    assert service.texts == ["one", "two", "three", "two"]
    (await client.embed_query("two")).clear()
    assert await client.embed_query("two") == vector_of("two")


async def test_a_failure_is_not_kept(service: EmbeddingServer, client: Embedder) -> None:
    service.fail(*[status(503)] * embedder.QUERY_TRIES)
    with pytest.raises(UnavailableError):
        await client.embed_query("one")
    assert await client.embed_query("one") == vector_of("one")


async def test_while_the_service_is_down_a_query_does_not_wait(service: EmbeddingServer) -> None:
    service.always = slow(PATIENCE)
    async with made(service, query_timeout=0.1) as client, asyncio.timeout(PATIENCE):
        for _ in range(circuit.FAILURES):
            with pytest.raises(UnavailableError):
                await client.embed_query("one")
        assert client.circuit.open
        asked = len([a for a in service.asked if a.texts == ["one"]])
        for _ in range(20):
            with pytest.raises(UnavailableError, match="embedding service") as caught:
                await client.embed_query("one")
            assert caught.value.retry_after
        assert len([a for a in service.asked if a.texts == ["one"]]) == asked
        service.always = None
        while client.circuit.open:  # noqa: ASYNC110 (it closes by itself)
            await asyncio.sleep(0.01)
        assert await client.embed_query("one") == vector_of("one")


async def test_a_service_that_refuses_is_not_down(service: EmbeddingServer) -> None:
    service.always = slow(PATIENCE)
    async with made(service, query_timeout=0.3) as client, asyncio.timeout(PATIENCE):
        for _ in range(circuit.FAILURES):
            with pytest.raises(UnavailableError):
                await client.embed_query("one")
        service.always = status(401)
        while client.circuit.open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with pytest.raises(ConfigurationError, match="401"):
            await client.embed_query("one")


async def test_a_query_that_is_cancelled_leaves_a_working_client(
    service: EmbeddingServer, client: Embedder
) -> None:
    service.fail(slow(PATIENCE))
    asking = asyncio.create_task(client.embed_query("one"))
    while not service.asked:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await client.embed_query("one") == vector_of("one")


# what is kept from whom


async def test_neither_key_nor_text_is_in_a_log(
    service: EmbeddingServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with made(service) as client:
            await client.embed(["a secret text"])
            service.fail(status(500), reset, truncated)
            await client.embed(["a secret text"])
            service.fail(status(401, body={"error": {"message": f"{KEY}: a secret text"}}))
            await refused(client, ConfigurationError)
    assert caplog.text
    assert KEY not in caplog.text + repr(client) + repr(client.service)
    assert "secret text" not in caplog.text


async def test_a_key_in_clear_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    for url, warned in (
        ("http://embeddings.example/v1", True),
        ("https://embeddings.example/v1", False),
        ("http://localhost:11434/v1", False),
    ):
        caplog.clear()
        await made(url).close()
        assert ("in clear" in caplog.text) is warned, url
        await made(url, api_key=None).close()
    assert KEY not in caplog.text


async def test_the_proxies_of_the_environment_do_not_count(
    service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with embedding_server() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password somewhat\n")
        monkeypatch.setenv("NETRC", str(netrc))
        async with made(service) as client:
            await client.embed(["directly"])
        assert (len(service.asked), proxy.asked) == (1, [])
        assert service.asked[0].headers["authorization"] == f"Bearer {KEY}"
        async with made(service, proxy=proxy.origin) as client:
            assert await client.embed(["by the proxy"]) == [vector_of("by the proxy")]
        assert [asked.path for asked in proxy.asked] == [f"{service.url}/embeddings"]
        assert len(service.asked) == 1


@pytest.mark.parametrize("proxy", [f"ftp://{KEY}@x", f"http://x:{KEY}", KEY, f"socks5://{KEY}"])
async def test_a_proxy_that_is_none(service: EmbeddingServer, proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="STOREKEEPER_EMBEDDING_PROXY") as caught:
        made(service, proxy=proxy)
    assert KEY not in json.dumps(caught.value.as_dict())
    assert caught.value.__suppress_context__


def certificate_for_loopback(folder: Path) -> tuple[Path, Path]:
    """A certificate of nobody's authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    return certificate, key


async def test_a_certificate_is_verified(
    service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = certificate_for_loopback(tmp_path)
    service.secure(certificate, key)
    assert service.url.startswith("https://")
    async with made(service) as client:
        error = await refused(client, ConfigurationError)
    assert "certificate" in error.message
    assert "SSL_CERT_FILE" in str(error.hint)
    assert service.asked == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with made(service) as client:
        assert await client.embed(["text"]) == [vector_of("text")]


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_certificates_that_are_not_to_be_had(
    service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    certificates = tmp_path / "certificates.pem"
    if content is not None:
        certificates.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    with pytest.raises(ConfigurationError, match="authorities") as caught:
        made(service)
    assert "SSL_CERT_FILE" in str(caught.value.hint)


def test_without_a_service_nothing_of_http_is_imported() -> None:
    code = (
        "import sys, storekeeper.cli, storekeeper.protocol, storekeeper.gateway, storekeeper.cache\n"
        "print([name for name in sys.modules if name.startswith(('httpx', 'storekeeper.embed'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.strip()[1:-1].split(", ")) <= {"'storekeeper.embedded'", ""}
