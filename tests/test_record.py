"""The record of calls and the noted changes, as far as only several sessions show it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from conftest import Target
from storekeeper import migrations
from test_migrations import IDS, SQL
from wire import eventually

TABLES = ["retail.noted", "retail.other"]
MAKE_NOTED = """
CREATE TABLE retail.noted (id integer);
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON retail.noted
    FOR EACH STATEMENT EXECUTE FUNCTION gateway.note_change();
"""
SEALED = "SELECT coalesce(sum(calls), 0)::integer FROM gateway.seals"
LOW = "SELECT entry FROM gateway.watermarks WHERE what = 'calls'"
PROBLEMS = "SELECT problem FROM gateway.verify_calls()"
ROWS_READ = """
SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname ~ '^calls_')
     + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname ~ '^calls_')
"""

Connect = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def connect(own: Target) -> Iterator[Connect]:
    """Opens sessions on the test's own database, as the server's login where nothing else is said."""
    with ExitStack() as stack:

        def open_one(conninfo: str | None = None) -> psycopg.Connection[Any]:
            connection = psycopg.connect(conninfo or own.gateway, autocommit=True)
            return stack.enter_context(closing(connection))

        yield open_one


def call(number: int, **more: Any) -> dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "tool": "test",
        "outcome": "ok",
        "duration_ms": 1,
        "request_id": f"r{number}",
        **more,
    }


def record(connection: psycopg.Connection[Any], *calls: dict[str, Any]) -> None:
    connection.execute("SELECT gateway.record_calls(%s)", (Jsonb(calls),))


def seal(connection: psycopg.Connection[Any]) -> int:
    return sum(n for (n,) in connection.execute("SELECT calls FROM gateway.seal_calls()"))


# Seals


def test_a_call_that_commits_later_is_sealed_later(own: Target, connect: Connect) -> None:
    """Its number is smaller than those that are sealed already; nobody waits for it."""
    slow, quick, sealer = connect(), connect(), connect()
    slow.autocommit = False
    record(slow, call(1))
    record(quick, call(2), call(3))
    assert seal(sealer) == 2
    for _ in range(3):
        record(quick, call(4))
        assert seal(sealer) == 1
    assert own.execute(LOW) == [(1,)], "the watermark stays below a number that may still come"
    slow.commit()
    assert seal(sealer) == 1
    assert seal(sealer) == 0
    assert own.execute(SEALED) == [(6,)]
    assert own.execute(LOW)[0][0] > 1
    assert own.execute("UPDATE gateway.calls SET at = at - interval '2 h' RETURNING 1")
    assert len(own.execute(PROBLEMS)) == 6, "each is under a seal, and altered now"


def test_a_call_that_is_rolled_back_is_not_waited_for(own: Target, connect: Connect) -> None:
    failing, sealer = connect(), connect()
    failing.autocommit = False
    record(failing, call(1))
    failing.rollback()
    record(sealer, call(2))
    assert seal(sealer) == 1
    assert seal(sealer) == 0
    assert own.execute(LOW) == [(3,)]
    assert own.execute(PROBLEMS) == []


def test_sealing_has_no_one_wait(own: Target, connect: Connect) -> None:
    """While one session seals, another that wants to seal gives way, and calls are recorded."""
    one, other, writer = connect(), connect(), connect()
    writer.execute("SET lock_timeout = '1s'")
    record(one, call(1))
    with one.transaction():
        assert seal(one) == 1
        record(writer, call(2))
        assert seal(other) == 0
        assert own.execute("SELECT count(*) FROM gateway.calls") == [(2,)]
    assert seal(other) == 1
    assert own.execute("SELECT array_agg(seal_id ORDER BY seal_id) FROM gateway.seals") == [
        ([1, 2],)
    ]
    assert own.execute(PROBLEMS) == []


def test_sealing_a_transaction_that_writes(own: Target, connect: Connect) -> None:
    """What a transaction seals that has its id already is sealed, but moves no watermark."""
    one, late = connect(), connect()
    late.autocommit = False
    record(late, call(1))
    with one.transaction():
        record(one, call(2))
        assert seal(one) == 1
    late.commit()
    assert seal(one) == 1
    assert own.execute(SEALED) == [(2,)]


def test_each_call_of_many_writers_gets_one_seal(own: Target, connect: Connect) -> None:
    writers, batches = 4, 60
    done = threading.Event()
    failures: list[Exception] = []
    sessions = [connect() for _ in range(writers)]
    sealers = [connect(), connect()]

    def guarded(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as failure:  # noqa: BLE001 - the test tells of it
                failures.append(failure)

        return run

    def write(connection: psycopg.Connection[Any], first: int) -> None:
        for n in range(batches):
            with connection.transaction(force_rollback=n % 10 == 9):
                record(connection, call(first + n), call(first + n))
                if n % 7 == 0:
                    time.sleep(0.005)

    def seal_on(connection: psycopg.Connection[Any]) -> None:
        while not done.is_set():
            seal(connection)

    sealing = [threading.Thread(target=guarded(lambda c=c: seal_on(c))) for c in sealers]  # type: ignore[misc]
    writing = [
        threading.Thread(target=guarded(lambda c=c, i=i: write(c, 1000 * i)))  # type: ignore[misc]
        for i, c in enumerate(sessions)
    ]
    for thread in (*sealing, *writing):
        thread.start()
    for thread in writing:
        thread.join(60)
    done.set()
    for thread in sealing:
        thread.join(60)
    assert failures == []
    while seal(sealers[0]):
        pass
    expected = writers * 2 * (batches - batches // 10)
    assert own.execute("SELECT count(*)::integer FROM gateway.calls") == [(expected,)]
    assert own.execute(SEALED) == [(expected,)]
    assert own.execute(
        "SELECT count(*) FROM gateway.calls AS c"
        " WHERE (SELECT count(*) FROM gateway.seals AS s WHERE c.entry <@ s.entries) <> 1"
    ) == [(0,)]
    assert own.execute(PROBLEMS) == []

    def settled() -> bool:
        """The other sealer may have kept the watermark back; the next calls take it along."""
        record(sessions[0], call(9999))
        assert [seal(sealers[0]) for _ in range(2)] == [1, 0]
        return own.execute(LOW) == own.execute("SELECT max(entry) + 1 FROM gateway.calls")

    eventually(settled)


def test_looking_for_unsealed_calls_reads_no_sealed_ones(own: Target, connect: Connect) -> None:
    """However long the record is."""
    session = connect(own.dba)

    def rows_read() -> int:
        session.execute("SELECT pg_stat_force_next_flush()")
        row = session.execute(ROWS_READ).fetchone()
        assert row is not None
        return int(row[0])

    for first in range(0, 4000, 1000):
        record(session, *(call(first + n) for n in range(1000)))
        seal(session)
    seal(session)
    session.execute("VACUUM ANALYZE gateway.calls")
    before = rows_read()
    assert before >= 4000
    record(session, call(5000))
    assert seal(session) == 1
    assert rows_read() - before < 100


# Room


def test_a_reader_of_the_record_delays_nobody(own: Target, connect: Connect) -> None:
    """A month that is dropped needs a lock that a reader holds: it is left for the next time."""
    session, reader = connect(), connect(own.dba)
    own.execute(
        "CREATE TABLE gateway.calls_2020_01 PARTITION OF gateway.calls"
        " FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00');"
        "ALTER TABLE gateway.calls_2020_01 OWNER TO storekeeper_definer"
    )
    there = "SELECT to_regclass('gateway.calls_2020_01') IS NOT NULL"
    record(session, call(1, at="2020-01-15T00:00:00Z"))
    assert seal(session) == 1
    with reader.transaction():
        reader.execute("SELECT count(*) FROM gateway.calls")
        session.execute("SELECT gateway.maintain()")
        assert own.execute(there) == [(True,)]
        record(session, call(2))
    session.execute("SELECT gateway.maintain()")
    assert own.execute(there) == [(False,)]
    assert own.execute("SELECT pruned FROM gateway.seals") == [(True,)]
    assert own.execute(PROBLEMS) == []


def test_room_is_made_by_one_at_a_time(connect: Connect) -> None:
    one, other = connect(), connect()
    other.execute("SET statement_timeout = '5s'")
    with one.transaction():
        one.execute("SELECT gateway.maintain()")
        other.execute("SELECT gateway.maintain()")


# Changes


@pytest.fixture
def holds(own: Target, connect: Connect) -> Callable[[str], bool]:
    own.execute(MAKE_NOTED)
    session = connect()

    def ask(snapshot: str) -> bool:
        row = session.execute(
            "SELECT gateway.unchanged_since(%s, %s)", (snapshot, TABLES)
        ).fetchone()
        return bool(row and row[0])

    return ask


@pytest.fixture
def snapshot(connect: Connect) -> Callable[[], str]:
    session = connect()

    def take() -> str:
        row = session.execute("SELECT gateway.snapshot()").fetchone()
        assert row is not None
        return str(row[0])

    return take


def test_a_change_counts_from_its_commit_on(
    own: Target, connect: Connect, holds: Callable[[str], bool], snapshot: Callable[[], str]
) -> None:
    writer = connect(own.dba)
    writer.execute("INSERT INTO retail.noted VALUES (1)")
    before = snapshot()
    assert holds(before), "what was committed before is in it"
    with writer.transaction():
        writer.execute("INSERT INTO retail.noted VALUES (2)")
        during = snapshot()
        assert holds(before), "not committed, not changed"
        assert holds(during)
    assert not holds(before)
    assert not holds(during), "it ran when the snapshot was taken"
    assert holds(snapshot())


def test_a_change_that_commits_after_one_that_began_later(
    own: Target, connect: Connect, holds: Callable[[str], bool], snapshot: Callable[[], str]
) -> None:
    early, late = connect(own.dba), connect(own.dba)
    early.autocommit = False
    early.execute("INSERT INTO retail.noted VALUES (1)")
    late.execute("INSERT INTO retail.noted VALUES (2)")
    between = snapshot()
    assert holds(between)
    early.commit()
    assert not holds(between), "its number is smaller than that of one that was seen"
    assert holds(snapshot())


def test_what_is_rolled_back_changes_nothing(
    own: Target, connect: Connect, holds: Callable[[str], bool], snapshot: Callable[[], str]
) -> None:
    writer = connect(own.dba)
    before = snapshot()
    with writer.transaction(force_rollback=True):
        writer.execute("INSERT INTO retail.noted VALUES (1)")
    with writer.transaction(), writer.transaction(force_rollback=True):
        writer.execute("INSERT INTO retail.noted VALUES (1)")
    assert holds(before)
    with writer.transaction(), writer.transaction():
        writer.execute("INSERT INTO retail.noted VALUES (1)")
    assert not holds(before), "a savepoint is its transaction's"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE retail.noted SET id = 2",
        "DELETE FROM retail.noted",
        "TRUNCATE retail.noted",
        "UPDATE gateway.principals SET display_name = 'Another' WHERE email = 'seattle@zava.example'",
        "DELETE FROM gateway.principal_tenants",
        "UPDATE retail.stores SET manager_id = NULL",
        "CREATE OR REPLACE FUNCTION retail.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER POLICY tenant_guard ON retail.orders USING (true)",
        "REVOKE EXECUTE ON FUNCTION tool.who_am_i FROM head_office",
        "DROP TABLE retail.noted",
        "ALTER TABLE retail.noted DISABLE TRIGGER ALL",
    ],
)
def test_what_changes_answers(
    statement: str, own: Target, holds: Callable[[str], bool], snapshot: Callable[[], str]
) -> None:
    before = snapshot()
    assert holds(before)
    own.execute(statement)
    assert not holds(before)
    assert holds(snapshot())


def test_writers_don_t_wait_for_one_another(own: Target, connect: Connect) -> None:
    own.execute(MAKE_NOTED)
    one, other = connect(own.dba), connect(own.dba)
    other.execute("SET lock_timeout = '1s'")
    with one.transaction():
        one.execute("INSERT INTO retail.noted VALUES (1)")
        with other.transaction():
            other.execute("INSERT INTO retail.noted VALUES (2)")


def test_what_is_forgotten_counts_as_changed(
    own: Target, connect: Connect, holds: Callable[[str], bool], snapshot: Callable[[], str]
) -> None:
    before = snapshot()
    own.execute("INSERT INTO retail.noted VALUES (1)")
    own.execute("UPDATE gateway.changes SET at = at - interval '3 hours'")
    after = snapshot()
    assert not holds(before)
    connect().execute("SELECT gateway.maintain()")
    assert own.execute("SELECT 1 FROM gateway.changes WHERE table_name = 'retail.noted'") == []
    assert not holds(before)
    assert holds(after)


def test_changes_are_announced(own: Target, connect: Connect) -> None:
    own.execute(MAKE_NOTED)
    listener = connect()
    listener.execute("LISTEN storekeeper_changes")
    own.execute("INSERT INTO retail.noted VALUES (1); UPDATE retail.noted SET id = 2")
    assert [n.payload for n in listener.notifies(timeout=10, stop_after=1)] == ["retail.noted"]


# Migrating


def test_calls_from_before_are_kept(own: Target, connect: Connect) -> None:
    session = connect()
    record(session, call(1, at="2024-05-06T07:08:09Z", arguments={"a": 1}), call(2, cached=True))
    expected = "SELECT at, tool, outcome, duration_ms, request_id FROM gateway.calls ORDER BY at"
    before = own.execute(expected)
    session.close()
    own.execute("SELECT gateway.harden('none')")
    migrations.rollback(own.dba, SQL, "0010_record_of_calls")
    assert own.execute(expected) == before
    migrations.migrate(own.dba, SQL)
    assert own.execute(expected) == before
    assert own.execute(
        "SELECT array_agg(entry ORDER BY at), bool_or(arguments IS NOT NULL) FROM gateway.calls"
    ) == [([1, 2], False)]
    assert own.execute(
        "SELECT tableoid::regclass::text FROM gateway.calls WHERE request_id = 'r1'"
    ) == [("gateway.calls_2024_05",)]
    assert seal(connect()) == 2
    assert own.execute(PROBLEMS) == []


def test_health_is_that_of_this_database(connect: Connect) -> None:
    session = connect()
    row = session.execute("SELECT gateway.health()::text").fetchone()
    assert row is not None
    health = json.loads(row[0])
    assert health["migrations"] == {"applied": len(IDS), "newest": max(IDS)}
    assert health["database"]["in_recovery"] is False
