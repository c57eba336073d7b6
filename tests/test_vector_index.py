"""storekeeper index: fresh, again, too small, after a build that was killed, beside one that is running."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from conftest import SEATTLE, Target, client, storekeeper
from storekeeper import vector_index
from storekeeper.errors import MCPError

TABLE = "retail.product_description_embeddings"
INDEXES = f"""
    SELECT i.indexrelid::regclass::text, i.indisvalid
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS m ON m.oid = c.relam
    WHERE i.indrelid = '{TABLE}'::regclass AND NOT i.indisprimary ORDER BY m.amname
"""
CREATED = "CREATE INDEX CONCURRENTLY ON retail.product_description_embeddings"


def quiet(*_: object) -> None:
    """No progress."""


@pytest.fixture
def many(own: Target) -> Target:
    """With more vectors than are compared one by one."""
    own.execute(
        "CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100"
    )
    fill(own)
    return own


def fill(database: Target, copies: int = 1) -> None:
    """A vector for each product; more products, where they are to be many."""
    database.execute("ALTER TABLE retail.products DISABLE TRIGGER USER")
    database.execute(
        "INSERT INTO retail.products SELECT product_id + 1000 * n, 'X' || (product_id + 1000 * n), type_id,"
        " name || n, description, unit, cost, base_price FROM retail.products, generate_series(1, %s) AS n",
        copies - 1,
    )
    database.execute(
        f"INSERT INTO {TABLE} (product_id, description_embedding)"
        " SELECT product_id,"
        " ARRAY(SELECT sin(product_id * i) FROM generate_series(1, 64) AS i)::public.vector"
        " FROM retail.products ON CONFLICT (product_id) DO UPDATE"
        " SET description_embedding = excluded.description_embedding"
    )


def names(database: Target) -> list[str]:
    """Of the indexes, by their methods; all are valid."""
    found = database.execute(INDEXES)
    assert all(valid for _, valid in found)
    return [name for name, _ in found]


def as_dba(database: Target) -> dict[str, str]:
    return database.environment() | {"STOREKEEPER_DATABASE_URL": database.dba}


def test_few_vectors_need_none(own: Target) -> None:
    run = storekeeper("index", environment=as_dba(own))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Vector index: ")
    assert run.stderr.strip() == "", "no bar of what is not done"
    assert own.execute(INDEXES) == []


def test_built_once_and_used(many: Target) -> None:
    first = storekeeper("index", environment=as_dba(many))
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(CREATED)
    graph, lists = names(many)
    assert f"Vector index: {graph}, {lists}." in first.stdout

    again = storekeeper("index", environment=as_dba(many))
    assert again.stdout == f"Vector index: {graph}, {lists}.\n"
    assert names(many) == [graph, lists]

    ((nearest,),) = many.execute(
        "SELECT array_agg(n.product_id) FROM retail.nearest_products("
        f"(SELECT description_embedding FROM {TABLE} WHERE product_id = 7), 5) AS n"
    )
    assert nearest[0] == 7
    assert len(nearest) == 5
    for name in (graph, lists):
        wait_until(
            many,
            f"SELECT idx_scan > 0 FROM pg_stat_user_indexes WHERE indexrelid = '{name}'::regclass",
        )


def test_built_anew(many: Target) -> None:
    vector_index.build(many.dba, quiet)
    files = "SELECT pg_relation_filenode(i::regclass) FROM unnest(%s::text[]) AS i"
    before = names(many)
    old = many.execute(files, before)
    assert vector_index.build(many.dba, quiet, rebuild=True) == [
        f"REINDEX INDEX CONCURRENTLY {name}" for name in before
    ]
    assert names(many) == before
    assert not set(many.execute(files, before)) & set(old)


def test_lists_for_too_few_are_replaced(many: Target) -> None:
    vector_index.build(many.dba, quiet)
    graph, lists = names(many)
    fill(many, copies=6)
    many.execute(f"ANALYZE {TABLE}")
    assert vector_index.state(many.dba) == (
        False,
        f"{lists}: its lists are for less than a quarter of the vectors",
    )
    create, drop = vector_index.build(many.dba, quiet)
    assert create.startswith(f"{CREATED} USING ivfflat")
    assert drop == f"DROP INDEX CONCURRENTLY {lists}"
    assert vector_index.state(many.dba)[0]
    assert graph in names(many)


def test_the_next_model_has_its_own(many: Target) -> None:
    many.execute(f"CREATE TABLE retail.next_vectors (LIKE {TABLE} INCLUDING ALL)")
    many.execute("ALTER TABLE retail.next_vectors OWNER TO storekeeper_owner")
    many.execute(f"INSERT INTO retail.next_vectors TABLE {TABLE}")
    graph, lists = vector_index.build(many.dba, quiet, table="retail.next_vectors")
    assert "ON retail.next_vectors USING hnsw" in graph
    assert "ON retail.next_vectors USING ivfflat" in lists
    assert many.execute(INDEXES) == []


def test_an_invalid_one_is_dropped_first(many: Target) -> None:
    vector_index.build(many.dba, quiet)
    name, _ = names(many)
    many.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", name)
    assert vector_index.state(many.dba)[0] is False

    drop, create = vector_index.build(many.dba, quiet)
    assert drop == f"DROP INDEX CONCURRENTLY {name}"
    assert create.startswith(f"{CREATED} USING hnsw")
    assert len(names(many)) == 2


def test_the_doctor_tells(many: Target) -> None:
    def finding() -> dict[str, Any]:
        run = storekeeper("doctor", "--json", environment=as_dba(many))
        findings = json.loads(run.stdout)["findings"]
        found: dict[str, Any] = next(f for f in findings if f["subject"] == "vector index")
        return found

    missing = finding()
    assert missing["ok"] is False
    assert "storekeeper index" in missing["hint"]
    vector_index.build(many.dba, quiet)
    assert finding()["ok"] is True


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_build_that_was_killed_is_begun_anew(many: Target, ending: signal.Signals) -> None:
    # An older transaction holds the build up where its index is there and not valid.
    with psycopg.connect(many.dba) as older:
        older.execute(f"SELECT count(*) FROM {TABLE}")
        older.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        building = subprocess.Popen(
            [sys.executable, "-m", "storekeeper", "index"],
            env=as_dba(many),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_until(many, "SELECT count(*) = 1 FROM pg_stat_progress_create_index")
        building.send_signal(ending)
        building.communicate(timeout=30)
        # The server hears of it though nobody tells it.
        wait_until(many, "SELECT count(*) = 0 FROM pg_stat_progress_create_index")
    assert [valid for _, valid in many.execute(INDEXES)] == [False]
    statements = vector_index.build(many.dba, quiet)
    assert [s.split()[0] for s in statements] == ["DROP", "CREATE", "CREATE"]
    assert len(names(many)) == 2


def wait_until(database: Target, question: str) -> None:
    end = time.monotonic() + 30
    while database.execute(question) != [(True,)]:
        assert time.monotonic() < end, question
        time.sleep(0.05)


def test_two_at_once_build_once(many: Target) -> None:
    fill(many, copies=8)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(vector_index.build, many.dba, quiet) for _ in range(2)]
        built = [statement for run in runs for statement in run.result(timeout=60)]
    assert len(built) == 2
    assert len(names(many)) == 2


def test_beside_one_that_psql_builds(many: Target) -> None:
    (wanted,), (other,) = many.execute("SELECT retail.wanted_embedding_index()")
    with ThreadPoolExecutor(2) as threads:
        # An older transaction holds it up where its index is there and not valid.
        with psycopg.connect(many.dba) as older:
            older.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
            threads.submit(many.execute, wanted)
            wait_until(many, f"SELECT count(*) = 1 FROM ({INDEXES}) AS i")
            begun = threads.submit(vector_index.build, many.dba, quiet)
            wait_until(
                many,
                "SELECT count(*) = 2 FROM pg_stat_activity WHERE application_name = 'storekeeper index'",
            )
            time.sleep(1)
        assert begun.result(timeout=60) == [other]
    assert len(names(many)) == 2


def test_shared_memory_that_is_not_there(many: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    work = vector_index._run
    workers: list[str] = []

    def run(builder: vector_index.Connection, *rest: Any) -> list[str]:
        workers.extend(builder.execute("SHOW max_parallel_maintenance_workers").fetchone() or ())
        if workers[-1] != "0":
            raise psycopg.errors.DiskFull("no shared memory")
        return work(builder, *rest)

    monkeypatch.setattr(vector_index, "_run", run)
    for statement in vector_index.build(many.dba, quiet):
        assert statement.startswith(CREATED)
    assert len(workers) == 2


def test_who_may_not_is_told(many: Target) -> None:
    with pytest.raises(MCPError) as refused:
        vector_index.build(many.gateway, quiet)
    assert refused.value.hint


def test_without_the_shop(own: Target) -> None:
    with pytest.raises(MCPError, match="no product vectors"):
        vector_index.build(own.server.admin, quiet)


def test_a_wrong_size_is_told(many: Target) -> None:
    run = storekeeper("index", "--memory", "much", environment=as_dba(many))
    assert run.returncode == 1
    assert "maintenance_work_mem" in run.stderr


def test_too_little_memory_is_told(many: Target) -> None:
    fill(many, copies=60)
    run = storekeeper("index", "--memory", "1MB", environment=as_dba(many))
    assert run.returncode == 1
    assert "memory required is" in run.stderr
    assert "--memory" in run.stderr


@pytest.mark.anyio
async def test_recommendations_over_mcp(own_with_model: Target) -> None:
    async with client(own_with_model, SEATTLE) as mcp:
        similar = await mcp.call_tool("similar_products", {"sku": "PTDR000901", "max_rows": 3})
        rows = similar.structured_content["rows"]
        assert len(rows) == 3
        assert {row["why"].partition(";")[0] for row in rows} == {"also Drills"}
        assert all(row["degraded"] is False for row in rows)
        for kind in ("similar", "substitutes", "bought_together", "trending"):
            found = await mcp.call_tool(
                "get_product_recommendations", {"sku": "PTDR000901", "kind": kind}
            )
            assert not found.is_error, found
            assert all(row["why"] for row in found.structured_content["rows"])
        tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
        kinds = tools["get_product_recommendations"].input_schema["properties"]["kind"]["enum"]
        assert set(kinds) == {"similar", "substitutes", "bought_together", "trending"}
        unknown = await mcp.call_tool("similar_products", {"sku": "PTDR000999"})
        assert unknown.is_error
        assert "PTDR000906" in str(unknown.content), "near ones are named"
