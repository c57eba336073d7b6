"""Thousands of writes while backends, the database and the servers' processes are killed.

Each client keeps its own log of what it was told, and repeats with the same key what it was not told of.
Afterwards everything that was acknowledged is there exactly once, and nothing else.
STOREKEEPER_TEST_WRITES says how many writes; STOREKEEPER_TEST_SEED repeats the choice of writes and faults.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]

from conftest import HEAD_OFFICE, PUGET_SOUND, SEATTLE
from faults.world import World
from wire import Message, Wire, eventually

WRITES = int(os.environ.get("STOREKEEPER_TEST_WRITES", "1000"))
SEED = int(os.environ.get("STOREKEEPER_TEST_SEED", "0")) or random.randrange(1, 2**31)
# One process each, and how many calls it is sent at a time.
PERSONS = ((HEAD_OFFICE, 3), (PUGET_SOUND, 3), (SEATTLE, 2))
STORES = ("Seattle", "Tacoma", "Everett")  # all of Puget Sound
PRODUCTS = 12  # few, so that writers meet
BETWEEN_FAULTS = (0.1, 0.4)  # seconds
SILENCE = 60  # seconds without any answer
REPEATS = 200  # of one write

CHOICE = """
    SELECT p.sku FROM retail.products AS p JOIN retail.inventory AS i USING (product_id)
    JOIN retail.stores AS s USING (store_id)
    WHERE p.is_active AND s.name LIKE ANY (%s)
    GROUP BY p.sku HAVING count(*) = %s ORDER BY sum(i.stock_level) DESC, p.sku LIMIT %s
"""
CUSTOMERS = """
    SELECT c.customer_id::text FROM retail.customers AS c JOIN retail.stores AS s USING (store_id)
    WHERE s.name LIKE %s ORDER BY c.customer_id LIMIT 20
"""
TOTALS = """
    SELECT (SELECT count(*) FROM retail.orders), (SELECT count(*) FROM retail.order_items),
           (SELECT count(*) FROM retail.stock_movements), (SELECT count(*) FROM gateway.answers)
"""
WRONG_STOCK = """
    SELECT i.store_id, i.product_id, i.stock_level, sum(m.quantity)
    FROM retail.inventory AS i LEFT JOIN retail.stock_movements AS m USING (store_id, product_id)
    GROUP BY i.store_id, i.product_id, i.stock_level
    HAVING coalesce(sum(m.quantity), 0) <> i.stock_level
"""
WRONG_SALES = """
    WITH want AS (
        SELECT store_id, (order_date AT TIME ZONE 'America/Los_Angeles')::date AS business_day, product_id,
               count(*) AS order_lines, sum(quantity) AS units, sum(line_total) AS revenue,
               sum(quantity * unit_price - line_total) AS discount
        FROM retail.orders JOIN retail.order_items USING (store_id, order_id)
        WHERE status IN ('pending', 'shipped', 'completed') GROUP BY 1, 2, 3
    )
    SELECT * FROM want FULL JOIN retail.daily_sales AS kept USING (store_id, business_day, product_id)
    WHERE (coalesce(want.order_lines, 0), coalesce(want.units, 0), coalesce(want.revenue, 0),
           coalesce(want.discount, 0))
        <> (coalesce(kept.order_lines, 0), coalesce(kept.units, 0), coalesce(kept.revenue, 0),
            coalesce(kept.discount, 0))
