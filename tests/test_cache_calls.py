"""Kept answers as clients see them: several processes, one database, with and without a Redis."""

from __future__ import annotations

import os
import random
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
import pytest

from conftest import BELLEVUE, HEAD_OFFICE, SEATTLE, Target
from redis_server import PASSWORD, own_redis
from servers import own_server
from storekeeper import sample
from storekeeper.database import Database
from storekeeper.settings import Settings
from wire import Wire, eventually

ROUNDS = 300
FIXTURE = """
    CREATE SCHEMA fixture AUTHORIZATION storekeeper_owner;
    SET ROLE storekeeper_owner;
    GRANT USAGE ON SCHEMA fixture TO store_managers, head_office;
    CREATE TABLE fixture.counter (n integer NOT NULL);
    INSERT INTO fixture.counter VALUES (0);
    GRANT SELECT, UPDATE ON fixture.counter TO store_managers, head_office;
    CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON fixture.counter
        FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();

    -- Each time that it runs, it says another time.
    CREATE FUNCTION tool.kept_counter(seconds double precision DEFAULT 0)
    RETURNS TABLE (n integer, email text, stores text[], made text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.n, w.email, w.tenants, clock_timestamp()::text
        FROM fixture.counter AS c CROSS JOIN gateway.who() AS w
        WHERE pg_sleep(seconds) IS NOT NULL
    $$;
    COMMENT ON FUNCTION tool.kept_counter IS E'The counter.\\n@cache 5m fixture.counter';
    CREATE FUNCTION tool.set_counter(n integer) RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'UPDATE fixture.counter SET n = set_counter.n';
    COMMENT ON FUNCTION tool.set_counter IS 'Sets the counter.';
    GRANT EXECUTE ON FUNCTION tool.kept_counter, tool.set_counter TO store_managers, head_office;
    RESET ROLE;
    GRANT EXECUTE ON FUNCTION clock_timestamp(), pg_sleep(double precision) TO store_managers, head_office;
"""


@pytest.fixture
def counter(own: Target) -> Target:
    own.execute(FIXTURE)
    return own


@pytest.fixture(params=["memory", "redis"])
def serving(request: pytest.FixtureRequest, counter: Target) -> Iterator[Callable[..., Wire]]:
    """Starts processes that serve a person; they share a Redis, or keep what they know for themselves."""
    with ExitStack() as stack:
        url = "memory://" if request.param == "memory" else stack.enter_context(own_redis()).url

        def serve(principal: str = SEATTLE) -> Wire:
            return stack.enter_context(served(counter, url, principal))

        yield serve


@contextmanager
def served(database: Target, url: str, principal: str = SEATTLE) -> Iterator[Wire]:
    with Wire(database.environment(principal, STOREKEEPER_CACHE_URL=url)) as wire:
        wire.greet()
        yield wire


def read(wire: Wire, **arguments: Any) -> dict[str, Any]:
    answer = wire.call("kept_counter", **arguments)
    assert answer["isError"] is False, answer
    (row,) = answer["structuredContent"]["rows"]
    return dict(row)


def write(wire: Wire, n: int) -> None:
    answer = wire.call("set_counter", n=n)
    assert answer["isError"] is False, answer


def test_an_answer_is_kept_and_counted(counter: Target, serving: Callable[..., Wire]) -> None:
    wire = serving()
    first = read(wire)
    assert [read(wire) for _ in range(5)] == [first] * 5
    # Other arguments are another question.
    assert read(wire, seconds=0.001) != first
    eventually(
        lambda: (
            counter.execute(
                "SELECT count(*) FILTER (WHERE cached), count(*) FILTER (WHERE NOT cached)"
                " FROM gateway.calls WHERE tool = 'kept_counter'"
            )
            == [(5, 2)]
        )
    )


def test_off(counter: Target) -> None:
    with served(counter, "off") as wire:
        assert read(wire) != read(wire)


def test_processes_that_share_a_redis(counter: Target) -> None:
    with own_redis() as redis, served(counter, redis.url) as one, served(counter, redis.url) as two:
        # Not at once where the machine is too busy for a Redis to answer in time.
        eventually(lambda: read(one) == read(two))
        write(two, 1)
        assert read(one)["n"] == 1
        eventually(lambda: read(one) == read(two))


def test_nobody_gets_the_answer_of_another(serving: Callable[..., Wire]) -> None:
    people = [SEATTLE, BELLEVUE, HEAD_OFFICE]
    wires = {person: serving(person) for person in people}
    chance = random.Random(5)
    seen: dict[str, dict[str, Any]] = {}
    for _ in range(60):
        person = chance.choice(people)
        answer = read(wires[person])
        assert answer["email"] == person
        assert answer == seen.setdefault(person, answer)
    assert len(seen) == 3
    assert len({tuple(answer["stores"]) for answer in seen.values()}) == 3


