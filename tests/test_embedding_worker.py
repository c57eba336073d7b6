"""Texts that wait for vectors get them once, whoever dies meanwhile; models are switched under searches."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from conftest import HEAD_OFFICE, Target, storekeeper
from embedding_server import (
    DIMENSION,
    KEY,
    MODEL,
    Asked,
    EmbeddingServer,
    Handler,
    embedding_server,
    reset,
    slow,
    status,
    vector_of,
)
from storekeeper import embedder as embedder_module
from storekeeper import embedding as embedding_module
from storekeeper import embedding_worker, vector_index
from storekeeper.connection import Statement
from storekeeper.database import Database
from storekeeper.embedder import PROBE, Embedder
from storekeeper.embedding import LANES
from storekeeper.embedding_worker import EmbeddingWorker
from storekeeper.errors import ConfigurationError, UnavailableError
from storekeeper.pool import Pool
from storekeeper.settings import Settings
from wire import Wire, eventually

PATIENCE = 60  # seconds for a process, on a machine that is busy
TEXT = """
    SELECT product_id, content
    FROM retail.describe_products(ARRAY(SELECT product_id FROM retail.products)) ORDER BY 1
"""
STORED = """
    SELECT product_id, description_embedding::text FROM retail.product_description_embeddings ORDER BY 1