"""
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE usename = 'storekeeper_gateway'"


@dataclass
class Write:
    """`key` is in the note of what has one."""

    tool: str
    arguments: dict[str, Any]
    key: str
    repeats: int = 0
    answer: Message | None = None  # as it was acknowledged


@dataclass
class Client:
    """One person's server process, begun anew whenever it was killed."""

    world: World
    principal: str
    at_once: int
    writes: list[Write]
    wire: Wire | None = None
    begun: int = 0
    told: Counter[str] = field(default_factory=Counter)  # how often which code was answered
    fault: BaseException | None = None

    def run(self) -> None:
        try:
            self._write_all()
        except BaseException as fault:  # noqa: BLE001 (the test tells it)
            self.fault = fault
        finally:
            self._end()

    def kill(self) -> None:
        if self.wire and self.wire.process.poll() is None:
            self.wire.process.send_signal(signal.SIGKILL)

    def _write_all(self) -> None:
        waiting, under_way = deque(self.writes), dict[int, Write]()
        wire = self._begin()
        while waiting or under_way:
            try:
                while waiting and len(under_way) < self.at_once:
                    write = waiting[0]
                    given = {**write.arguments, "idempotency_key": write.key}
                    number = wire.request("tools/call", {"name": write.tool, "arguments": given})
                    under_way[number] = waiting.popleft()
                message = wire.next(SILENCE)
            except (EOFError, OSError):
                if (
                    isinstance(wire.process.poll(), int)
                    and wire.process.returncode != -signal.SIGKILL
                ):
                    raise AssertionError(f"it died by itself: {wire.log_text()}") from None
                waiting.extendleft(under_way.values())
                under_way.clear()
                self._end()
                wire = self._begin()
                continue
            if (heard := under_way.pop(message.get("id", 0), None)) and not self._hear(
                heard, message
            ):
                heard.repeats += 1
                assert heard.repeats < REPEATS, message
                waiting.append(heard)

    def _hear(self, write: Write, message: Message) -> bool:
        """Whether it was acknowledged; what is neither that nor told to be repeated is a fault."""
        result = message.get("result", {"isError": True})
        if not result["isError"]:
            self.told["ok"] += 1
            write.answer = result["structuredContent"]
            return True
        told = (
            message["error"]["data"] if "error" in message else result["_meta"]["storekeeper/error"]
        )
        self.told[told["error_code"]] += 1
        assert told["error_code"] == "UNAVAILABLE", (write, told)
        assert told["retryable"], told
        return False

    def _begin(self) -> Wire:
        while True:
            self.begun += 1
            self.wire = Wire(self.world.environment(principal=self.principal, pool_max_size=4))
            try:
                self.wire.greet()
            except (EOFError, OSError):  # killed again
                self._end()
            else:
                return self.wire

    def _end(self) -> None:
        if self.wire:
            with self.wire as wire:
                wire.process.kill()


def writes(
    world: World, choose: random.Random, principal: str, count: int, name: str
) -> list[Write]:
    """Orders, adjustments and transfers of one person, of few products in few stores."""
    mine = STORES[:1] if principal == SEATTLE else STORES
    patterns = [f"%{store}" for store in STORES]
    skus = [sku for (sku,) in world.execute(CHOICE, patterns, len(STORES), PRODUCTS)]
    assert len(skus) == PRODUCTS
    customers = [
        customer for store in mine for (customer,) in world.execute(CUSTOMERS, f"%{store}")
    ]
    made = []
    for n in range(count):
        key = f"storm {name} {n}"
        kind = choose.random()
        if kind < 0.5 or (kind >= 0.8 and len(mine) == 1):
            lines = [
                {
                    "sku": sku,
                    "quantity": choose.randint(1, 2),
                    "discount_percent": choose.choice([0, 10]),
                }
                for sku in choose.sample(skus, choose.randint(1, 3))
            ]
            order = {"customer_id": choose.choice(customers), "items": lines}
            made.append(Write("record_order", order, key))
        elif kind < 0.8:
            change = choose.choice([-1, 5, 6])
            adjustment = {"sku": choose.choice(skus), "change": change, "note": key}
            adjustment |= {"reason": "other", "store_name": choose.choice(mine)}
            made.append(Write("adjust_inventory", adjustment, key))
        else:
            giver, taker = choose.sample(mine, 2)
            transfer = {"sku": choose.choice(skus), "quantity": 1, "note": key}
            transfer |= {"from_store": giver, "to_store": taker}
            made.append(Write("transfer_stock", transfer, key))
    return made


def supply(world: World) -> None:
    """So much of everything that no write is refused for lack of it."""
    with world.connect() as dba:
        dba.execute("""
            INSERT INTO retail.stock_movements (store_id, product_id, quantity, reason)
            SELECT store_id, product_id, 100000, 'delivery' FROM retail.inventory
        """)
        dba.execute("UPDATE retail.inventory SET stock_level = stock_level + 100000")


