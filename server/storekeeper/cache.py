"""Answers kept for a while: those of functions that say `@cache 5m retail.orders, retail.stores`.

What is kept is served only after the database has said, in the transaction of the caller who asks now,
that no change of those tables has been committed since the snapshot that stands beside the answer. That
costs a round trip and saves the function's work. NOTIFY alone would save the round trip too, but a
notification arrives some time after the COMMIT that sends it: in between, somebody whose write was
acknowledged would not see it. So NOTIFY only drops early what would be refused anyway (`forget`), and
whatever is lost here (a notification, a whole Redis) costs time, never a wrong answer.

The snapshot is taken before the function runs, in its transaction: what is committed in between counts as
a change. Snapshots of another database mean nothing, nor do those from before a crash, after which
PostgreSQL hands out some transaction ids anew. So they say which run of which database they are of, and
so does `cache_key`, lest databases that share a Redis take each other's place.

Where: in this process, or in a Redis that several processes share (redis_cache.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings

if TYPE_CHECKING:
    from storekeeper.function import Function

DEFAULT_TTL, MAX_TTL = 300, 3600  # seconds
SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600}
OVERHEAD = 1000  # bytes of memory that an entry takes beside its texts


@dataclass(frozen=True)
class CacheRule:
    """How long a function's answers may be kept (in seconds), and whose changes end that."""

    ttl: float
    tables: tuple[str, ...]

    @classmethod
    def parse(cls, text: str | None) -> CacheRule | None:
        """From `5m schema.table, schema.table`. What is not of that form is None: not cached."""
        if text is None:
            return None
        first, _, rest = text.strip().partition(" ")
        ttl = float(DEFAULT_TTL)
        if given := re.fullmatch(r"(\d{1,9})(s|m|min|h)", first, re.ASCII):
            ttl, text = min(int(given[1]) * SECONDS[given[2]], MAX_TTL), rest
        tables = re.split(r"\s*,\s*", text.strip())
        if ttl <= 0 or not all(re.fullmatch(r"[^\s,.]+\.[^\s,.]+", table) for table in tables):
            return None
        return cls(ttl, tuple(sorted(set(tables))))


@dataclass(frozen=True)
class Entry:
    """An answer: each row's JSON text, whether rows were left out, and the snapshot from before it."""

    rows: tuple[bytes, ...]
    truncated: bool
    snapshot: str


