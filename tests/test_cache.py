"""Answers that are kept: whose they are, how long, how many, and what a Redis that fails does to them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from redis_server import PASSWORD, RedisServer, own_redis
from storekeeper import redis_cache as module
from storekeeper.cache import (
    DEFAULT_TTL,
    MAX_TTL,
    OVERHEAD,
    Cache,
    CacheRule,
    Entry,
    MemoryCache,
    NoCache,
    cache_key,
    make_cache,
)
from storekeeper.catalog import Catalog
from storekeeper.errors import ConfigurationError
from storekeeper.function import Function
from storekeeper.redis_cache import RedisCache
from storekeeper.settings import Settings

pytestmark = pytest.mark.anyio

KEY = bytes(range(32))
ENTRY = Entry((b'{"a":1}', b"", '{"b":"zażółć",\n"c":"🛒"}'.encode()), True, "752:760:755,757")
RULE = CacheRule(60, ("retail.orders", "retail.stores"))
PATIENCE = 20  # seconds for a process to start or end, on a machine that is busy


async def holds(_: Entry) -> bool:
    return True


async def holds_not(_: Entry) -> bool:
    return False


async def never() -> Entry:
    raise AssertionError("computed")


def given(entry: Entry) -> Callable[[], Awaitable[Entry]]:
    async def compute() -> Entry:
        return entry

    return compute


def small(text: str) -> Entry:
    return Entry((text.encode(),), False, "1:1:")


# The tag


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("5m retail.orders", CacheRule(300, ("retail.orders",))),
        ("5min retail.orders", CacheRule(300, ("retail.orders",))),
        ("90s retail.b, retail.a", CacheRule(90, ("retail.a", "retail.b"))),
        ("1h retail.a,retail.b , retail.a", CacheRule(3600, ("retail.a", "retail.b"))),
        ("25h retail.a", CacheRule(MAX_TTL, ("retail.a",))),
        ("999999999h retail.a", CacheRule(MAX_TTL, ("retail.a",))),
        ("retail.a", CacheRule(DEFAULT_TTL, ("retail.a",))),
        (None, None),
        ("", None),
        ("5m", None),  # what it reads is not known
        ("5m ", None),
        ("0s retail.a", None),
        ("orders", None),
        ("5 m retail.a", None),
        ("5m retail.a retail.b", None),
        ("5m retail.a,", None),
        ("-5m retail.a", None),
        ("\u0665m retail.a", None),
        ("9" * 5000 + "s retail.a", None),
    ],
)
def test_a_rule(text: str | None, rule: CacheRule | None) -> None:
    assert CacheRule.parse(text) == rule


FACTS: dict[str, Any] = {
    "schema": "tool",
    "name": "revenue",
    "comment": "Revenue.\n@cache 5m retail.orders,\n retail.stores",
    "writes": False,
    "returns_set": True,
    "result_type": "23",
    "timeout": None,
    "source": "0123",
    "arguments": [],
    "columns": [],
}
WATCHED = ["retail.orders", "retail.stores", "retail.products"]


def function(watched: list[str] | None = None, database: str = "5/1", **facts: Any) -> Function:
    catalog = Catalog.load(
        {
            "instructions": "",
            "who": {},
            "types": {},
            "functions": [FACTS | facts],
            "watched": WATCHED if watched is None else watched,
            "database": database,
        }
    )
    return catalog.functions[0]


def test_a_function_that_may_be_cached() -> None:
    assert function().cache_rule == CacheRule(300, ("retail.orders", "retail.stores"))


@pytest.mark.parametrize(
    "facts",
    [
        {"writes": True},
        {"comment": FACTS["comment"] + "\n@sql query"},
        {"comment": "Revenue."},
        {"comment": "Revenue.\n@cache always"},
        {"source": ""},
        {"watched": ["retail.orders"]},
        {"watched": []},
        {"database": ""},
    ],
)
def test_a_function_that_may_not_be_cached(facts: dict[str, Any]) -> None:
    assert function(**facts).cache_rule is None


def test_a_database_that_watches_nothing_yet() -> None:
    facts = {k: v for k, v in FACTS.items() if k != "source"}
    catalog = Catalog.load({"instructions": "", "who": {}, "types": {}, "functions": [facts]})
    assert catalog.functions[0].cache_rule is None


# The key

WHO = {
    "principal_id": "4d0c",
    "display_name": "Manager",
    "persona": "store_managers",
    "tenants": ["Seattle", "Tacoma"],
}
DATABASE = "5/1795261646.189741/1795261645.9"


def key_of(
    facts: dict[str, Any] | None = None,
    arguments: dict[str, Any] | None = None,
    who: dict[str, Any] | None = None,
    database: str = DATABASE,
) -> str:
    given = {"days": 7, "store": None} if arguments is None else arguments
    return cache_key(function(**(facts or {})), given, WHO | (who or {}), database)


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": {"schema": "resource"}},
        {"facts": {"name": "revenues"}},
        {"facts": {"source": "0124"}},
        {"facts": {"comment": FACTS["comment"] + "\n@max_rows 10"}},
        {"facts": {"comment": FACTS["comment"] + "\n@max_bytes 1000"}},
        {"arguments": {}},
        {"arguments": {"days": 7}},
        {"arguments": {"days": "7", "store": None}},
        {"arguments": {"days": 7.0, "store": None}},
        {"arguments": {"days": True, "store": None}},
        {"arguments": {"days": [7], "store": None}},
        {"who": {"principal_id": "4d0d"}},
        {"who": {"persona": "head_office"}},
        {"who": {"tenants": ["Seattle"]}},
        {"who": {"tenants": ["Seattle, Tacoma"]}},
        {"who": {"tenants": None}},
        {"database": ""},
        {"database": "6/1795261646.189741/1795261645.9"},
    ],
    ids=str,
)
def test_whatever_an_answer_depends_on_makes_another_key(changes: dict[str, Any]) -> None:
    assert key_of(**changes) != key_of()


def test_what_an_answer_does_not_depend_on() -> None:
    assert key_of(arguments={"store": None, "days": 7}) == key_of()
    assert key_of(who={"tenants": ["Tacoma", "Seattle"]}) == key_of()
    assert key_of({"comment": "Anything\n@cache retail.orders"}) == key_of()
    assert re.fullmatch("[0-9a-f]{64}", key_of())


def test_what_is_equal_before_may_not_be_after_it_is_joined() -> None:
    one = cache_key(function(name="ab"), {}, WHO | {"principal_id": "c"}, "d")
    assert one != cache_key(function(name="a"), {}, WHO | {"principal_id": "bc"}, "d")


def test_a_key_of_any_text() -> None:
    assert key_of(arguments={"name": "\ud800 \0 zażółć"}) != key_of(arguments={"name": ""})


# In memory


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_memory_keeps_what_was_asked_for_last() -> None:
    cache = MemoryCache(3, 10**6)
    for name in "abc":
        await cache.put(name, small(name), 60, ["s.t"])
    assert await cache.get("a") == small("a")
    await cache.put("d", small("d"), 60, ["s.t"])
    assert {name for name in "abcd" if await cache.get(name)} == {"a", "c", "d"}


async def test_memory_is_bounded_by_bytes() -> None:
    cache = MemoryCache(1000, 50_000)
    for number in range(100):
        await cache.put(str(number), small("x" * 9_000), 60, ["s.t"])
        assert cache.size <= 50_000
    assert cache.entries == 4
    assert [n for n in range(100) if await cache.get(str(n))] == [96, 97, 98, 99]


async def test_many_small_entries_count_too() -> None:
    cache = MemoryCache(1000, 10 * OVERHEAD)
    for number in range(100):
        await cache.put(str(number), Entry((), False, ""), 60, ["s.t"])
    assert cache.entries < 10


async def test_an_entry_that_is_too_large_pushes_nothing_out() -> None:
    cache = MemoryCache(1000, 50_000)
    await cache.put("a", small("a"), 60, ["s.t"])
    await cache.put("b", small("b"), 60, ["s.t"])
    await cache.put("b", small("x" * 60_000), 60, ["s.t"])
    assert await cache.get("a") == small("a")
    assert await cache.get("b") is None


async def test_memory_forgets_in_time() -> None:
    clock = Clock()
    cache = MemoryCache(10, 10**6, clock)
    await cache.put("short", small("a"), 10, ["s.t"])
    await cache.put("long", small("b"), 10 * MAX_TTL, ["s.t"])
    await cache.put("none", small("c"), 0, ["s.t"])
    assert await cache.get("none") is None
    clock.now += 9.9
    assert await cache.get("short") == small("a")
    clock.now += 0.1
    assert await cache.get("short") is None
    assert await cache.get("long") == small("b")
    clock.now += MAX_TTL
    assert await cache.get("long") is None
    assert (cache.entries, cache.size) == (0, 0)


async def test_memory_keeps_its_books() -> None:
    """Whatever is done in whatever order: bounds hold, nothing leaks, only what concerns a table goes."""
    chance = random.Random(7)
    clock = Clock()
    cache = MemoryCache(20, 40_000, clock)
    tables = ["s.a", "s.b", "s.c", "s.d"]
    for _ in range(5000):
        name = str(chance.randrange(40))
        match chance.randrange(20):
            case 0:
                table = chance.choice(tables)
                await cache.forget(table)
                assert all(table not in kept.tables for kept in cache._kept.values())
            case 1:
                clock.now += chance.randrange(30)
            case number if number < 10:
                await cache.get(name)
            case _:
                text = "x" * chance.choice([1, 100, 5000, 50_000])
                await cache.put(name, small(text), chance.randrange(60), chance.sample(tables, 2))
        assert cache.entries <= 20
        assert cache.size == sum(kept.size for kept in cache._kept.values()) <= 40_000
        index = {(table, key) for table, keys in cache._by_table.items() for key in keys}
        assert index == {(t, key) for key, kept in cache._kept.items() for t in kept.tables}
        assert all(cache._by_table.values())
    await cache.clear()
    assert (cache.entries, cache.size, cache._by_table) == (0, 0, {})


# In a Redis


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with own_redis() as server:
        yield server


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no outage."""
    monkeypatch.setattr(module, "PATIENCE", 10.0)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch, _patient: None) -> None:
    """A Redis that hangs does so for half a second."""
    monkeypatch.setattr(module, "PATIENCE", 0.5)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that failed is asked again at once."""
    monkeypatch.setattr(module, "PAUSE", 0.0)


def redis_cache(url: str, key: bytes = KEY, **given: Any) -> RedisCache:
    cache = make_cache(Settings.read(cache_url=url, **given), key)
    assert isinstance(cache, RedisCache)
    return cache


class Asked:
    """Counts how often Redis is asked for an entry."""

    def __init__(self, cache: RedisCache, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self._get = cache._client.get
        monkeypatch.setattr(cache._client, "get", self)

    def __call__(self, name: str) -> Any:
        self.times += 1
        return self._get(name)


async def test_processes_share_a_redis(redis: RedisServer) -> None:
    one, other = redis_cache(redis.url), redis_cache(redis.url)
    await one.put("k", ENTRY, 60, RULE.tables)
    assert await other.get("k") == ENTRY
    assert await other.get("l") is None
    await other.forget("retail.orders")
    assert await one.get("k") is None
    await one.close()
    await other.close()


async def test_who_shares_no_answers(redis: RedisServer) -> None:
    await redis_cache(redis.url).put("k", ENTRY, 60, RULE.tables)
    assert await redis_cache(redis.url).get("k") == ENTRY
    assert await redis_cache(redis.url, key=bytes(32)).get("k") is None
    assert await redis_cache(redis.url, max_rows=10).get("k") is None
    assert await redis_cache(redis.url, max_bytes=10_000).get("k") is None
    assert await redis_cache(redis.url + "?db=1").get("k") is None


async def test_names_in_redis_tell_no_key(redis: RedisServer) -> None:
    await redis_cache(redis.url).put("k", ENTRY, 60, RULE.tables)
    names = redis.names()
    assert len(names) == 4
    assert all(re.match("storekeeper:[0-9a-f]{24}:(entry|table):", name) for name in names)
    with redis.client as client:
        everything = repr(sorted(names)) + repr([client.dump(name) for name in names])
    assert KEY.hex() not in everything


async def test_redis_drops_what_is_old(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    await cache.put("minute", ENTRY, 60, RULE.tables)
    await cache.put("day", ENTRY, 86_400, RULE.tables)
    await cache.put("moment", ENTRY, 0.05, RULE.tables)
    await cache.put("nothing", ENTRY, 0, RULE.tables)
    assert await cache.get("nothing") is None
    with redis.client as client:
        left = [client.pttl(name) for name in redis.names()]
        minute = client.pttl(cache._entry("minute"))
    assert all(0 < milliseconds <= MAX_TTL * 1000 for milliseconds in left)
    assert 30_000 < minute <= 60_000
    await asyncio.sleep(0.06)
    assert await cache.get("moment") is None
    # The next entry takes the old one's name out of the index.
    await cache.put("next", ENTRY, 60, RULE.tables)
    with redis.client as client:
        index = client.zrange(cache._index("retail.orders"), 0, -1)
    assert set(index) == {cache._entry(k).encode() for k in ("minute", "day", "next")}


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Cache:
    if request.param == "memory":
        return make_cache(Settings.read(), KEY)
    server: RedisServer = request.getfixturevalue("redis")
    return redis_cache(server.url)


async def test_entries_come_back_as_they_were(cache: Cache) -> None:
    for entry in (ENTRY, Entry((), False, ""), Entry((b"x" * 10**6,) * 3, False, "1:1:")):
        await cache.put("k", entry, 60, RULE.tables)
        assert await cache.get("k") == entry


async def indexed(cache: Cache, table: str) -> int:
    """How many entries the table's index has."""
    if isinstance(cache, RedisCache):
        return int(await cache._client.zcard(cache._index(table)))
    assert isinstance(cache, MemoryCache)
    return len(cache._by_table.get(table, ()))