def break_things(
    world: World, clients: list[Client], choose: random.Random, over: threading.Event
) -> Counter[str]:
    """One fault after the other, each kind in turn, until it is over; how often each."""

    def some_backends() -> None:
        pids = [pid for (pid,) in world.execute(BACKENDS)]
        world.terminate(choose.sample(pids, len(pids) // 2))

    def kill_backend() -> None:
        recoveries = world.cluster.recoveries()
        (pid,) = choose.choice(world.execute(BACKENDS) or [(0,)])
        if pid:
            psutil.Process(pid).kill()
            eventually(lambda: world.cluster.recoveries() > recoveries and world.cluster.accepts())

    def restart() -> None:
        world.cluster.stop(signal.SIGQUIT)
        time.sleep(choose.uniform(0, 0.5))
        world.cluster.start()

    def kill_process() -> None:
        choose.choice(clients).kill()

    faults = {
        "backends terminated": some_backends,
        "a backend killed": kill_backend,
        "the database restarted": restart,
        "a server killed": kill_process,
    }
    done: Counter[str] = Counter()
    turn: deque[str] = deque(faults)  # at first each once, however soon all is over
    while not over.wait(choose.uniform(*BETWEEN_FAULTS)):
        if not turn:
            turn.extend(choose.sample([*faults, "backends terminated", "backends terminated"], 6))
        name = turn.popleft()
        faults[name]()
        done[name] += 1
    return done


def test_acknowledged_writes_are_there_exactly_once(world: World) -> None:
    choose = random.Random(SEED)
    supply(world)
    before = world.execute(TOTALS)[0]
    weights = sum(at_once for _, at_once in PERSONS)
    clients = [
        Client(world, who, at_once, writes(world, choose, who, WRITES * at_once // weights, who))
        for who, at_once in PERSONS
    ]
    threads = [threading.Thread(target=client.run) for client in clients]
    over = threading.Event()

    def wait() -> None:
        for thread in threads:
            thread.join()
        over.set()

    started = time.monotonic()
    for thread in [*threads, threading.Thread(target=wait)]:
        thread.start()
    try:
        faults = break_things(world, clients, choose, over)
    except BaseException:
        for client in clients:
            client.writes.clear()
        raise
    took = time.monotonic() - started
    told: Counter[str] = sum((client.told for client in clients), Counter())
    print(f"seed {SEED}: {took:.1f} s; {dict(told)}; {dict(faults)}")  # noqa: T201
    for client in clients:
        if client.fault:
            raise client.fault
    if WRITES >= 1000:
        assert len(faults) == 4, faults

    done = [write for client in clients for write in client.writes]
    assert all(write.answer for write in done)
    held = {kind: [write for write in done if write.tool == kind] for kind in KINDS}
    orders_are_there_once(world, held["record_order"])
    movements_are_there_once(world, held["adjust_inventory"], 1)
    movements_are_there_once(world, held["transfer_stock"], 2)
    lines = sum(len(write.arguments["items"]) for write in held["record_order"])
    transfers, adjustments = len(held["transfer_stock"]), len(held["adjust_inventory"])
    added = (len(held["record_order"]), lines, lines + adjustments + 2 * transfers, len(done))
    after = world.execute(TOTALS)[0]
    assert [now - then for now, then in zip(after, before, strict=True)] == list(added)
    assert world.execute(WRONG_STOCK) == []
    assert world.execute(WRONG_SALES) == []


KINDS = ("record_order", "adjust_inventory", "transfer_stock")
ORDERS = """
    SELECT o.order_id::text, o.total_amount::float, sum(i.line_total)::float, count(*)
    FROM retail.orders AS o JOIN retail.order_items AS i USING (store_id, order_id)
    WHERE o.order_id = ANY (%s::uuid[]) GROUP BY o.order_id, o.total_amount
"""
MOVED = """
    SELECT m.order_id::text, -sum(m.quantity) FROM retail.stock_movements AS m
    WHERE m.order_id = ANY (%s::uuid[]) GROUP BY m.order_id
"""
NOTES = """
    SELECT m.note, count(*), array_agg(m.quantity ORDER BY m.quantity), min(m.transfer_id::text)
    FROM retail.stock_movements AS m WHERE m.note = ANY (%s) GROUP BY m.note
"""


def orders_are_there_once(world: World, done: list[Write]) -> None:
    answers = {write.answer["order_id"]: write for write in done if write.answer}
    assert len(answers) == len(done)
    found = {row[0]: row[1:] for row in world.execute(ORDERS, list(answers))}
    moved = dict(world.execute(MOVED, list(answers)))
    assert found.keys() == answers.keys()
    for order_id, (total, of_lines, lines) in found.items():
        write = answers[order_id]
        assert write.answer
        assert total == of_lines == write.answer["total_amount"]
        assert lines == len(write.arguments["items"])
        assert moved[order_id] == sum(line["quantity"] for line in write.arguments["items"])


def movements_are_there_once(world: World, done: list[Write], movements: int) -> None:
    found = {row[0]: row[1:] for row in world.execute(NOTES, [write.key for write in done])}
    assert len(found) == len(done)
    for write in done:
        count, quantities, transfer_id = found[write.key]
        assert count == movements, write
        assert write.answer
        if movements == 1:
            assert quantities == [write.arguments["change"]]
            level = write.answer["stock_before"] + write.arguments["change"]
            assert write.answer["stock_level"] == level
        else:
            assert quantities == [-1, 1]
            assert write.answer["transfer_id"] == transfer_id
