"""Which failed attempts of a call are made again, and when."""

from __future__ import annotations

import asyncio

import psycopg

from storekeeper.delays import delays
from storekeeper.failures import explain
from storekeeper.request import Request

FIRST_RETRY, LONGEST_RETRY = 0.05, 5  # seconds
DEALLOCATED = "26000"  # a function took away what this connection had prepared


class InDoubtError(Exception):
    """The connection was lost while a COMMIT was under way: it may have been made, or not."""

    def __init__(self, failure: psycopg.Error) -> None:
        super().__init__()
        self.failure = failure


class Attempts:
    """Counts retries of what may be retried, and waits between them."""

    def __init__(self, request: Request, allowed: int) -> None:
        self.made = 0
        self._request = request
        self._allowed = allowed
        self._delays = delays(FIRST_RETRY, LONGEST_RETRY)

    async def another(self, failure: psycopg.Error | InDoubtError) -> None:
        """Waits for the next attempt, or fails with what a client may see of the last one."""
        in_doubt = isinstance(failure, InDoubtError)
        cause = failure.failure if isinstance(failure, InDoubtError) else failure
        error = explain(
            cause,
            holds_sql=self._request.holds_sql,
            writes=self._request.writes,
            in_doubt=in_doubt,
            repeatable=self._request.repeatable,
            request_id=self._request.request_id,
        )
        may = error.retryable or cause.sqlstate == DEALLOCATED
        if in_doubt:
            may = self._request.keyed
        if not may or self.made >= self._allowed:
            error.retries = self.made
            raise error from None
        self.made += 1
        await asyncio.sleep(next(self._delays))