"""
STATE = "SELECT gateway.embedding_state()"
# A shell's background job ignores SIGINT, and so would what it starts.
EMBED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from storekeeper.cli import main
sys.exit(main(["embed"]))
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def service() -> Iterator[EmbeddingServer]:
    with embedding_server() as server:
        server.key = KEY
        yield server


def dba(target: Target, service: EmbeddingServer, **more: str) -> dict[str, str]:
    """What `storekeeper embed` needs."""
    return target.environment(
        STOREKEEPER_DATABASE_URL=target.dba,
        STOREKEEPER_EMBEDDING_URL=service.url,
        STOREKEEPER_EMBEDDING_MODEL=MODEL,
        STOREKEEPER_EMBEDDING_API_KEY=KEY,
        STOREKEEPER_LOG_LEVEL="DEBUG",
        **more,
    )


def serving(target: Target, service: EmbeddingServer) -> dict[str, str]:
    """What a server needs that asks the service."""
    return dba(target, service) | {
        "STOREKEEPER_DATABASE_URL": target.gateway,
        "STOREKEEPER_PRINCIPAL": HEAD_OFFICE,
    }


def embed(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    run = storekeeper("embed", *arguments, environment=environment, timeout=PATIENCE)
    assert KEY not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


def searched_by(target: Target, service: EmbeddingServer, **given: Any) -> int:
    """What `storekeeper embed` does, in this process; how many texts."""
    settings = Settings.read(
        embedding_url=service.url, embedding_model=MODEL, embedding_api_key=KEY, **given
    )
    database = Database(server=target.gateway, dba=target.dba)
    done, name = embedding_module.fill_and_switch(settings, database, lambda *_: None)
    assert name == MODEL
    return done


def embedding(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", EMBED],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wanted(
    target: Target, model: str = MODEL, dimension: int = DIMENSION
) -> dict[int, list[float]]:
    return {n: vector_of(text, model, dimension) for n, text in target.execute(TEXT)}


def stored(target: Target) -> dict[int, list[float]]:
    return {n: json.loads(vector) for n, vector in target.execute(STORED)}


def state(target: Target) -> dict[str, dict[str, Any]]:
    ((models,),) = target.execute(STATE)
    return {model["model"]: model for model in models}


def close(one: dict[int, list[float]], other: dict[int, list[float]]) -> bool:
    return one == {n: pytest.approx(vector) for n, vector in other.items()}


# the command


def test_everything_gets_its_vector_once(own: Target, service: EmbeddingServer) -> None:
    run = embed(dba(own, service))
    products = len(wanted(own))
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{products} texts embedded. Search uses {MODEL}.\n"
    assert close(stored(own), wanted(own))
    assert Counter(service.texts).most_common(1)[0][1] == 1
    assert state(own)[MODEL]["active"]
    asked = len(service.asked)
    assert embed(dba(own, service)).stdout.startswith("0 texts embedded.")
    assert service.texts[-1] == PROBE
    assert len(service.asked) == asked + 1


def test_two_at_once_never_embed_a_text_twice(own: Target, service: EmbeddingServer) -> None:
    under_way: set[int] = set()
    both_work = threading.Event()

    def waits_for_both(handler: Handler, asked: Asked) -> None:
        if asked.texts != [PROBE]:
            with service.lock:
                under_way.add(id(asked))
                if len(under_way) > LANES:
                    both_work.set()
            both_work.wait(PATIENCE)
        handler.answer(asked)

    service.always = waits_for_both
    environment = dba(own, service, STOREKEEPER_EMBEDDING_BATCH="5")
    both = [embedding(environment) for _ in range(2)]
    for process in both:
        output, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, output
    assert both_work.is_set()
    times = Counter(service.texts)
    assert times.pop(PROBE) == 2
    assert set(times.values()) == {1}
    assert close(stored(own), wanted(own))


def test_a_worker_that_is_killed_loses_nothing(own: Target, service: EmbeddingServer) -> None:
    environment = dba(
        own, service, STOREKEEPER_EMBEDDING_BATCH="20", STOREKEEPER_EMBEDDING_TIMEOUT="0.5"
    )
    answered = threading.Event()

    def third_hangs(handler: Handler, asked: Asked) -> None:
        if len(service.asked) > 5:
            answered.set()
            service.ended.wait(0.4)
            handler.reset()
        else:
            handler.answer(asked)

    service.always = third_hangs
    killed = embedding(environment)
    assert answered.wait(PATIENCE)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=PATIENCE)
    # What it had sent is still done.
    eventually(lambda: own.execute(OTHERS) == [(0,)])
    left = state(own)[MODEL]
    assert left["taken"] > 0
    assert not left["active"]
    done = len(wanted(own)) - left["waiting"]
    assert stored(own) == {}, "the next model's vectors are not searched before they are whole"
    service.always = None
    before = len(service.asked)
    run = embed(environment)
    assert run.returncode == 0, run.stderr
    assert close(stored(own), wanted(own))
    again = [text for asked in service.asked[before:] for text in asked.texts if text != PROBE]
    assert len(again) == len(set(again)) == left["waiting"]
    assert done > 0


def test_a_service_that_is_down(own: Target, service: EmbeddingServer) -> None:
    service.fail(lambda handler, asked: handler.answer(asked))  # the probe
    service.always = status(503, {"Retry-After": "3600"})
    run = embed(dba(own, service))
    assert run.returncode == 1
    assert "UNAVAILABLE" in run.stderr
    assert "503" in run.stderr
    left = state(own)[MODEL]
    assert (left["waiting"], left["taken"], left["active"]) == (len(wanted(own)), 0, False)
    assert "503" in left["last_error"]
    own.execute("UPDATE embedding.queue SET not_before = now()")
    service.always = None
    assert embed(dba(own, service)).returncode == 0
    assert close(stored(own), wanted(own))


def test_what_is_missing_is_said(own: Target, service: EmbeddingServer) -> None:
    without = own.environment(STOREKEEPER_DATABASE_URL=own.dba)
    run = embed(without)
    assert run.returncode == 1
    assert "STOREKEEPER_EMBEDDING_URL is not set" in run.stderr
    run = embed(without, "--model", "built-in")
    assert run.returncode == 1
    assert "storekeeper init" in run.stderr
    service.key = "another"
    run = embed(dba(own, service))
    assert run.returncode == 1
    assert "STOREKEEPER_EMBEDDING_API_KEY" in run.stderr
    assert MODEL not in state(own)
    assert embed(dba(own, service), "--dimension", "0").returncode == 2


def test_back_to_the_built_in_model(own_with_model: Target, service: EmbeddingServer) -> None:
    own = own_with_model
    (built_in,) = state(own)
    searched_by(own, service)
    assert close(stored(own), wanted(own))
    run = embed(dba(own, service), "--model", "built-in")
    assert run.returncode == 0, run.stderr
    assert list(state(own)) == [built_in]
    assert state(own)[built_in]["active"]
    ((products, right),) = own.execute("""
        SELECT count(*), count(*) FILTER (
            WHERE e.description_embedding <=> embedding.embed(p.content) < 1e-6
        )
        FROM retail.describe_products(ARRAY(SELECT product_id FROM retail.products)) AS p
        LEFT JOIN retail.product_description_embeddings AS e USING (product_id)
    """)
    assert products == right == len(wanted(own))


SEARCH = """
    SELECT count(*), count(s.similarity_score)
    FROM retail.search_products_by_description(%s::text::vector, -1, 5) AS s
