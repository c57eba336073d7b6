"""The connections of one server: lent to calls alive, taken back fit for the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from storekeeper.circuit import Circuit
from storekeeper.connection import Connection, Statement
from storekeeper.errors import ConfigurationError, UnavailableError
from storekeeper.failures import LATER, explain_connection, no_gateway
from storekeeper.settings import Settings

log = logging.getLogger("storekeeper.pool")

CANCEL_PATIENCE = 1  # seconds that a cancelled backend gets to stop
CANCEL_AGAIN = 0.2  # seconds until the next try: a cancel that comes before its query is lost
RECONNECT = 0.3  # seconds of trying to reconnect in the background; who waits asks anew
ASK_AGAIN = 0.3  # seconds of waiting for a connection

LOGIN_FAULTS = Statement("SELECT fault FROM gateway.login_faults() AS fault")


class Pool:
    """Connections of the server's account, and the circuit that knows whether there are any."""

    def __init__(self, conninfo: str, settings: Settings) -> None:
        self._conninfo = settings.session_conninfo(conninfo)
        self._patience = settings.pool_timeout
        self._login_is_fit = False
        self._lent = 0
        self._stopping: set[asyncio.Task[None]] = set()  # what is being cancelled
        self.circuit = Circuit(self._probe, psycopg.Error)
        self._connections = AsyncConnectionPool[Connection](
            self._conninfo,
            connection_class=Connection,
            min_size=min(settings.pool_min_size, settings.pool_max_size),
            max_size=settings.pool_max_size,
            max_lifetime=settings.pool_max_lifetime,
            timeout=settings.pool_timeout,
            reconnect_timeout=RECONNECT,
            kwargs={"circuit": self.circuit, "prepare_after": settings.prepare_after},
            open=False,
        )

    @property
    def lends(self) -> bool:
        """Whether calls have connections now."""
        return self._lent > 0

    async def open(self) -> None:
        # Not waited for: a server starts, and says so, while its database is down.
        await self._connections.open(wait=False)

    async def close(self) -> None:
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=CANCEL_PATIENCE)
        self.circuit.close()
        await self._connections.close(timeout=1)

    async def check(self) -> None:
        """Fails with an MCPError that says why this database can't be served, if it can't."""
        try:
            connection = await self.connect("storekeeper check")
        except psycopg.Error as failure:
            raise explain_connection(failure) from None
        async with connection:
            await self._check_login(connection)

    async def connect(self, name: str) -> Connection:
        """One more connection, which the pool does not know."""
        return await Connection.connect(
            make_conninfo(self._conninfo, application_name=name), circuit=self.circuit
        )

    async def lend(self, *, patient: bool) -> Connection:
        """A connection for a call. While the database can't be reached, only the patient wait."""
        connection = await self._take(patient=patient)
        self._lent += 1
        try:
            if not self._login_is_fit:
                await self._check_login(connection)
        except asyncio.CancelledError:
            self.stop(connection)
            raise
        except BaseException:
            await self.take_back(connection)
            raise
        return connection

    async def take_back(self, connection: Connection, *, fit: bool = True) -> None:
        """After a call; one that is not fit is closed."""
        self._lent -= 1
        await self._give_back(connection, fit=fit)

    def stop(self, connection: Connection) -> None:
        """Stops the backend of a cancelled call, and then takes the connection back. Does not wait."""
        stopping = asyncio.create_task(self._stop(connection))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def ask(self, statement: Statement) -> bytes | None:
        """The first value of what the server's account asks for itself."""
        # Cancelled itself, it would lose the connection.
        return await asyncio.shield(asyncio.create_task(self._first_value(statement)))

    def gauges(self) -> dict[str, float]:
        stats = self._connections.get_stats()
        return {
            "pool.size": stats["pool_size"],
            "pool.idle": stats["pool_available"],
            "pool.waiting": stats["requests_waiting"],
            "circuit.open": int(self.circuit.open),
        }

    async def _probe(self) -> None:
        connection = await self.connect("storekeeper probe")
        await connection.close()

    async def _take(self, *, patient: bool = False) -> Connection:
        deadline = time.monotonic() + self._patience
        while True:
            if not patient and self.circuit.open and not self.gauges()["pool.idle"]:
                await self.circuit.check()
            left = deadline - time.monotonic()
            try:
                # Asked anew each time: the pool gives up reconnecting for those who wait already.
                connection = await self._connections.getconn(max(0.001, min(left, ASK_AGAIN)))
            except (PoolTimeout, PoolClosed) as failure:
                if left < ASK_AGAIN or isinstance(failure, PoolClosed):
                    raise self._no_connection() from None
                continue
            if connection.is_alive:
                return connection
            await self._give_back(connection, fit=False)

    async def _give_back(self, connection: Connection, *, fit: bool = True) -> None:
        if not fit:
            await connection.close()
        # Cancelled itself, it would lose the connection to the pool.
        await asyncio.shield(self._connections.putconn(connection))

    def _no_connection(self) -> UnavailableError:
        if self.lends:
            return UnavailableError(
                "No database connection was free in time.", hint=LATER, retry_after=2
            )
        return UnavailableError(
            "The database can't be reached.",
            hint="Try again when it runs. Whoever runs this server finds the reason in its log.",
            retry_after=5,
        )

    async def _stop(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(CANCEL_PATIENCE):
                while connection.is_unsettled:
                    await connection.cancel_safe(timeout=CANCEL_PATIENCE)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(CANCEL_AGAIN):
                            await connection.settle()
                await connection.clear()
        except (psycopg.Error, TimeoutError):
            log.warning("a cancelled call did not stop; its connection is closed")
            await self.take_back(connection, fit=False)
        else:
            await self.take_back(connection)

    async def _first_value(self, statement: Statement) -> bytes | None:
        connection = await self._take()
        try:
            (result,) = await connection.run((statement,))
            return result.get_value(0, 0) if result.ntuples else None
        finally:
            await self._give_back(connection)

    async def _check_login(self, connection: Connection) -> None:
        try:
            (result,) = await connection.run((LOGIN_FAULTS,))
            found = [result.get_value(n, 0) or b"" for n in range(result.ntuples)]
            faults = [fault.decode() for fault in found]
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise no_gateway(connection.info.dbname) from None
        except psycopg.errors.InsufficientPrivilege:
            faults = ["may not use the gateway"]
        if faults:
            raise ConfigurationError(
                f"The account {connection.info.user} must not serve: it {', '.join(faults)}.",
                hint="Connect as storekeeper_gateway. If it can't log in yet, the DBA runs: "
                "ALTER ROLE storekeeper_gateway PASSWORD '…'",
            )
        self._login_is_fit = True