def test_a_person_who_moves_to_another_store(counter: Target, serving: Callable[..., Wire]) -> None:
    wire, other = serving(SEATTLE), serving(BELLEVUE)
    before, there = read(wire), read(other)
    assert before["stores"] != there["stores"]
    counter.execute(
        "UPDATE gateway.principal_tenants SET tenant_id = (SELECT t.tenant_id FROM gateway.tenants AS t"
        " WHERE t.name = %s) WHERE principal_id = (SELECT p.principal_id FROM gateway.principals AS p"
        " WHERE p.email = %s)",
        there["stores"][0],
        SEATTLE,
    )
    assert read(wire)["stores"] == there["stores"]
    counter.execute("UPDATE gateway.principals SET active = false WHERE email = %s", SEATTLE)
    assert wire.call("kept_counter")["isError"] is True


def test_a_store_that_is_new_or_gone(counter: Target, serving: Callable[..., Wire]) -> None:
    """Who has all stores has that one at once, and no longer than it exists."""
    wire = serving(HEAD_OFFICE)
    before = read(wire)["stores"]
    assert read(wire)["stores"] == before
    counter.execute(
        "INSERT INTO gateway.tenants (tenant_id, name) VALUES (gen_random_uuid(), 'A new one')"
    )
    assert read(wire)["stores"] == sorted([*before, "A new one"])
    counter.execute("DELETE FROM gateway.tenants WHERE name = 'A new one'")
    assert read(wire)["stores"] == before


def test_a_write_that_was_acknowledged_is_seen(serving: Callable[..., Wire]) -> None:
    """In every process, by the next read, without a moment's wait."""
    wires = [serving(SEATTLE), serving(BELLEVUE), serving(SEATTLE)]
    chance = random.Random(11)
    kept = 0
    for n in range(1, ROUNDS + 1):
        write(chance.choice(wires), n)
        for wire in chance.sample(wires, 3):
            first, again = read(wire), read(wire)
            assert (first["n"], again["n"]) == (n, n)
            kept += first == again
    assert kept > ROUNDS  # it was a cache


def test_writes_beside_reads(counter: Target, serving: Callable[..., Wire]) -> None:
    """No read is older than the last write that ended before it, while others write on."""
    wires = [serving(SEATTLE), serving(BELLEVUE)]
    done = 0
    over = threading.Event()

    def write_on() -> None:
        nonlocal done
        with psycopg.connect(counter.dba, autocommit=True) as connection:
            for n in range(1, ROUNDS + 1):
                connection.execute("UPDATE fixture.counter SET n = %s", (n,))
                done = n
        over.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    while not over.is_set():
        for wire in wires:
            before = done
            assert read(wire)["n"] >= before
    writer.join()
    assert [read(wire)["n"] for wire in wires] == [ROUNDS] * 2


def test_what_is_not_committed(counter: Target, serving: Callable[..., Wire]) -> None:
    wire = serving()
    before = read(wire)
    with psycopg.connect(counter.dba) as early, psycopg.connect(counter.dba) as late:
        # The one that commits last has the smaller transaction id.
        early.execute("SELECT pg_current_xact_id()")
        late.execute("UPDATE fixture.counter SET n = 1")
        assert read(wire) == before
        late.commit()
        second = read(wire)
        assert second["n"] == 1
        early.execute("UPDATE fixture.counter SET n = 2")
        assert read(wire) == second
        early.commit()
        assert read(wire)["n"] == 2
        late.execute("UPDATE fixture.counter SET n = 3")
        late.rollback()
        assert read(wire)["n"] == 2
        late.execute("TRUNCATE fixture.counter")
        late.commit()
        assert wire.call("kept_counter")["structuredContent"]["rows"] == []


def test_a_function_that_is_another_now(counter: Target, serving: Callable[..., Wire]) -> None:
    wire = serving()
    assert read(wire)["n"] == 0
    counter.execute(
        FIXTURE[FIXTURE.index("CREATE FUNCTION tool.kept") : FIXTURE.index("COMMENT ON")]
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        .replace("c.n,", "c.n + 100,")
    )
    assert read(wire)["n"] == 100
    counter.execute("REVOKE EXECUTE ON FUNCTION tool.kept_counter FROM store_managers")
    refused = wire.ask("tools/call", {"name": "kept_counter", "arguments": {}})
    assert "error" in refused or refused["result"]["isError"] is True