"""
USED = """
    SELECT m.name, m.dimension FROM search.description_model JOIN embedding.models AS m USING (model_id)
"""


def test_searches_go_on_while_models_are_switched(own: Target, service: EmbeddingServer) -> None:
    searched_by(own, service)
    service.always = slow(0.01)
    ended = threading.Event()
    searched: Counter[str] = Counter()
    failures: list[object] = []

    def search() -> None:
        with psycopg.connect(own.dba) as connection:
            while not ended.is_set():
                # The vectors that one transaction has seen stay those until its end.
                with connection.transaction():
                    used = connection.execute(USED).fetchone()
                    if used is None:
                        failures.append("no vectors")
                        return
                    query = str(vector_of("a query", *used))
                    try:
                        found = connection.execute(SEARCH, (query,)).fetchone()
                    except psycopg.Error as failure:
                        failures.append(failure)
                        return
                    if found != (5, 5):
                        failures.append(found)
                    searched[used[0]] += 1

    searching = [threading.Thread(target=search) for _ in range(2)]
    for thread in searching:
        thread.start()
    eventually(lambda: searched[MODEL] > 10 or failures)
    for model, dimension in (("other", 16), ("third", 4)):
        run = embed(dba(own, service), "--model", model, "--dimension", str(dimension))
        assert run.returncode == 0, run.stderr
        eventually(lambda model=model: searched[model] > 10 or failures)
    ended.set()
    for thread in searching:
        thread.join(PATIENCE)
    assert failures == []
    assert list(state(own)) == ["third"]
    assert close(stored(own), wanted(own, "third", 4))


def test_what_changes_before_the_switch_is_embedded_as_well(
    own: Target, service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def builds(*_: Any, **__: Any) -> None:
        own.execute("UPDATE retail.products SET description = 'anew' WHERE product_id = 1")

    monkeypatch.setattr(vector_index, "build", builds)
    assert searched_by(own, service) == len(wanted(own)) + 1
    assert state(own)[MODEL]["active"]
    assert close(stored(own), wanted(own))


@pytest.mark.parametrize(
    ("signal_number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_who_is_stopped_gives_back_what_it_has(
    own: Target, service: EmbeddingServer, signal_number: signal.Signals, code: int
) -> None:
    service.fail(Handler.answer)  # the probe
    service.always = slow(PATIENCE)
    stopped = embedding(dba(own, service))
    eventually(lambda: len(service.asked) > LANES)
    stopped.send_signal(signal_number)
    output, _ = stopped.communicate(timeout=PATIENCE / 2)
    assert stopped.returncode == code, output
    assert "Traceback" not in output
    assert "never retrieved" not in output
    left = state(own)[MODEL]
    assert (left["waiting"], left["taken"]) == (len(wanted(own)), 0)


# the worker


@asynccontextmanager
async def worker(
    target: Target, service: EmbeddingServer, **given: Any
) -> AsyncIterator[EmbeddingWorker]:
    """One with the server's account, as `storekeeper serve` has it."""
    settings = Settings.read(
        embedding_url=service.url, embedding_model=MODEL, embedding_api_key=KEY, **given
    )
    pool = Pool(target.gateway, settings)
    await pool.open()
    async with Embedder.of(settings) as embedder:
        try:
            yield EmbeddingWorker(pool.ask, embedder)
        finally:
            await pool.close()


@pytest.fixture
def things(own: Target) -> Target:
    """A database where the texts of the first ten products wait."""
    own.execute(
        "INSERT INTO embedding.models (name, provider, dimension, is_active) VALUES (%s, 'openai', %s, true)",
        MODEL,
        DIMENSION,
    )
    queue(own, {n: f"text {n}" for n in range(1, 11)})
    return own


def queue(target: Target, texts: dict[int, str]) -> None:
    target.execute(
        "SELECT gateway.queue_texts('retail.products', %s, %s)",
        [str(n) for n in texts],
        list(texts.values()),
    )


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder_module, "FIRST", 0.005)
    monkeypatch.setattr(embedder_module, "LONGEST", 0.02)


