"""Several statements in one round trip: their errors, their endings, what is prepared, and how much fits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from conftest import SEATTLE, Target
from storekeeper import connection as module
from storekeeper.connection import Connection, Statement
from storekeeper.errors import MCPError
from storekeeper.gateway import Gateway
from storekeeper.request import Request
from wire import PATIENCE

pytestmark = pytest.mark.anyio

BEGIN, ROLLBACK = Statement("BEGIN"), Statement("ROLLBACK")
ECHO = Statement("SELECT $1::text", ("x",), recurs=True)


class Told:
    """A circuit that only counts."""

    def __init__(self) -> None:
        self.ups = self.downs = 0

    def succeeded(self) -> None:
        self.ups += 1

    def failed(self) -> None:
        self.downs += 1


async def connect(database: Target, prepare_after: int | None = 0, **more: Any) -> Connection:
    circuit: Any = Told()
    return await Connection.connect(
        database.dba, circuit=circuit, prepare_after=prepare_after, **more
    )


@pytest.fixture
async def connection(shared: Target) -> AsyncIterator[Connection]:
    made = await connect(shared)
    yield made
    await made.close()


def values(results: list[Any]) -> list[bytes | None]:
    return [result.get_value(0, 0) for result in results if result.ntuples]


async def prepared(connection: Connection) -> list[str]:
    rows = await (await connection.execute("SELECT name FROM pg_prepared_statements")).fetchall()
    return [name for (name,) in rows]


async def test_results_come_in_order(connection: Connection) -> None:
    wanted = [Statement("SELECT $1::text", (str(n),), recurs=n % 2 == 0) for n in range(200)]
    for _ in range(3):
        assert values(await connection.run(wanted)) == [b"%d" % n for n in range(200)]


@pytest.mark.parametrize("recurs", [False, True])
@pytest.mark.parametrize("where", [0, 1, 2])
async def test_an_error_in_the_middle(connection: Connection, where: int, recurs: bool) -> None:
    wrong = Statement("SELECT 1 / $1::integer", ("0",), recurs)
    statements = [BEGIN, ECHO, ECHO]
    statements.insert(where + 1, wrong)
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.run(statements, [ROLLBACK])
        assert connection.pgconn.transaction_status == TransactionStatus.IDLE
        assert values(await connection.run([ECHO])) == [b"x"]


async def test_the_ending_runs_all_the_same(connection: Connection) -> None:
    lock = Statement("SELECT pg_advisory_lock(7)")
    unlock = Statement("SELECT pg_advisory_unlock_all()")
    held = Statement(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )
    with pytest.raises(psycopg.errors.UndefinedTable):
        await connection.run(
            [BEGIN, lock, Statement("SELECT nowhere FROM nothing")], [ROLLBACK, unlock]
        )
    assert values(await connection.run([held])) == [b"0"]
    with pytest.raises(psycopg.errors.UndefinedTable):
        await connection.run([BEGIN, lock, Statement("TABLE nothing")], [ROLLBACK])
    assert values(await connection.run([held])) == [b"1"]


async def test_an_ending_that_fails_closes_the_connection(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        await connection.run([BEGIN, Statement("TABLE nothing")], [Statement("TABLE nothing_more")])
    assert connection.closed


async def test_without_an_ending_the_transaction_stays_for_who_began_it(
    connection: Connection,
) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        await connection.run([BEGIN, Statement("TABLE nothing")])
    assert connection.pgconn.transaction_status == TransactionStatus.INERROR
    await connection.run([ROLLBACK])
    assert values(await connection.run([ECHO])) == [b"x"]


async def test_what_can_not_be_prepared_is_not_taken_for_prepared(connection: Connection) -> None:
    wrong = Statement("SELEC $1", ("x",), recurs=True)
    for _ in range(3):
        with pytest.raises(psycopg.errors.SyntaxError):
            await connection.run([BEGIN, wrong], [ROLLBACK])
    assert wrong.text not in connection._names
    assert values(await connection.run([ECHO, ECHO])) == [b"x", b"x"]


async def test_a_statement_is_prepared_when_it_recurs(shared: Target) -> None:
    connection = await connect(shared, prepare_after=2)
    for times in range(5):
        await connection.run([BEGIN, ECHO, Statement("SELECT 1")], [ROLLBACK])
        assert len(await prepared(connection)) == (times >= 2)
    await connection.close()


async def test_nothing_is_prepared_where_that_is_not_wanted(shared: Target) -> None:
    connection = await connect(shared, prepare_after=None)
    for _ in range(10):
        await connection.run([ECHO])
    assert await prepared(connection) == []
    await connection.close()


async def test_the_names_of_what_is_prepared_can_not_be_guessed(shared: Target) -> None:
    names = set()
    for _ in range(4):
        connection = await connect(shared)
        await connection.run([ECHO, Statement("SELECT 2", recurs=True)])
        names.update(await prepared(connection))
        await connection.close()
    assert len(names) == 8
    assert all(re.fullmatch("sk_[0-9a-f]{16}", name) for name in names)


async def test_what_is_prepared_is_bounded(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PREPARED", 5)
    monkeypatch.setattr(module, "MOST_COUNTED", 20)
    for n in range(40):
        statement = Statement(f"SELECT {n}, $1::text", ("x",), recurs=True)
        assert values(await connection.run([statement])) == [b"%d" % n]
    assert len(await prepared(connection)) == 5
    # What is counted so as to know what recurs is bounded, too.
    assert len(connection._sent) <= 20


async def test_after_deallocate_all_the_next_try_works(connection: Connection) -> None:
    await connection.run([ECHO])
    await connection.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        await connection.run([BEGIN, ECHO], [ROLLBACK])
    assert values(await connection.run([BEGIN, ECHO], [ROLLBACK])) == [b"x"]
    assert len(await prepared(connection)) == 1


async def test_a_stranger_s_statement_that_is_not_there_costs_nothing_that_is_prepared(
    connection: Connection,
) -> None:
    await connection.run([ECHO])
    before = await prepared(connection)
    for _ in range(3):
        with pytest.raises(psycopg.errors.InvalidSqlStatementName):
            await connection.run([BEGIN, ECHO, Statement("EXECUTE nothing")], [ROLLBACK])
    assert await prepared(connection) == before


async def test_arguments_of_ten_megabytes(connection: Connection) -> None:
    """Both sides write at once here: who only wrote, or only read, would wait for ever."""
    large = "x" * 10_000_000
    async with asyncio.timeout(PATIENCE):
        results = await connection.run([Statement("SELECT $1::text", (large,))] * 3)
    assert [len(value or b"") for value in values(results)] == [10_000_000] * 3


async def test_results_larger_than_the_socket_takes(connection: Connection) -> None:
    many = Statement("SELECT repeat('y', 1000) FROM generate_series(1, 20000)", recurs=True)
    async with asyncio.timeout(PATIENCE):
        results = await connection.run([BEGIN, many, many, many], [ROLLBACK])
    assert [result.ntuples for result in results] == [0, 20000, 20000, 20000, 0]


async def test_many_notices_meanwhile(connection: Connection) -> None:
    heard: list[str] = []
    connection.add_notice_handler(lambda said: heard.append(said.message_primary or ""))
    noisy = "DO $do$ BEGIN FOR i IN 1 .. 3000 LOOP RAISE NOTICE '%', repeat('n', 1000); END LOOP; END $do$"
    async with asyncio.timeout(PATIENCE):
        results = await connection.run([Statement(noisy), ECHO])
    assert values(results) == [b"x"]
    assert len(heard) == 3000


async def test_runs_of_two_tasks_do_not_mix(connection: Connection) -> None:
    async def ask(n: int) -> None:
        statement = Statement("SELECT $1::text FROM pg_sleep(0.001)", (str(n),), recurs=True)
        assert values(await connection.run([statement, ECHO])) == [b"%d" % n, b"x"]

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(ask(n) for n in range(50)))


@pytest.mark.parametrize("text", ["half \ud800", "\udfff"])
async def test_what_can_not_be_sent_fails_and_sends_nothing(
    connection: Connection, text: str
) -> None:
    with pytest.raises(UnicodeEncodeError):
        await connection.run([ECHO, Statement("SELECT $1::text", (text,))])
    assert connection.closed or values(await connection.run([ECHO])) == [b"x"]


async def test_a_backend_that_was_ended_is_known_to_be_dead(
    connection: Connection, shared: Target
) -> None:
    assert connection.is_alive
    await connection.run([ECHO])
    assert connection.is_alive
    shared.execute("SELECT pg_terminate_backend(%s, 5000)", connection.info.backend_pid)
    assert not connection.is_alive
    with pytest.raises(psycopg.OperationalError):
        await connection.run([ECHO])


async def test_a_backend_that_is_ended_meanwhile_says_so(
    connection: Connection, shared: Target
) -> None:
    running = asyncio.create_task(
        connection.run([BEGIN, Statement("SELECT pg_sleep(60)"), ECHO], [ROLLBACK])
    )
    await asyncio.sleep(0.1)
    await asyncio.to_thread(
        shared.execute, "SELECT pg_terminate_backend(%s, 5000)", connection.info.backend_pid
    )
    with pytest.raises(psycopg.errors.AdminShutdown):
        await asyncio.wait_for(running, PATIENCE)


async def test_a_commit_that_was_acknowledged_stays_so_when_the_server_ends_right_after() -> None:
    """A server of a few bytes, that ends in the one moment which no real one can be made to choose."""

    def say(kind: bytes, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        ready = say(b"R", bytes(4)) + say(b"S", b"client_encoding\0UTF8\0") + say(b"Z", b"I")
        writer.write(ready)
        await reader.readuntil(b"S\0\0\0\4")
        writer.write(say(b"1") + say(b"2") + say(b"n") + say(b"C", b"COMMIT\0"))
        writer.write(say(b"E", b"SFATAL\0C57P01\0Mterminating connection\0\0"))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told: Any = Told()
        made = await Connection.connect(
            f"host=127.0.0.1 port={port} sslmode=disable gssencmode=disable", circuit=told
        )
        (result,) = await asyncio.wait_for(made.run([Statement("COMMIT")]), PATIENCE)
        assert result.command_status == b"COMMIT"
        await made.close()


async def test_a_closed_connection_fails_at_once(shared: Target) -> None:
    connection = await connect(shared)
    await connection.close()
    assert not connection.is_alive
    with pytest.raises(psycopg.OperationalError):
        await connection.run([ECHO])


async def test_the_circuit_hears_of_each_connect(shared: Target) -> None:
    circuit: Any = Told()
    await (await Connection.connect(shared.dba, circuit=circuit)).close()
    with pytest.raises(psycopg.OperationalError):
        await Connection.connect("host=/nowhere/at/all", circuit=circuit)
    assert (circuit.ups, circuit.downs) == (1, 1)


# the pool of connections under the gateway

DEALLOCATING = """
    CREATE FUNCTION tool.take_away() RETURNS void LANGUAGE plpgsql VOLATILE
        AS 'BEGIN EXECUTE ''DEALLOCATE ALL''; END';
    CREATE FUNCTION tool.take_away_slyly() RETURNS integer LANGUAGE plpgsql STABLE
        AS 'BEGIN PERFORM tool.take_away(); RETURN 1; END';
    GRANT EXECUTE ON FUNCTION tool.take_away, tool.take_away_slyly TO store_managers
