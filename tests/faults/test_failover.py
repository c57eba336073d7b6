"""The primary dies and its standby is promoted: a server that knows both goes on by itself."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg.conninfo import make_conninfo

from faults.cluster import HOST, Cluster, cluster
from faults.world import World, failure, start, works
from wire import eventually

BEHIND = "SELECT pid FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn IS NOT NULL"


@pytest.fixture
def standby(world: World) -> Iterator[Cluster]:
    """Which confirms each COMMIT of the primary's, so that nothing is lost."""
    with cluster(world.cluster._embedded.version) as made:
        world.cluster.clone_to(made)
        made.start()
        eventually(lambda: world.execute(BEHIND))
        world.configure("synchronous_standby_names", "*")
        eventually(
            lambda: world.execute("SELECT pid FROM pg_stat_replication WHERE sync_state = 'sync'")
        )
        yield made


def test_the_primary_dies(world: World, standby: Cluster) -> None:
    url = make_conninfo(
        world.target.gateway,
        host=f"{HOST},{HOST}",
        port=f"{world.cluster.port},{standby.port}",
        target_session_attrs="read-write",
        connect_timeout="5",
    )
    with world.serving(database_url=url, pool_timeout=15) as wire:
        kept = f"kept {secrets.token_hex(8)}"
        assert wire.call("once_write", note=kept)["isError"] is False
        read = start(wire, "fixture_sleep", seconds=1)
        key, note = secrets.token_hex(16), f"failover {secrets.token_hex(8)}"
        written = start(wire, "once_write", note=note, seconds=1, idempotency_key=key)
        world.once_running("once_write")
        world.cluster.kill()
        time.sleep(0.5)  # the standby is no primary yet
        standby.promote()
        after = World(standby, replace(world.target, server=standby.server))
        assert wire.answer(read, 30)["result"]["structuredContent"] == {"value": "awake"}
        answer = wire.answer(written, 30)["result"]
        if answer["isError"]:
            assert failure(answer)["retryable"] is True
            answer = wire.call("once_write", note=note, idempotency_key=key)
        assert answer["isError"] is False
        assert after.notes(note) == 1
        assert after.notes(kept) == 1
        assert works(wire)
        # Changes of what is published are followed there, too.
        after.execute(
            "SET ROLE storekeeper_owner; CREATE FUNCTION tool.later() RETURNS integer"
            " LANGUAGE sql STABLE AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION tool.later TO store_managers"
        )
        eventually(
            lambda: "error" not in wire.ask("tools/call", {"name": "later", "arguments": {}})
        )
