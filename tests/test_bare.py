"""Another business: a library with two branches over `storekeeper init --bare`, as the handbook shows."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from mcp import Client

from conftest import TESTS, Server, Target, _database, client, storekeeper
from servers import own_server
from storekeeper.shipping import Half

LIBRARY = TESTS / "fixtures" / "library.sql"
SQL = TESTS.parent / "sql"
ADA, BEN = "ada@library.example", "ben@library.example"
HARBOUR = "10000000-0000-4000-8000-000000000002"  # Ben's branch
AS_OF = "as_of=2026-03-01"

SHIPPED_TOOL = """\
-- How many loans are out.
-- drop: DROP FUNCTION tool.count_loans;
CREATE OR REPLACE FUNCTION tool.count_loans()
RETURNS bigint
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT count(*) FROM library.loans WHERE returned_on IS NULL
$function$;

COMMENT ON FUNCTION tool.count_loans IS $comment$
How many books of your branches are lent out now.
$comment$;
REVOKE ALL ON FUNCTION tool.count_loans FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tool.count_loans TO librarians;
"""
ROLLBACK = """\
SELECT gateway.drop_persona('librarians');
SET LOCAL ROLE storekeeper_owner;
DROP FUNCTION tool.overdue_loans, tool.return_loan, tool.query_loans;
DROP SCHEMA library CASCADE;
"""


@pytest.fixture(scope="module")
def alone(request: pytest.FixtureRequest) -> Iterator[Server]:
    with own_server(request.config.getoption("--postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def library(alone: Server) -> Iterator[Target]:
    with _own_database(alone) as target:
        _make_library(target)
        yield target
    assert not _librarians(alone), "the roles go with the persona"


@pytest.fixture(scope="module")
async def mcp(library: Target) -> AsyncIterator[Client]:
    async with client(library, ADA) as connected:
        yield connected


@contextmanager
def _own_database(server: Server, password: str = "") -> Iterator[Target]:
    """An empty database; the persona goes with it, for roles belong to the whole server."""
    name = f"storekeeper_library_{secrets.token_hex(4)}"
    with _database(server, name):
        target = Target(server, name, key=secrets.token_hex(32), password=password)
        try:
            yield target
        finally:
            if target.execute("SELECT proname FROM pg_proc WHERE proname = 'drop_persona'"):
                target.execute("SELECT gateway.drop_persona('librarians')")


def _librarians(server: Server) -> list[str]:
    with psycopg.connect(server.admin) as connection:
        found = connection.execute("SELECT rolname FROM pg_roles WHERE rolname ~ 'librarians'")
        return [name for (name,) in found]


def _make_library(target: Target) -> None:
    for command in (["init", "--bare"], ["harden", "own"]):
        run = as_dba(target, *command)
        assert run.returncode == 0, run.stderr
    psql(target, LIBRARY)


def as_dba(target: Target, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = target.environment(**more) | {"STOREKEEPER_DATABASE_URL": target.dba}
    return storekeeper(*arguments, environment=environment)


def psql(target: Target, file: Path) -> None:
    run = subprocess.run(
        [target.server.psql, "-X1q", "-v", "ON_ERROR_STOP=1", "-d", target.dba, "-f", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr


def call(target: Target, person: str, tool: str, *arguments: str) -> dict[str, Any]:
    run = storekeeper("call", tool, *arguments, "--json", environment=target.environment(person))
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


def refused(target: Target, person: str, tool: str, *arguments: str) -> dict[str, Any]:
    run = storekeeper("call", tool, *arguments, "--json", environment=target.environment(person))
    assert run.returncode == 1, run.stdout
    return dict(json.loads(run.stdout)["error"])


def test_the_handbook_shows_this_very_text() -> None:
    assert f"```sql\n{LIBRARY.read_text()}```\n" in (SQL / "README.md").read_text()


def test_nothing_of_the_shop_is_there(library: Target) -> None:
    assert (
        library.execute("SELECT nspname FROM pg_namespace WHERE nspname IN ('retail', 'sample')")
        == []
    )
    assert library.execute("SELECT role FROM gateway.personas ORDER BY role") == [
        ("librarians",),
        ("operators",),
    ]


def test_init_again_changes_nothing(library: Target) -> None:
    run = as_dba(library, "init", "--bare")
    assert (run.returncode, run.stdout) == (
        0,
        "The migrations are up to date.\nThe embedding model is there already.\n",
    )


def test_the_embedding_model_is_there_for_its_personas(library: Target) -> None:
    query = (
        "SELECT embedding.embed(title) <=> embedding.embed('odyssey') AS d FROM books ORDER BY d"
    )
    nearest, *others = call(library, ADA, "query_loans", f"query={query}")["rows"]
    assert 0 < nearest["d"] < others[0]["d"]


def test_the_tools_come_from_the_functions(library: Target) -> None:
    run = storekeeper("tools", "--json", environment=library.environment(ADA))
    assert run.returncode == 0, run.stderr
    tools = {tool["name"]: tool for tool in json.loads(run.stdout)["tools"]}
    assert tools.keys() == {"overdue_loans", "query_loans", "return_loan"}
    overdue = tools["overdue_loans"]
    assert overdue["title"] == "Overdue loans"
    assert overdue["description"].startswith("Books that should have come back")
    assert overdue["inputSchema"]["properties"] == {
        "as_of": {
            "type": "string",
            "format": "date",
            "description": "The day to look from; left out: today.",
        },
        "max_rows": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "default": 20,
            "description": "1 to 100.",
        },
    }
    row = overdue["outputSchema"]["properties"]["rows"]["items"]["properties"]
    assert row["days_late"]["description"] == "Days since the book was due."
    assert overdue["annotations"]["readOnlyHint"] is True
    assert tools["return_loan"]["annotations"]["readOnlyHint"] is False
    assert tools["return_loan"]["inputSchema"]["required"] == ["loan_id"]


def test_two_people_get_different_rows(library: Target) -> None:
    ada, ben = (call(library, person, "overdue_loans", AS_OF) for person in (ADA, BEN))
    assert [(r["title"], r["borrower"], r["days_late"]) for r in ada["rows"]] == [
        ("The Odyssey", "Carla", 50),
        ("Metamorphoses", "Dmitri", 9),
    ]
    assert [(r["title"], r["borrower"], r["days_late"]) for r in ben["rows"]] == [
        ("The Republic", "Esther", 29)
    ]


@pytest.mark.parametrize("person", ["stranger@library.example", "", "' OR true --"])
def test_a_stranger_is_nobody(library: Target, person: str) -> None:
    error = refused(library, person, "overdue_loans")
    assert error["sqlstate"] == "SK401"
    assert error["error_code"] == "AUTHORIZATION_ERROR"


def test_who_leaves_is_shut_out_at_once(library: Target) -> None:
    added = "SELECT gateway.put_principal(%s, %s, %s, 'librarians', active => %s)"
    person = ("20000000-0000-4000-8000-000000000003", "cy@library.example", "Cy")
    library.execute(added, *person, True)
    assert call(library, "cy@library.example", "overdue_loans", AS_OF)["rows"] == []
    library.execute(added, *person, False)
    assert refused(library, "cy@library.example", "overdue_loans")["sqlstate"] == "SK401"


def test_a_wrong_argument(library: Target) -> None:
    error = refused(library, ADA, "overdue_loans", "max_rows=101")
    assert error["error_code"] == "VALIDATION_ERROR"
    assert "max_rows" in error["message"]


@pytest.mark.anyio
async def test_a_write_stays_in_its_branch(library: Target, mcp: Client) -> None:
    async def overdue() -> list[dict[str, Any]]:
        result = await mcp.call_tool("overdue_loans", {"as_of": "2026-03-01"})
        return list(result.structured_content["rows"])

    hers, *others = await overdue()
    (his,) = call(library, BEN, "overdue_loans", AS_OF)["rows"]
    error = refused(library, ADA, "return_loan", f"loan_id={his['loan_id']}")
    assert error["sqlstate"] == "SK404"
    assert error["hint"] == "overdue_loans lists loans with their loan_id."
    assert call(library, BEN, "overdue_loans", AS_OF)["rows"] == [his]
    first, again = [
        (await mcp.call_tool("return_loan", {"loan_id": hers["loan_id"]})).structured_content
        for _ in range(2)
    ]
    assert first == again
    assert first["value"]
    assert await overdue() == others
    library.execute("UPDATE library.loans SET returned_on = NULL")


def test_free_sql(library: Target) -> None:
    query = "SELECT title, borrower, branch_id FROM loans JOIN books USING (isbn) ORDER BY due"
    found = {
        person: call(library, person, "query_loans", f"query={query}") for person in (ADA, BEN)
    }
    assert [row["borrower"] for row in found[ADA]["rows"]] == ["Carla", "Dmitri"]
    assert [row["borrower"] for row in found[BEN]["rows"]] == ["Esther"]
    assert found[ADA]["columns"][0] == {"name": "title", "type": "text"}
    error = refused(library, ADA, "query_loans", "query=SELECT borower FROM loans")
    assert error["error_code"] == "INVALID_QUERY"
    assert error["sqlstate"] == "42703"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM library.loans WHERE branch_id = '10000000-0000-4000-8000-000000000002'",
        "SELECT * FROM loans WHERE borrower = 'Esther' OR true",
        "WITH s AS MATERIALIZED (SELECT set_config('storekeeper.context', '', true) AS c)"
        " SELECT s.c, l.* FROM s, loans AS l",
        "SELECT set_config('role', 'storekeeper_loader', true), borrower FROM loans",
        "SELECT * FROM gateway.principals",
        "SELECT gateway.tenant_ids()",
        "SELECT ctid, xmin FROM loans",
        "SELECT tool.return_loan(3)",
        "UPDATE loans SET returned_on = NULL RETURNING *",
        "DELETE FROM loans RETURNING *",
        "SELECT 1; SELECT borrower FROM loans",
        "SELECT query_to_xml('SELECT * FROM library.loans', true, true, '')",
    ],
)
async def test_free_sql_reads_no_other_branch_and_changes_nothing(
    library: Target, mcp: Client, query: str
) -> None:
    everything = "SELECT * FROM library.loans ORDER BY loan_id"
    before = library.execute(everything)
    result = await mcp.call_tool("query_loans", {"query": query})
    answer = result.model_dump_json()
    assert "Esther" not in answer
    if not result.is_error:
        assert HARBOUR not in json.dumps(result.structured_content["rows"])
    assert library.execute(everything) == before


def test_at_psql_as_a_person(library: Target) -> None:
    run = as_dba(
        library, "sql", "--principal", BEN, "--", "-At", "-c", "SELECT borrower FROM library.loans",
        PATH=f"{Path(library.server.psql).parent}:/usr/bin:/bin",
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, "Esther\n"), run.stderr
    with psycopg.connect(library.dba) as connection:
        connection.execute("SELECT gateway.impersonate(%s)", (ADA,))
        found = connection.execute("SELECT borrower FROM library.loans ORDER BY due").fetchall()
    assert found == [("Carla",), ("Dmitri",)]


def test_as_a_half_of_its_own(alone: Server, tmp_path: Path) -> None:
    """The library in place of the shop: tables by hand, a tool by ship, both by migrate."""
    gateway = Half(shutil.copytree(SQL / "gateway", tmp_path / "gateway"))
    newest = gateway.ledger()[-1]
    half = Half(tmp_path / "retail")
    half.migrations.mkdir(parents=True)
    tables = half.migrations / f"{int(newest.name[:4]) + 1:04}_library_tables.sql"
    tables.write_text(f"-- depends: {newest.stem}\n{LIBRARY.read_text()}")
    tables.with_suffix(".rollback.sql").write_text(ROLLBACK)
    tool = half.root / "functions" / "tool" / "count_loans.sql"
    tool.parent.mkdir(parents=True)
    tool.write_text(SHIPPED_TOOL)
    with _own_database(alone) as target:
        here = {"STOREKEEPER_SQL": str(tmp_path)}
        run = as_dba(target, "ship", "count loans", **here)
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout.rstrip().endswith(f"{int(newest.name[:4]) + 2:04}_retail_count_loans.sql")
        for command in (["init", "--bare"], ["migrate"]):
            run = as_dba(target, *command, **here)
            assert run.returncode == 0, run.stderr
        assert call(target, ADA, "count_loans") == {"value": 2}
        assert call(target, BEN, "count_loans") == {"value": 1}
        run = as_dba(target, "status", "--json", **here)
        assert all(migration["applied"] for migration in json.loads(run.stdout)["migrations"])
        assert json.loads(run.stdout)["unshipped"] == []
        run = as_dba(target, "doctor", **here)
        assert "pending" not in run.stdout
        run = as_dba(target, "rollback", tables.stem, **here)
        assert run.returncode == 0, run.stderr
        assert target.execute("SELECT nspname FROM pg_namespace WHERE nspname = 'library'") == []
        assert target.execute("SELECT role FROM gateway.personas") == [("operators",)]


def test_beside_the_shop_on_one_server(server: Server, template: Target) -> None:
    """Memberships belong to the whole server: the login is a member of both businesses' personas."""
    with _own_database(server, template.password) as target:
        _make_library(target)
        assert len(call(target, ADA, "overdue_loans", AS_OF)["rows"]) == 2
    assert not _librarians(server), "the roles go with the persona"