@pytest.mark.anyio
async def test_a_text_that_is_refused_takes_no_other_with_it(
    things: Target, service: EmbeddingServer
) -> None:
    queue(things, {3: "forbidden", 7: " \n", 8: "forbidden too"})

    def refuses(handler: Handler, asked: Asked) -> None:
        if any("forbidden" in text for text in asked.texts):
            handler.say(400, {"error": {"code": "content_filter", "message": "…"}})
        else:
            handler.answer(asked)

    service.always = refuses
    async with worker(things, service) as work:
        await work.drain(2)
        assert (work.embedded, work.refused) == (7, 3)
    assert set(stored(things)) == {1, 2, 4, 5, 6, 9, 10}
    left = state(things)[MODEL]
    assert (left["waiting"], left["taken"], left["failing"]) == (3, 0, 3)
    errors = dict(things.execute("SELECT key, last_error FROM embedding.queue"))
    assert "400 (content_filter)" in errors["3"]
    assert not any("forbidden" in error for error in errors.values())


def without_numbers(handler: Handler, asked: Asked) -> None:
    good = handler.good(asked)
    for item in good["data"]:
        item["embedding"][0] = None
    handler.say(200, good)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault",
    [status(500), status(424), status(429), reset, without_numbers],
    ids=["500", "424", "429", "crash", "no number"],
)
async def test_a_text_at_which_the_service_fails_takes_no_other_with_it(
    things: Target, service: EmbeddingServer, fault: Any
) -> None:
    queue(things, {3: "poison"})

    def fails(handler: Handler, asked: Asked) -> None:
        (fault if "poison" in asked.texts else Handler.answer)(handler, asked)

    service.always = fails
    async with worker(things, service) as work:
        await work.drain(2)
        assert (work.embedded, work.refused) == (9, 1)
    assert set(stored(things)) == set(range(1, 11)) - {3}
    left = state(things)[MODEL]
    assert (left["waiting"], left["taken"], left["failing"]) == (1, 0, 1)


@pytest.mark.anyio
async def test_too_many_texts_at_once(things: Target, service: EmbeddingServer) -> None:
    """The service's limit is found, and kept to from then on."""
    refused = []

    def limits(handler: Handler, asked: Asked) -> None:
        if len(asked.texts) > 3:
            refused.append(len(asked.texts))
            handler.say(422, {"message": "batch size 10 > maximum allowed batch size 3"})
        else:
            handler.answer(asked)

    service.always = limits
    async with worker(things, service) as work:
        await work.drain(1)
        assert (work.embedded, work.refused) == (10, 0)
        assert refused == [10, 5, 5]
        queue(things, {n: f"newer {n}" for n in range(1, 11)})
        await work.drain(1)
        assert work.embedded == 20
    assert refused == [10, 5, 5]