async def test_forget_drops_what_concerns_the_table(cache: Cache) -> None:
    await cache.put("a", small("a"), 60, ["s.t", "s.u"])
    await cache.put("b", small("b"), 60, ["s.u"])
    await cache.put("c", small("c"), 60, ["s.v", "s.t"])
    await cache.forget("s.t")
    await cache.forget("s.never_seen")
    assert {k for k in "abc" if await cache.get(k)} == {"b"}
    assert await indexed(cache, "s.t") == 0
    await cache.put("a", small("a"), 60, ["s.t"])
    assert await cache.get("a") == small("a")


async def test_clear_drops_everything(cache: Cache) -> None:
    await cache.put("a", small("a"), 60, ["s.t"])
    await cache.put("b", small("b"), 60, ["s.u"])
    await cache.clear()
    assert [await cache.get(k) for k in "ab"] == [None, None]


# One way to serve them


async def test_a_hit_is_what_was_kept(cache: Cache) -> None:
    assert await cache.answer("k", RULE, never_asked, given(ENTRY)) == (ENTRY, False)
    assert await cache.answer("k", RULE, holds, never) == (ENTRY, True)
    assert await cache.answer("l", RULE, never_asked, given(small("l"))) == (small("l"), False)
    assert (cache.hits, cache.misses) == (1, 2)