"""


async def test_a_read_after_a_function_has_taken_away_what_was_prepared(own: Target) -> None:
    """Whatever the function, the next call is answered, with one more try at most."""
    own.execute(DEALLOCATING)
    settings = own.settings(SEATTLE, pool_max_size=1, pool_min_size=1, prepare_threshold=0)
    who = Request("SELECT to_json(r)::text FROM tool.who_am_i() AS r")
    async with Gateway(own.gateway, settings, settings.read_assertion_key()) as gateway:
        for _ in range(3):
            assert (await gateway.run(who)).rows
            for tool, writes in (("take_away", True), ("take_away_slyly", False)):
                request = Request(f"SELECT tool.{tool}()::text", writes=writes)
                await gateway.run(request)
                answer = await gateway.run(who)
                assert answer.rows
                assert answer.retries <= 1, tool


async def test_calls_cancelled_at_any_moment_lose_no_connection(typed: Target) -> None:
    settings = typed.settings(
        SEATTLE, pool_max_size=3, pool_min_size=3, max_calls_per_person=3, max_waiting=1000
    )
    async with Gateway(typed.gateway, settings, settings.read_assertion_key()) as gateway:
        await gateway.pool._connections.wait(PATIENCE)
        random = Random(3)
        sleepy = "SELECT tool.fixture_sleep(0.003)"
        for _ in range(8):
            tasks = [
                asyncio.create_task(
                    gateway.run(
                        Request(
                            sleepy if random.random() < 0.5 else "SELECT 1::text",
                            writes=random.random() < 0.3,
                        )
                    )
                )
                for _ in range(40)
            ]
            for _ in range(60):
                await asyncio.sleep(random.choice([0, 0, 0.0005, 0.002]))
                random.choice(tasks).cancel()
            outcomes = await asyncio.wait_for(
                asyncio.gather(*tasks, return_exceptions=True), PATIENCE
            )
            for outcome in outcomes:
                assert not isinstance(outcome, Exception) or isinstance(outcome, MCPError), outcome
        async with asyncio.timeout(PATIENCE):
            while gateway.pool._stopping or gateway.pool.gauges()["pool.idle"] < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert gateway.admission.running == gateway.admission.waiting == gateway.pool._lent == 0
        assert gateway.pool.gauges()["pool.size"] == 3