@pytest.mark.anyio
async def test_what_takes_too_long_is_given_back_in_time(
    things: Target, service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is slow, and then in pieces, is nobody else's while it is worked on."""
    monkeypatch.setattr(embedder_module, "IN_ALL", 1)
    monkeypatch.setattr(embedding_worker, "GRACE", 0.2)
    answered: Counter[str] = Counter()

    def slow_in_bulk(handler: Handler, asked: Asked) -> None:
        if len(asked.texts) > 2:
            handler.service.ended.wait(1)
            handler.reset()
        else:
            answered.update(asked.texts)
            handler.answer(asked)

    service.always = slow_in_bulk
    async with worker(things, service, embedding_timeout=0.6) as work:
        assert await work.turn()
        left = state(things)[MODEL]
        assert left["taken"] == 0
        assert left["waiting"] > 0
        await work.drain(1)
    assert set(stored(things)) == set(range(1, 11))
    answered.pop(PROBE)
    assert set(answered.values()) == {1}


@pytest.mark.anyio
async def test_who_is_cancelled_while_it_takes_gives_back_what_it_gets(
    things: Target, service: EmbeddingServer
) -> None:
    settings = Settings.read(embedding_url=service.url, embedding_model=MODEL)
    pool = Pool(things.gateway, settings)
    await pool.open()
    asking = asyncio.Event()

    async def slowly(statement: Statement) -> bytes | None:
        said = await pool.ask(statement)
        asking.set()
        await asyncio.sleep(0.2)
        return said

    async with Embedder.of(settings) as embedder:
        turn = asyncio.create_task(EmbeddingWorker(slowly, embedder).turn())
        await asyncio.wait_for(asking.wait(), PATIENCE)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    await pool.close()
    left = state(things)[MODEL]
    assert (left["waiting"], left["taken"]) == (10, 0)
    assert service.asked == []


@pytest.mark.anyio
async def test_vectors_outlive_a_database_that_is_away(
    things: Target, service: EmbeddingServer
) -> None:
    service.key = None
    settings = Settings.read(embedding_url=service.url, embedding_model=MODEL)
    pool = Pool(things.gateway, settings)
    await pool.open()
    put = 0

    async def unsteadily(statement: Statement) -> bytes | None:
        nonlocal put
        if "put_embeddings" in statement.text:
            put += 1
            if put < 6:
                raise psycopg.OperationalError("the connection is lost")
        return await pool.ask(statement)

    async with Embedder.of(settings) as embedder:
        assert await EmbeddingWorker(unsteadily, embedder).turn()
    await pool.close()
    assert len(stored(things)) == 10
    assert len(service.asked) == 1


@pytest.mark.anyio
async def test_where_every_text_is_refused_it_is_not_the_texts(
    things: Target, service: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_worker, "REFUSALS", 3)
    service.always = status(400)
    async with worker(things, service) as work:
        with pytest.raises(ConfigurationError, match="Every text is refused"):
            await work.turn()
    assert state(things)[MODEL]["taken"] == 0


@pytest.mark.anyio
async def test_a_newer_text_is_not_lost(things: Target, service: EmbeddingServer) -> None:
    def meanwhile(handler: Handler, asked: Asked) -> None:
        queue(things, {3: "newer"})
        handler.answer(asked)

    service.fail(meanwhile)
    async with worker(things, service) as work:
        assert await work.turn()
        assert 3 not in stored(things)
        assert state(things)[MODEL]["waiting"] == 1
        await work.drain(1)
    assert stored(things)[3] == pytest.approx(vector_of("newer"))
    assert service.texts.count("newer") == 1


@pytest.mark.anyio
async def test_a_product_that_goes_meanwhile(things: Target, service: EmbeddingServer) -> None:
    ((product,),) = things.execute("""
        INSERT INTO retail.products (product_id, sku, type_id, name, description, unit, cost, base_price)
        SELECT 900000, 'TAP1', type_id, 'tap', 'tap', unit, cost, base_price FROM retail.products LIMIT 1
        RETURNING product_id
    """)
    queue(things, {product: "soon gone"})

    def meanwhile(handler: Handler, asked: Asked) -> None:
        assert "soon gone" in asked.texts
        things.execute("DELETE FROM retail.products WHERE product_id = %s", product)
        handler.answer(asked)

    service.fail(meanwhile)
    async with worker(things, service) as work:
        await work.drain(1)
    assert set(stored(things)) == set(range(1, 11))
    assert state(things)[MODEL]["waiting"] == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "kind"),
    [(reset, UnavailableError), (status(401), ConfigurationError)],
    ids=["down", "refusing"],
)
async def test_what_fails_is_given_back(
    things: Target, service: EmbeddingServer, fault: Any, kind: type[Exception]
) -> None:
    service.always = fault
    async with worker(things, service) as work:
        with pytest.raises(kind):
            await work.turn()
        left = state(things)[MODEL]
        assert (left["waiting"], left["taken"], left["failing"]) == (10, 0, 10)
        assert not await work.turn(), "not at once again"


@pytest.mark.anyio
async def test_who_is_cancelled_gives_back_what_it_has(
    things: Target, service: EmbeddingServer
) -> None:
    service.always = slow(PATIENCE)
    async with worker(things, service) as work:
        turn = asyncio.create_task(work.turn())
        while not service.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert state(things)[MODEL]["taken"] == 10
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        left = state(things)[MODEL]
        assert (left["waiting"], left["taken"], left["failing"]) == (10, 0, 0)
        service.always = None
        assert await work.turn()
    assert len(stored(things)) == 10


