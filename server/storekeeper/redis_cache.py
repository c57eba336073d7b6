"""Answers kept in a Redis that several processes share; imported only where one is configured.

Redis is not trusted: each value bears a MAC by a key that only servers have. It holds answers in clear,
though, so it deserves a password and TLS. Its eviction policy should be allkeys-lru.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from storekeeper.cache import MAX_TTL, Cache, Entry
from storekeeper.errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger("storekeeper.cache")

T = TypeVar("T")

PATIENCE = 0.2  # seconds that Redis gets
PAUSE = 5.0  # seconds for which a Redis that failed is not asked again
CONNECTIONS = 20  # to Redis
EVERYTHING = "*"  # the index of all entries; no table has this name


class RedisCache(Cache):
    """In a Redis. Its failures are misses; an outage is told once, and Redis left alone for a while.

    An entry is a string that expires; a table's index is a sorted set of the names of entries by expiry.
    """

    def __init__(self, client: Redis, key: bytes, scope: str) -> None:
        super().__init__()
        from redis.exceptions import ResponseError

        self._client = client
        self._refusal = ResponseError  # Redis works, but not for this: it is full, or read-only
        self._refused: set[str] = set()  # what it was that it refused: read or write
        self._down = False
        self._asleep_until = 0.0
        self._mac_key = hmac.digest(key, b"storekeeper cache: value", "sha256")
        prefix = hmac.digest(key, f"storekeeper cache: prefix {scope}".encode(), "sha256")
        self._prefix = f"storekeeper:{prefix[:12].hex()}"

    async def get(self, key: str) -> Entry | None:
        name = self._entry(key)
        sealed = await self._ask("read", lambda: self._client.get(name))
        return self._open(name, sealed) if isinstance(sealed, bytes) else None

    async def put(self, key: str, entry: Entry, ttl: float, tables: Iterable[str]) -> None:
        name = self._entry(key)
        milliseconds = round(min(ttl, MAX_TTL) * 1000)
        if milliseconds <= 0:
            return
        now = round(time.time() * 1000)
        sealed = self._seal(name, entry, now + milliseconds)
        async with self._client.pipeline(transaction=True) as work:
            work.set(name, sealed, px=milliseconds)
            for table in (EVERYTHING, *tables):
                index = self._index(table)
                work.zremrangebyscore(index, "-inf", now)
                work.zadd(index, {name: now + milliseconds})
                work.expire(index, MAX_TTL)
            await self._ask("write", work.execute)

    async def forget(self, table: str) -> None:
        index = self._index(table)
        names = await self._ask("write", lambda: self._client.zrange(index, 0, -1))
        if names:
            async with self._client.pipeline(transaction=True) as work:
                work.unlink(*names)
                work.zrem(index, *names)
                await self._ask("write", work.execute)

    async def clear(self) -> None:
        await self.forget(EVERYTHING)

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                await self._client.aclose()
                await self._client.connection_pool.disconnect()

    def _entry(self, key: str) -> str:
        return f"{self._prefix}:entry:{key}"

    def _index(self, table: str) -> str:
        return f"{self._prefix}:table:{table}"

    def _seal(self, name: str, entry: Entry, expiry: int) -> bytes:
        """The value: a MAC, for which the entry's name counts too; a line of JSON; the rows."""
        facts = (expiry, entry.truncated, entry.snapshot, [len(row) for row in entry.rows])
        text = b"%b\n%b" % (json.dumps(facts).encode(), b"".join(entry.rows))
        return self._mac(name, text) + text

    def _open(self, name: str, sealed: bytes) -> Entry | None:
        mac, text = sealed[:32], sealed[32:]
        if not hmac.compare_digest(mac, self._mac(name, text)):
            return None
        facts, _, rows = text.partition(b"\n")
        expiry, truncated, snapshot, lengths = json.loads(facts)
        # Redis drops what has expired, unless somebody has put it back.
        if time.time() * 1000 >= expiry:
            return None
        ends = list(itertools.accumulate(lengths, initial=0))
        return Entry(tuple(rows[a:b] for a, b in itertools.pairwise(ends)), truncated, snapshot)

    def _mac(self, name: str, text: bytes) -> bytes:
        return hmac.digest(self._mac_key, name.encode() + b"\0" + text, "sha256")

    async def _ask(self, kind: str, work: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis says to a read or a write, or None."""
        now = time.monotonic()
        if now < self._asleep_until:
            return None
        if self._down:
            self._asleep_until = now + PAUSE  # one call tries; the others don't wait for it
        try:
            async with asyncio.timeout(PATIENCE):
                found = await work()
        except asyncio.CancelledError:
            self._asleep_until = 0.0
            raise
        except self._refusal as failure:
            self._is_up()
            if kind not in self._refused:
                log.warning("Redis refuses to %s: %s", kind, type(failure).__name__)
            self._refused.add(kind)
            return None
        except Exception as failure:  # noqa: BLE001 (whatever it is, the call goes on without a cache)
            self._asleep_until = time.monotonic() + PAUSE
            if not self._down:
                log.warning("Redis does not answer: %s", type(failure).__name__)
            self._down = True
            return None
        self._is_up()
        self._refused.discard(kind)
        return found

    def _is_up(self) -> None:
        if self._down:
            log.info("Redis answers again")
        self._down, self._asleep_until = False, 0.0


def connect(url: str) -> Redis:
    """The client; it connects at its first use."""
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
    except ImportError:
        raise ConfigurationError(
            "STOREKEEPER_CACHE_URL names a Redis, whose client is not installed.",
            hint="Run pip install 'storekeeper[redis]', or unset the variable.",
        ) from None
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
        )
    except ValueError:  # whose text may hold the password
        raise ConfigurationError(
            "STOREKEEPER_CACHE_URL is no URL of a Redis.",
            hint="Use redis://user:password@host:port/number; percent-encode what is special in them.",
        ) from None
    return Redis(connection_pool=pool)