async def never_asked(_: Entry) -> bool:
    raise AssertionError("nothing was kept")


async def test_what_does_not_hold_is_computed_anew(cache: Cache) -> None:
    await cache.answer("k", RULE, holds, given(small("old")))
    assert await cache.answer("k", RULE, holds_not, given(small("new"))) == (small("new"), False)
    assert await cache.answer("k", RULE, holds, never) == (small("new"), True)
    assert (cache.hits, cache.misses) == (1, 2)


async def test_a_failure_is_not_kept_and_stays_its_own(cache: Cache) -> None:
    async def fail() -> Entry:
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        await cache.answer("k", RULE, holds, fail)
    assert await cache.answer("k", RULE, holds, given(ENTRY)) == (ENTRY, False)


async def test_who_may_not_ask_gets_no_answer(cache: Cache) -> None:
    async def refused(_: Entry) -> bool:
        raise PermissionError

    await cache.answer("k", RULE, holds, given(ENTRY))
    with pytest.raises(PermissionError):
        await cache.answer("k", RULE, refused, never)
    assert (cache.hits, cache.misses) == (0, 1)


class Slow:
    """A computation that waits until it is told to end; then what it gives is as numbered."""

    def __init__(self, *outcomes: str | Exception) -> None:
        self.started = 0
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self._outcomes = outcomes

    async def __call__(self) -> Entry:
        outcome = self._outcomes[min(self.started, len(self._outcomes) - 1)]
        self.started += 1
        self.begun.set()
        await self.go.wait()
        if isinstance(outcome, Exception):
            raise outcome
        return small(outcome)


