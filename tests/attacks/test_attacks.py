"""Each attack, as each of its roles, through a real `storekeeper serve`: nothing leaks, nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attacks import corpus
from attacks.corpus import ROLES, Attack
from attacks.world import VICTIM, Attackers, World, plant, run, world_of
from conftest import Target, _copy

ATTACKS = corpus.read()
CASES = [
    pytest.param(
        attack,
        role,
        id=f"{attack.name}[{role}]",
        marks=[pytest.mark.xfail(reason=attack.open, strict=True)] if attack.open else [],
    )
    for attack in ATTACKS
    for role in attack.roles
]


@pytest.fixture(scope="module")
def world(template: Target) -> Iterator[World]:
    with _copy(template) as database:
        plant(database)
        with world_of(database) as made:
            yield made


@pytest.fixture(scope="module")
def attackers(world: World) -> Iterator[Attackers]:
    with Attackers(world) as made:
        yield made


@pytest.mark.parametrize(("attack", "role"), CASES)
def test_attack(attack: Attack, role: str, attackers: Attackers, world: World) -> None:
    faults = run(attack, attackers.server(role, attack.is_bomb), world)
    if attack.open:
        world.mend()
    assert not faults, "\n".join(faults)


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(names) >= 250
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_a_leak_and_a_change_would_be_noticed(world: World, attackers: Attackers) -> None:
    """The harness itself: what it must see is put before it."""
    role = ROLES[0]
    server = attackers.server(role, False)
    own = Attack("harness", "own rows", "SELECT * FROM customers LIMIT 5", ("own rows",))
    assert run(own, server, world) == []
    canary = next(
        s for s, where in world.secrets.items() if "mark" in where and "Bellevue" in where
    )
    leak = Attack("harness", "leak", f"SELECT '{canary[:4]}' || '{canary[4:]}'", ("own rows",))
    assert any(
        "leaked" in fault and "Zava Retail Bellevue" in fault for fault in run(leak, server, world)
    )
    before = world.look()
    world.database.execute(
        "UPDATE retail.inventory SET stock_level = stock_level WHERE store_id = %s",
        world.canaries["Zava Retail Bellevue"]["store_id"],
    )
    assert world.look() != before
    assert VICTIM not in server.own


def test_nobody_altered_the_record(world: World, attackers: Attackers) -> None:
    """Of all that was tried above, and of what the servers wrote meanwhile."""
    assert (
        run(Attack("harness", "any", "SELECT 1", ("own rows",)), attackers.server(ROLES[0]), world)
        == []
    )
    while world.database.execute("SELECT seal_id FROM gateway.seal_calls()"):
        pass
    assert world.database.execute("SELECT problem FROM gateway.verify_calls()") == []
    assert world.database.execute("SELECT sum(calls) > 0 FROM gateway.seals") == [(True,)]
    assert world.database.execute("SELECT at FROM gateway.calls WHERE request_id = 'forged'") == []


def test_reads_write_no_wal_messages(world: World, attackers: Attackers) -> None:
    """pg_logical_emit_message, the one write that needs no transaction id."""
    server = attackers.server(ROLES[0], False)
    size = 7000
    text = f"SELECT pg_logical_emit_message(false, 'attack', '{'x' * size}')"
    attack = Attack("harness", "message", text, ("42501", "SK403"))
    grown = []
    for _ in range(5):  # others write too: only what always comes is ours
        ((before,),) = world.database.execute("SELECT pg_current_wal_insert_lsn()")
        assert run(attack, server, world) == []
        ((after,),) = world.database.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", before
        )
        grown.append(after)
    assert min(grown) < size