def cache_key(
    function: Function, arguments: Mapping[str, Any], who: Mapping[str, Any], database: str
) -> str:
    """What an answer depends on beside the tables. `who` and `database` are the catalog's.

    The person is part of it, not only role and stores: a function may say who asks.
    """
    facts = (
        database,
        function.kind,
        function.name,
        function.source,
        function.limits["max_rows"],
        function.limits["max_bytes"],
        arguments,
        who["principal_id"],
        who["persona"],
        sorted(who["tenants"] or ()),
    )
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Turn:
    """A computation that others wait for."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.entry: Entry | None = None


class Cache(ABC):
    """Entries by key, and the one way to serve them."""

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self._turns: dict[str, _Turn] = {}

    async def answer(
        self,
        key: str,
        rule: CacheRule,
        holds: Callable[[Entry], Awaitable[bool]],
        compute: Callable[[], Awaitable[Entry]],
    ) -> tuple[Entry, bool]:
        """The answer, and whether it was kept. `holds` asks the database whether an entry is still right.

        Callers who miss at once wait for the first of them, one time: then each asks on its own behalf
        whether that answer holds, and computes for itself when it does not or when there is none.
        """
        entry = await self.get(key)
        if entry and await holds(entry):
            self.hits += 1
            return entry, True
        if others := self._turns.get(key):
            await others.over.wait()
            if others.entry and await holds(others.entry):
                self.hits += 1
                return others.entry, True
        self.misses += 1
        turn = _Turn()
        first = self._turns.setdefault(key, turn) is turn
        try:
            try:
                turn.entry = entry = await compute()
            finally:
                turn.over.set()
            await self.put(key, entry, rule.ttl, rule.tables)
        finally:
            if first:
                del self._turns[key]
        return entry, False

    @abstractmethod
    async def get(self, key: str) -> Entry | None:
        """What is kept; never an error, never to be served unless it holds."""

    @abstractmethod
    async def put(self, key: str, entry: Entry, ttl: float, tables: Iterable[str]) -> None:
        """Keeps it for so many seconds, at most MAX_TTL."""

    @abstractmethod
    async def forget(self, table: str) -> None:
        """Drops what depends on this table."""

    @abstractmethod
    async def clear(self) -> None:
        """Drops everything; in a Redis, for all processes."""

    async def close(self) -> None:
        return None


class NoCache(Cache):
    """Keeps nothing, and lets nobody wait."""

    async def answer(
        self,
        key: str,  # noqa: ARG002
        rule: CacheRule,  # noqa: ARG002
        holds: Callable[[Entry], Awaitable[bool]],  # noqa: ARG002
        compute: Callable[[], Awaitable[Entry]],
    ) -> tuple[Entry, bool]:
        return await compute(), False

    async def get(self, key: str) -> Entry | None:  # noqa: ARG002
        return None

    async def put(self, key: str, entry: Entry, ttl: float, tables: Iterable[str]) -> None:
        pass

    async def forget(self, table: str) -> None:
        pass

    async def clear(self) -> None:
        pass


@dataclass(frozen=True)
class _Kept:
    entry: Entry
    expiry: float
    size: int
    tables: frozenset[str]


class MemoryCache(Cache):
    """In this process: so many entries and bytes at most; what was not asked for longest gives way."""

    def __init__(
        self, max_entries: int, max_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.size = 0  # bytes
        self._max_entries, self._max_bytes, self._clock = max_entries, max_bytes, clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._by_table: dict[str, set[str]] = {}

    @property
    def entries(self) -> int:
        return len(self._kept)

    async def get(self, key: str) -> Entry | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock() >= kept.expiry:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.entry

    async def put(self, key: str, entry: Entry, ttl: float, tables: Iterable[str]) -> None:
        if key in self._kept:
            self._drop(key)
        size = OVERHEAD + sum(map(sys.getsizeof, (entry.snapshot, *entry.rows)))
        if ttl <= 0 or size > self._max_bytes:
            return
        kept = _Kept(entry, self._clock() + min(ttl, MAX_TTL), size, frozenset(tables))
        self._kept[key] = kept
        self.size += size
        for table in kept.tables:
            self._by_table.setdefault(table, set()).add(key)
        while len(self._kept) > self._max_entries or self.size > self._max_bytes:
            self._drop(next(iter(self._kept)))

    async def forget(self, table: str) -> None:
        for key in list(self._by_table.get(table, ())):
            self._drop(key)

    async def clear(self) -> None:
        self._kept.clear()
        self._by_table.clear()
        self.size = 0

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key)
        self.size -= kept.size
        for table in kept.tables:
            keys = self._by_table[table]
            keys.remove(key)
            if not keys:
                del self._by_table[table]


def make_cache(settings: Settings, key: bytes) -> Cache:
    """The cache that STOREKEEPER_CACHE_URL names; `key` is the assertion key."""
    url = settings.cache_url.get_secret_value().strip() if settings.cache_url else "memory://"
    scheme = url.partition("://")[0].lower()
    if scheme == "off":
        return NoCache()
    if scheme == "memory":
        return MemoryCache(settings.cache_max_entries, settings.cache_max_bytes)
    if scheme in {"redis", "rediss", "unix"}:
        from storekeeper.redis_cache import RedisCache, connect

        # Processes that cut answers elsewhere, or write them in another way, keep theirs apart.
        scope = f"{version('storekeeper')} {settings.max_rows} {settings.max_bytes}"
        return RedisCache(connect(url), key, scope)
    raise ConfigurationError(
        "STOREKEEPER_CACHE_URL names no cache.",
        hint="Use memory://, off, redis://host:port/number, rediss://… or unix:///path.",
    )