@pytest.mark.anyio
async def test_a_model_that_is_another_now(things: Target, service: EmbeddingServer) -> None:
    service.dimension = DIMENSION + 1
    async with worker(things, service) as work:
        with pytest.raises(Exception, match=f"has {DIMENSION} numbers"):
            await work.turn()
    assert stored(things) == {}
    assert state(things)[MODEL]["waiting"] == 10


def test_a_server_drains_the_queue(things: Target, service: EmbeddingServer) -> None:
    environment = things.environment(
        HEAD_OFFICE,
        STOREKEEPER_EMBEDDING_URL=service.url,
        STOREKEEPER_EMBEDDING_MODEL=MODEL,
        STOREKEEPER_EMBEDDING_API_KEY=KEY,
        STOREKEEPER_LOG_LEVEL="DEBUG",
    )
    service.fail(status(500), reset)
    with Wire(environment) as wire:
        wire.greet()
        eventually(lambda: len(stored(things)) == 10)
        queue(things, {3: "newer"})
        eventually(lambda: stored(things)[3] == pytest.approx(vector_of("newer")))
        assert wire.end() == 0
        assert KEY not in wire.log_text()
    assert state(things)[MODEL]["waiting"] == 0


def test_a_server_ends_while_the_service_dawdles(things: Target, service: EmbeddingServer) -> None:
    service.always = slow(PATIENCE)
    with Wire(serving(things, service)) as wire:
        wire.greet()
        eventually(lambda: state(things)[MODEL]["taken"] == 10 and service.asked)
        before = time.monotonic()
        assert wire.end() == 0
        assert time.monotonic() - before < PATIENCE / 4
    assert state(things)[MODEL]["taken"] == 0


# search


def test_queries_are_compared_with_the_vectors_of_their_service(
    own_with_model: Target, service: EmbeddingServer
) -> None:
    """By MCP: the service's vectors as long as it answers, then words alone, then its vectors again."""
    own = own_with_model
    environment = dba(own, service, STOREKEEPER_EMBEDDING_QUERY_TIMEOUT="10") | {
        "STOREKEEPER_DATABASE_URL": own.gateway,
        "STOREKEEPER_PRINCIPAL": HEAD_OFFICE,
    }
    content = own.execute(TEXT)[0][1][:1000]
    ((sku,),) = own.execute("SELECT sku FROM retail.products ORDER BY product_id LIMIT 1")

    def search(wire: Wire) -> list[dict[str, Any]]:
        result = wire.call("semantic_search_products", query_description=content, max_rows=5)
        rows: list[dict[str, Any]] = result["structuredContent"]["rows"]
        return rows

    with Wire(environment) as wire:
        wire.greet()
        before = search(wire)
        assert not before[0]["degraded"]
        assert service.texts == [], "nobody asks for a vector that can't be compared"

        searched_by(own, service)
        eventually(lambda: content in service.texts or not search(wire))
        found = search(wire)
        assert (found[0]["sku"], found[0]["similarity"], found[0]["degraded"]) == (sku, 1, False)
        assert found[1:] != before[1:], "another model finds other things alike"
        assert service.texts.count(content) == 2, "for its product, and once for all searches"

        refused = wire.call(
            "semantic_search_products", query_description="hose", query_embedding="[1, 2]"
        )
        assert "no argument" in refused["content"][0]["text"]

        service.always = status(503)
        result = wire.call("semantic_search_products", query_description="garden hose")
        rows = result["structuredContent"]["rows"]
        assert all(row["degraded"] and row["similarity"] is None for row in rows)
        assert "Hose" in rows[0]["product_name"]
        service.always = None
        result = wire.call("semantic_search_products", query_description="garden hoses")
        assert not result["structuredContent"]["rows"][0]["degraded"]
        assert KEY not in wire.log_text()