def test_those_who_ask_at_once(serving: Callable[..., Wire]) -> None:
    wire = serving()
    numbers = [
        wire.request("tools/call", {"name": "kept_counter", "arguments": {"seconds": 1}})
        for _ in range(8)
    ]
    answers = [wire.answer(number)["result"]["structuredContent"] for number in numbers]
    assert {answer["row_count"] for answer in answers} == {1}
    assert len({answer["rows"][0]["made"] for answer in answers}) == 1


def test_redis_killed_in_the_middle(counter: Target) -> None:
    with own_redis() as redis, served(counter, redis.url) as one, served(counter, redis.url) as two:
        n = 0

        def both_are_right() -> None:
            nonlocal n
            for writer in (one, two):
                n += 1
                write(writer, n)
                for wire in (one, two, one):
                    assert read(wire)["n"] == n

        both_are_right()
        redis.kill()
        for _ in range(5):
            both_are_right()
        redis.start()
        for _ in range(5):
            both_are_right()
        told = [line for line in one.log() if line["logger"] == "storekeeper.cache"]
        assert [line["level"] for line in told][:1] == ["WARNING"]
        assert len(told) <= 2


def test_answers_that_somebody_put_into_redis(counter: Target) -> None:
    """Whoever can write to Redis makes things slower; nobody is told anything that is not so."""
    with (
        own_redis() as redis,
        served(counter, redis.url) as one,
        served(counter, redis.url, BELLEVUE) as two,
    ):
        mine, yours = read(one), read(two)
        eventually(lambda: read(one) == read(one) and read(two) == read(two))
        with redis.client as client:
            names = [name for name in redis.names() if ":entry:" in name]
            assert len(names) == 2
            values = [client.get(name) for name in names]
            for name, other in zip(names, reversed(values), strict=True):
                assert other
                client.set(name, other)
        assert read(one)["email"] == mine["email"]
        assert read(two)["email"] == yours["email"]
        for garbage in (b"", b"x" * 100, b'{"rows":[]}'):
            with redis.client as client:
                for name in redis.names():
                    client.set(name, garbage)
            assert read(one)["email"] == mine["email"]


def test_servers_of_two_databases(counter: Target, template: Target) -> None:
    """With one key and one Redis, in which nothing of one is an answer of the other."""
    from conftest import _copy

    with own_redis() as redis, _copy(template) as another:
        another.execute(FIXTURE)
        another.execute("UPDATE fixture.counter SET n = 7")
        with served(counter, redis.url) as one, served(another, redis.url) as two:
            for _ in range(3):
                assert (read(one)["n"], read(two)["n"]) == (0, 7)


def test_a_wrong_password(counter: Target) -> None:
    with own_redis() as redis:
        url = redis.url.replace(PASSWORD, "wrong-secret")
        with served(counter, url) as wire:
            write(wire, 1)
            assert [read(wire)["n"] for _ in range(3)] == [1] * 3
            assert "wrong-secret" not in wire.log_text()
            eventually(lambda: "Redis does not answer" in wire.log_text())


def test_a_snapshot_from_before_a_crash(request: pytest.FixtureRequest) -> None:
    """Ids that were given out and not written down are given out again: the snapshot calls them past."""
    with own_server(request.config.getoption("--postgres")) as server:
        key = secrets.token_hex(32)
        settings = Settings.read(assertion_key=key)
        with psycopg.connect(server.admin, autocommit=True) as connection:
            connection.execute("CREATE DATABASE crashing")
        database = Target(server, "crashing", key, "")
        sample.prepare(Database(server=database.dba, dba=database.dba), settings, bare=True)
        database.execute("CREATE SCHEMA fixture CREATE TABLE counter (n integer)")
        database.execute(
            "CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON fixture.counter"
            " FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change()"
        )
        with psycopg.connect(database.dba, autocommit=True) as connection:
            for _ in range(50):
                with connection.transaction(force_rollback=True):
                    connection.execute("SELECT pg_current_xact_id()")
            (snapshot,) = connection.execute("SELECT gateway.snapshot()").fetchone() or ("",)
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            with suppress(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(20)")  # until the server ends all connections

        def recovered() -> bool:
            with suppress(psycopg.OperationalError):
                return bool(database.execute("SELECT true"))
            return False

        eventually(recovered)
        database.execute("INSERT INTO fixture.counter VALUES (1)")
        with psycopg.connect(database.dba, autocommit=True) as connection:
            for _ in range(60):
                with connection.transaction(force_rollback=True):
                    connection.execute("SELECT pg_current_xact_id()")
        unchanged = "SELECT gateway.unchanged_since(%s, ARRAY['fixture.counter'])"
        assert database.execute(unchanged, snapshot) == [(False,)]
        (now,) = database.execute("SELECT gateway.snapshot()")
        assert database.execute(unchanged, *now) == [(True,)]
