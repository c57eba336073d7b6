"""What the server asks of the database for itself, with its own account and no person's rights."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg

from storekeeper.connection import Statement
from storekeeper.delays import delays
from storekeeper.errors import MCPError
from storekeeper.failures import is_lost
from storekeeper.pool import Pool

log = logging.getLogger("storekeeper.account")

FIRST_RETRY, LONGEST_RETRY = 0.05, 5  # seconds

UNCHANGED = "SELECT gateway.unchanged_since($1, ARRAY(SELECT json_array_elements_text($2)))"
RECORD = "SELECT gateway.record_calls($1::jsonb)"
MAINTAIN = "SELECT gateway.maintain()"
SEAL = "SELECT seal_id || ' ' || digest FROM gateway.seal_calls()"
APPLIED = "SELECT array_to_json(gateway.applied_migrations())"
HEALTH = (
    "SELECT gateway.health()::jsonb || jsonb_build_object('applied', gateway.applied_migrations())"
)
CATALOG_CHANNEL = "storekeeper_catalog"
CHANGES_CHANNEL = "storekeeper_changes"


def recording(calls: Sequence[dict[str, Any]]) -> Statement:
    """Writes calls into the record."""
    return Statement(RECORD, (json.dumps(calls),), recurs=True)


class Account:
    """The server's own account in the database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def is_unchanged(self, snapshot: str, tables: Sequence[str]) -> bool:
        """Whether a read that saw this snapshot of these tables would see the same now."""
        names = json.dumps(list(tables))
        try:
            return (
                await self._pool.ask(Statement(UNCHANGED, (snapshot, names), recurs=True)) == b"t"
            )
        except (psycopg.Error, MCPError):
            return False

    async def record(self, calls: list[dict[str, Any]]) -> bool:
        """Hands calls to the database's record. False: it can't take them now, but may later."""
        try:
            await self._pool.ask(recording(calls))
        except (psycopg.Error, MCPError) as failure:
            later = isinstance(failure, MCPError) or is_lost(failure)
            if len(calls) > 1 and not later:
                # One that can't be written takes none of the others with it.
                half = len(calls) // 2
                return await self.record(calls[:half]) and await self.record(calls[half:])
            log.log(
                logging.WARNING if later else logging.ERROR,
                "%d calls not recorded: %s",
                len(calls),
                type(failure).__name__,
            )
            return not later
        return True

    async def maintain(self) -> None:
        """Has the database keep its record in order."""
        try:
            await self._pool.ask(Statement(MAINTAIN))
            if seal := await self._pool.ask(Statement(SEAL)):
                log.info("record sealed", extra={"seal": seal.decode()})
        except (psycopg.Error, MCPError) as failure:
            log.warning("record not maintained: %s", type(failure).__name__)

    async def health(self) -> dict[str, Any]:
        """What the database says of itself, and the migrations that it has."""
        return dict(json.loads(await self._pool.ask(Statement(HEALTH)) or b"{}"))

    async def applied_migrations(self) -> list[str]:
        return list(json.loads(await self._pool.ask(Statement(APPLIED)) or b"[]"))

    async def follow(
        self, start: Callable[[], Awaitable[None]], hear: Callable[[str, str], Awaitable[None]]
    ) -> None:
        """Calls `hear` with the channel and the payload of each notice, and `start` whenever notices may
        have been missed. Never ends."""
        waits = delays(FIRST_RETRY, LONGEST_RETRY)
        while True:
            try:
                async with await self._pool.connect("storekeeper notices") as connection:
                    await connection.execute(f"LISTEN {CATALOG_CHANNEL}")
                    await connection.execute(f"LISTEN {CHANGES_CHANNEL}")
                    await start()
                    waits = delays(FIRST_RETRY, LONGEST_RETRY)
                    async for notice in connection.notifies():
                        await hear(notice.channel, notice.payload)
            except psycopg.Error as failure:
                log.warning("notices not followed: %s", type(failure).__name__)
            await asyncio.sleep(next(waits))