async def asking(
    cache: Cache,
    slow: Slow,
    others: int,
    unchanged: Callable[[Entry], Awaitable[bool]] = holds,
) -> list[asyncio.Task[tuple[Entry, bool]]]:
    """One that computes, then others that wait for it."""
    first = asyncio.create_task(cache.answer("k", RULE, holds, slow))
    async with asyncio.timeout(PATIENCE):
        await slow.begun.wait()
    tasks = [asyncio.create_task(cache.answer("k", RULE, unchanged, slow)) for _ in range(others)]
    await asyncio.sleep(0.1)
    return [first, *tasks]


async def test_those_who_miss_at_once_compute_once(cache: Cache) -> None:
    slow = Slow("a")
    tasks = await asking(cache, slow, 14)
    assert await cache.answer("another", RULE, holds, given(ENTRY)) == (ENTRY, False)
    slow.go.set()
    answers = await asyncio.gather(*tasks)
    assert slow.started == 1
    assert sorted(hit for _, hit in answers) == [False] + [True] * 14
    assert {entry for entry, _ in answers} == {small("a")}
    assert (cache.hits, cache.misses) == (14, 2)


async def test_those_who_wait_ask_whether_it_holds_for_them(cache: Cache) -> None:
    """Who comes after a change may not get what a slower call saw before it."""
    slow = Slow("before", "after")

    async def is_after(entry: Entry) -> bool:
        return entry == small("after")

    first, *late = await asking(cache, slow, 3, is_after)
    assert slow.started == 1
    slow.go.set()
    assert await first == (small("before"), False)
    assert [entry for entry, _ in await asyncio.gather(*late)] == [small("after")] * 3