def test_health_tells_of_a_service_that_is_down(
    own_with_model: Target, service: EmbeddingServer
) -> None:
    own = own_with_model
    searched_by(own, service)
    environment = dba(own, service) | {
        "STOREKEEPER_DATABASE_URL": own.gateway,
        "STOREKEEPER_PRINCIPAL": HEAD_OFFICE,
    }

    def health(wire: Wire) -> dict[str, Any]:
        read = wire.ask("resources/read", {"uri": "storekeeper://health"})
        report: dict[str, Any] = json.loads(read["result"]["contents"][0]["text"])
        return report

    with Wire(environment) as wire:
        wire.greet()
        told = health(wire)
        assert (told["status"], told["embedding"]["ready"]) == ("ok", True), told
        assert told["embedding_service"] == {
            "host": f"127.0.0.1:{service.port}",
            "model": MODEL,
            "circuit": "closed",
            "failure": None,
        }
        service.always = status(503)

        def refused() -> bool:
            wire.call("semantic_search_products", query_description=f"hose {len(service.asked)}")
            return bool(health(wire)["embedding_service"]["circuit"] == "open")

        eventually(refused)
        assert health(wire)["status"] == "degraded"

    for other in ({"STOREKEEPER_EMBEDDING_URL": ""}, {"STOREKEEPER_EMBEDDING_MODEL": "another"}):
        with Wire(environment | other) as wire:
            wire.greet()
            told = health(wire)
            assert (told["status"], told["embedding"]["ready"]) == ("degraded", False), other


def test_health_tells_of_a_service_that_refuses(own: Target, service: EmbeddingServer) -> None:
    searched_by(own, service)
    service.key = "another"
    with Wire(serving(own, service)) as wire:
        wire.greet()
        found = wire.call("semantic_search_products", query_description="hose")
        assert found["structuredContent"]["rows"][0]["degraded"]
        read = wire.ask("resources/read", {"uri": "storekeeper://health"})
        told = json.loads(read["result"]["contents"][0]["text"])
        assert told["status"] == "degraded"
        assert "401" in told["embedding_service"]["failure"]
        assert KEY not in wire.log_text() + json.dumps(told)
        service.key = KEY
        wire.call("semantic_search_products", query_description="garden hose")
        read = wire.ask("resources/read", {"uri": "storekeeper://health"})
        told = json.loads(read["result"]["contents"][0]["text"])
        assert (told["status"], told["embedding_service"]["failure"]) == ("ok", None), told


def test_a_server_that_asks_for_another_dimension(own: Target, service: EmbeddingServer) -> None:
    """Its vectors can't be compared: words count, and nothing fails."""
    searched_by(own, service, embedding_dimension=5)
    with Wire(serving(own, service)) as wire:
        wire.greet()
        found = wire.call("semantic_search_products", query_description="hose")
        assert found["structuredContent"]["rows"][0]["degraded"]
        assert "STOREKEEPER_EMBEDDING_DIMENSION" in wire.log_text()
    run = storekeeper("doctor", "--json", environment=dba(own, service))
    findings = {f["subject"]: f for f in json.loads(run.stdout)["findings"]}
    assert not findings["embedding service"]["ok"]
    assert "STOREKEEPER_EMBEDDING_DIMENSION=5" in findings["embedding service"]["hint"]


def test_the_doctor_asks_the_service(own_with_model: Target, service: EmbeddingServer) -> None:
    def told(**other: str) -> dict[str, Any]:
        run = storekeeper("doctor", "--json", environment=dba(own_with_model, service) | other)
        findings: list[dict[str, Any]] = json.loads(run.stdout)["findings"]
        assert "retail.doctor" not in {f["subject"] for f in findings}, "which fails"
        return next(f for f in findings if f["subject"] == "embedding service")

    well = told()
    assert well["ok"]
    assert f"vectors of {DIMENSION} numbers by {MODEL}" in well["finding"]
    assert "before storekeeper embed" in well["finding"]
    searched_by(own_with_model, service)
    assert told()["finding"].endswith(f"by {MODEL}")
    another = told(STOREKEEPER_EMBEDDING_MODEL="another")
    assert (another["ok"], f"={MODEL}," in another["hint"]) == (False, True)
    none = told(STOREKEEPER_EMBEDDING_URL="")
    assert (none["ok"], f"vectors of {MODEL}" in none["finding"]) == (False, True)
    own_with_model.execute("UPDATE retail.products SET description = 'anew' WHERE product_id = 1")
    own_with_model.execute("UPDATE embedding.queue SET last_error = 'too long'")
    failing = told()
    assert not failing["ok"]
    assert "1 texts have failed: too long" in failing["finding"]
    service.always = status(401)
    ill = told()
    assert not ill["ok"]
    assert "STOREKEEPER_EMBEDDING_API_KEY" in ill["hint"]