async def test_a_failure_of_the_first_is_not_that_of_those_who_wait(cache: Cache) -> None:
    slow = Slow(ValueError("the first"), "right")
    tasks = await asking(cache, slow, 4)
    slow.go.set()
    first, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, ValueError)
    assert [other[0] for other in others if isinstance(other, tuple)] == [small("right")] * 4
    assert cache._turns == {}


async def test_those_who_wait_outlive_the_cancelled(cache: Cache) -> None:
    slow = Slow("a")
    tasks = await asking(cache, slow, 4)
    tasks[0].cancel()  # the one that computes
    tasks[1].cancel()  # one that waits
    await asyncio.sleep(0.1)
    slow.go.set()
    first, second, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert isinstance(second, asyncio.CancelledError)
    assert [other[0] for other in others if isinstance(other, tuple)] == [small("a")] * 3
    assert cache._turns == {}


async def test_no_read_is_older_than_a_write_before_it(cache: Cache) -> None:
    """Many readers and writers at random: each read sees every write that ended before it began."""
    chance = random.Random(3)
    version = 0
    kept = 0

    async def unchanged(entry: Entry) -> bool:
        await asyncio.sleep(0)
        return entry.snapshot == str(version)

    async def compute() -> Entry:
        snapshot = str(version)
        await asyncio.sleep(chance.choice([0, 0, 0.001]))
        return Entry((str(version).encode(),), False, snapshot)

    async def read() -> None:
        nonlocal kept
        for _ in range(100):
            before = version
            entry, hit = await cache.answer("k", RULE, unchanged, compute)
            assert before <= int(entry.rows[0]) <= version
            kept += hit
            await asyncio.sleep(chance.choice([0, 0, 0.001]))

    async def write() -> None:
        nonlocal version
        for _ in range(100):
            version += 1
            if chance.random() < 0.5:  # a notification may be lost
                await cache.forget("retail.orders")
            await asyncio.sleep(chance.choice([0, 0.001, 0.01]))

    async with asyncio.timeout(60):
        await asyncio.gather(*(read() for _ in range(8)), write())
    assert kept > 0


async def test_off_keeps_nothing() -> None:
    cache = make_cache(Settings.read(cache_url="off"), KEY)
    assert isinstance(cache, NoCache)
    for _ in range(2):
        assert await cache.answer("k", RULE, never_asked, given(ENTRY)) == (ENTRY, False)
    await cache.put("k", ENTRY, 60, RULE.tables)
    assert await cache.get("k") is None
    await cache.forget("retail.orders")
    await cache.clear()
    await cache.close()


# What a Redis may not do


NOWHERE = "redis://localhost:1"  # for what asks no Redis


def test_a_value_is_bound_to_its_name_and_key() -> None:
    one, other = redis_cache(NOWHERE), redis_cache(NOWHERE, key=bytes(32))
    sealed = one._seal("n", ENTRY, 10**15)
    assert one._open("n", sealed) == ENTRY
    assert one._open("m", sealed) is None
    assert other._open("n", sealed) is None
    assert one._open("n", one._seal("n", ENTRY, round(time.time() * 1000) - 1)) is None


@pytest.mark.parametrize("place", [0, 31, 32, 40, -1])
def test_a_value_that_was_altered(place: int) -> None:
    cache = redis_cache(NOWHERE)
    sealed = bytearray(cache._seal("n", ENTRY, 10**15))
    sealed[place] ^= 1
    assert cache._open("n", bytes(sealed)) is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"x",
        b"\xff" * 31,
        b"\0" * 32,
        b'{"rows":[]}',
        b'[99999999999999,false,"1:1:",["{}"]]',
        b"\0" * 32 + b'[99999999999999,false,"1:1:",["{}"]]',
        os.urandom(4096),
    ],
)
async def test_garbage_is_a_miss(
    redis: RedisServer, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cache = redis_cache(redis.url)
    with redis.client as client:
        client.set(cache._entry("k"), garbage)
    assert await cache.answer("k", RULE, never_asked, given(ENTRY)) == (ENTRY, False)
    assert await cache.answer("k", RULE, holds, never) == (ENTRY, True)
    assert caplog.records == []


async def test_an_answer_moved_to_another_key_is_a_miss(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    await cache.put("mine", small("mine"), 60, RULE.tables)
    with redis.client as client:
        client.copy(cache._entry("mine"), cache._entry("yours"))
    assert await cache.get("mine") == small("mine")
    assert await cache.get("yours") is None


async def test_an_old_answer_put_back_is_a_miss(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    await cache.put("k", small("old"), 0.2, RULE.tables)
    with redis.client as client:
        old = client.get(cache._entry("k"))
        assert old
        assert await cache.get("k") == small("old")
        await asyncio.sleep(0.25)
        client.set(cache._entry("k"), old)
    assert await cache.get("k") is None


async def test_another_kind_of_value_is_a_miss(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    cache = redis_cache(redis.url)
    with redis.client as client:
        client.rpush(cache._entry("k"), "a", "list")
        client.set(cache._index("retail.orders"), "no index")
    assert [await cache.get("k") for _ in range(3)] == [None] * 3
    for _ in range(3):
        await cache.forget("retail.orders")
    await cache.put("k", ENTRY, 60, ["retail.stores"])
    assert await cache.get("k") == ENTRY
    assert [r.levelname for r in caplog.records] == ["WARNING"] * 2  # a read, a write


# A Redis that fails


@pytest.mark.usefixtures("impatient")
async def test_redis_killed_in_the_middle(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "storekeeper")
    cache = redis_cache(redis.url)
    await cache.answer("k", RULE, holds, given(small("before")))
    redis.kill()
    for number in range(5):
        entry = small(str(number))
        assert await cache.answer("k", RULE, holds, given(entry)) == (entry, False)
    await cache.forget("retail.orders")
    await cache.clear()
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    redis.start()
    assert await cache.answer("k", RULE, holds, given(small("again"))) == (small("again"), False)
    assert await cache.answer("k", RULE, holds, never) == (small("again"), True)
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]
    assert PASSWORD not in caplog.text
    await cache.close()


@pytest.mark.usefixtures("hasty", "impatient")
async def test_redis_that_was_away_has_what_was_kept_before(redis: RedisServer) -> None:
    """What nobody could drop meanwhile is still there, and still served only when it holds."""
    cache = redis_cache(redis.url)
    await cache.answer("k", RULE, holds, given(small("old")))
    redis.send(signal.SIGSTOP)
    await cache.forget("retail.orders")
    redis.send(signal.SIGCONT)
    assert await cache.answer("k", RULE, holds_not, given(small("new"))) == (small("new"), False)


@pytest.mark.usefixtures("hasty")
async def test_a_redis_that_hangs_is_left_alone(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSE", 3600.0)
    cache = redis_cache(redis.url)
    await cache.put("k", ENTRY, 60, RULE.tables)
    asked = Asked(cache, monkeypatch)
    redis.send(signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE):
        assert [await cache.get("k") for _ in range(500)] == [None] * 500
        assert await cache.answer("k", RULE, never_asked, given(ENTRY)) == (ENTRY, False)
    assert asked.times == 1
    assert len(caplog.records) == 1
    redis.send(signal.SIGCONT)
    assert await cache.get("k") is None  # the pause is not over
    cache._asleep_until = 0
    assert await cache.get("k") == ENTRY


@pytest.mark.usefixtures("hasty")
async def test_one_call_tries_whether_redis_is_back(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 3600.0)
    cache = redis_cache(redis.url)
    redis.send(signal.SIGSTOP)
    assert await cache.get("k") is None
    cache._asleep_until = 0  # the pause is over
    asked = Asked(cache, monkeypatch)
    assert await asyncio.gather(*(cache.get("k") for _ in range(50))) == [None] * 50
    assert asked.times == 1


async def test_a_try_that_is_cancelled_leaves_it_to_the_next(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 3600.0)
    cache = redis_cache(redis.url)
    await cache.put("k", ENTRY, 60, RULE.tables)
    redis.send(signal.SIGSTOP)
    cache._down = True  # the pause is over
    task = asyncio.create_task(cache.get("k"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    redis.send(signal.SIGCONT)
    assert await cache.get("k") == ENTRY


@pytest.mark.usefixtures("hasty", "impatient")
async def test_a_late_reply_is_nobody_elses_answer(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    for name in "ab":
        await cache.put(name, small(name), 60, RULE.tables)
    for _ in range(5):
        redis.send(signal.SIGSTOP)
        assert await cache.get("a") is None
        redis.send(signal.SIGCONT)
        assert await cache.get("b") == small("b")


async def test_a_call_cancelled_while_it_asks(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    for name in "ab":
        await cache.put(name, small(name), 60, RULE.tables)
    redis.send(signal.SIGSTOP)
    task = asyncio.create_task(cache.get("a"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    redis.send(signal.SIGCONT)
    assert await cache.get("b") == small("b")


@pytest.mark.usefixtures("impatient")
async def test_a_wrong_password(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    for url in (
        redis.url.replace(PASSWORD, "wrong-secret"),
        redis.url.replace(f":{PASSWORD}@", ""),
    ):
        caplog.clear()
        cache = redis_cache(url)
        for _ in range(3):
            assert await cache.answer("k", RULE, holds, given(ENTRY)) == (ENTRY, False)
        assert [r.levelname for r in caplog.records] == ["WARNING"]
        assert "wrong-secret" not in caplog.text


async def test_a_redis_that_is_full_still_reads(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    cache = redis_cache(redis.url)
    await cache.put("k", ENTRY, 60, RULE.tables)
    with redis.client as client:
        client.config_set("maxmemory", 1)  # with noeviction, its default
    for number in range(5):
        await cache.put(str(number), ENTRY, 60, RULE.tables)
        assert await cache.get(str(number)) is None
        assert await cache.get("k") == ENTRY
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    with redis.client as client:
        client.config_set("maxmemory", 0)
        await cache.put("l", ENTRY, 60, RULE.tables)
        client.config_set("maxmemory", 1)
    assert await cache.get("l") == ENTRY
    await cache.put("m", ENTRY, 60, RULE.tables)
    assert [r.levelname for r in caplog.records] == ["WARNING"] * 2


async def test_what_evicts_loses_nothing_but_time(redis: RedisServer) -> None:
    cache = redis_cache(redis.url)
    with redis.client as client:
        used = client.info("memory")["used_memory"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", used + 2_000_000)
    for number in range(100):
        entry = small(f"{number} {'x' * 100_000}")
        assert await cache.answer(str(number), RULE, holds, given(entry)) == (entry, False)
        assert await cache.answer(str(number), RULE, holds, given(entry)) == (entry, True)
    assert await cache.get("0") is None


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
@pytest.mark.parametrize("says", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\0\xfe"])
@pytest.mark.usefixtures("hasty", "impatient")
async def test_something_else_listens_there(
    scheme: str, says: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if says is None:
            await reader.read(-1)  # says nothing until the other side goes
        writer.write(says or b"")
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    cache = redis_cache(f"{scheme}://:{PASSWORD}@{host}:{port}/0")
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            assert await cache.answer("k", RULE, holds, given(ENTRY)) == (ENTRY, False)
        await cache.close()
    listener.close()
    await listener.wait_closed()
    # Nobody listens there now.
    assert await cache.answer("k", RULE, holds, given(ENTRY)) == (ENTRY, False)
    assert [r.levelname for r in caplog.records if r.name == "storekeeper.cache"] == ["WARNING"]
    assert PASSWORD not in caplog.text


@pytest.mark.usefixtures("hasty")
async def test_a_server_that_is_slow_in_each_step() -> None:
    """Patience is for the whole, not for each of connecting, signing in and asking."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(4096):
                await asyncio.sleep(0.3)
                writer.write(b"+OK\r\n" * 2)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    cache = redis_cache(f"redis://:{PASSWORD}@{host}:{port}?protocol=2")
    async with asyncio.timeout(PATIENCE):
        assert await cache.get("k") is None
        await cache.close()
    assert cache._down
    listener.close()


# Settings


def test_memory_is_the_default() -> None:
    assert make_cache(Settings.read(), KEY)  # true, although it is empty
    assert isinstance(make_cache(Settings.read(), KEY), MemoryCache)
    assert isinstance(make_cache(Settings.read(cache_url="memory://"), KEY), MemoryCache)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{PASSWORD}@localhost:port/0",
        f"redis://:{PASSWORD}@localhost/0?socket_timeout=soon",
        f"rediss://:{PASSWORD}@[::1/0",
        f"redis://:{PASSWORD}@\u2100.example/0",  # urllib repeats all of it
        f"http://:{PASSWORD}@localhost/0",
        f"localhost:6379:{PASSWORD}",
        "on",
    ],
)
def test_a_url_of_no_cache(url: str) -> None:
    with pytest.raises(ConfigurationError, match="STOREKEEPER_CACHE_URL") as caught:
        make_cache(Settings.read(cache_url=url), KEY)
    assert caught.value.hint
    told = [*traceback.format_exception(caught.value), repr(caught.value.as_dict())]
    assert PASSWORD not in "".join(told)


def test_no_client_for_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        make_cache(Settings.read(cache_url="redis://localhost"), KEY)
    assert "storekeeper[redis]" in str(caught.value.hint)
    make_cache(Settings.read(), KEY)


def test_the_url_is_a_secret() -> None:
    assert PASSWORD not in repr(Settings.read(cache_url=f"redis://:{PASSWORD}@localhost"))


def test_redis_is_imported_only_when_it_is_used() -> None:
    program = (
        "import sys, storekeeper.cli; from storekeeper import cache, settings\n"
        "cache.make_cache(settings.Settings.read(), bytes(32))\n"
        "print({'redis', 'storekeeper.redis_cache'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert run.stdout.strip() == "set()"


def test_an_entry_cannot_be_altered_where_it_is_kept() -> None:
    with pytest.raises(AttributeError):
        ENTRY.snapshot = "1:1:"  # type: ignore[misc]
    assert hash(replace(ENTRY, truncated=False)) != hash(ENTRY)
