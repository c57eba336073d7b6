"""Migrations: what they build, that they leave nothing, one at a time, and with what rights.

Roles belong to the whole server, so what is said of them is tried on a server of its own.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlparse
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from conftest import SCALE, SEATTLE, SEED, TESTS, Server, Target, storekeeper
from servers import own_server
from storekeeper import migrations, model, sample, shipping
from storekeeper.database import Database, connect_to
from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings
from storekeeper.shipping import FOOTER, Half

ROOT = TESTS.parent
SQL = ROOT / "sql"
# In the order in which an empty database gets them: nothing in the gateway needs the other half.
LEDGER = [path for name in shipping.HALVES for path in Half(SQL / name).ledger()]
IDS = [path.stem for path in LEDGER]
FIRST, LAST = IDS[0], IDS[-1]
HARDENING = "0006_hardening"
BEFORE = [path for path in LEDGER if path.stem < HARDENING]
NEW_DATABASE = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
NEW_DATABASE_OF = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
DROP_DATABASE = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
CREATE_ACCOUNT = sql.SQL("CREATE ROLE {} LOGIN")


def rights(acl: str, kind: str, owner: str) -> str:
    """An access list whatever the order of the grants, and whether or not the default is written."""
    return (
        "(SELECT array_agg(item::text ORDER BY item::text)"
        f" FROM unnest(coalesce({acl}, acldefault('{kind}', {owner}))) AS item)"
    )


# What object files and migrations must agree on; each row ends up as one line of text.
CATALOG = {
    "functions": f"""
        SELECT pg_get_functiondef(p.oid), p.proowner::regrole,
            {rights("p.proacl", "f", "p.proowner")}, obj_description(p.oid, 'pg_proc')
        FROM pg_proc AS p""",
    "operators": """
        SELECT p.oid::regoperator, p.oprowner::regrole, p.oprcode::regprocedure,
            obj_description(p.oid, 'pg_operator')
        FROM pg_operator AS p""",
    "policies": """
        SELECT p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive, p.polroles::regrole[],
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
        FROM pg_policy AS p""",
    "triggers": """
        SELECT pg_get_triggerdef(p.oid), obj_description(p.oid, 'pg_trigger')
        FROM pg_trigger AS p WHERE NOT p.tgisinternal""",
    "relations": f"""
        SELECT p.oid::regclass, p.relkind, p.relowner::regrole,
            {rights("p.relacl", "r", "p.relowner")},
            p.reloptions, p.relrowsecurity, p.relforcerowsecurity, obj_description(p.oid, 'pg_class'),
            CASE WHEN p.relkind = 'v' THEN pg_get_viewdef(p.oid) END
        FROM pg_class AS p WHERE p.relname !~ 'yoyo'""",
    "columns": """
        SELECT p.attrelid::regclass, p.attname, format_type(p.atttypid, p.atttypmod), p.attnotnull,
            (SELECT array_agg(item::text ORDER BY item::text) FROM unnest(p.attacl) AS item),
            col_description(p.attrelid, p.attnum)
        FROM pg_attribute AS p JOIN pg_class AS c ON c.oid = p.attrelid
        WHERE p.attnum > 0 AND c.relname !~ 'yoyo'""",
    "constraints": "SELECT p.conname, pg_get_constraintdef(p.oid) FROM pg_constraint AS p",
    "schemas": f"""
        SELECT p.nspname, p.nspowner::regrole, {rights("p.nspacl", "n", "p.nspowner")},
            obj_description(p.oid, 'pg_namespace')
        FROM pg_namespace AS p""",
    "default privileges": """
        SELECT p.defaclrole::regrole, p.defaclobjtype, p.defaclacl::text FROM pg_default_acl AS p""",
    "event triggers": """
        SELECT p.evtname, p.evtevent, p.evttags, p.evtfoid::regproc FROM pg_event_trigger AS p""",
}
NAMESPACE = {
    "functions": "p.pronamespace",
    "operators": "p.oprnamespace",
    "relations": "p.relnamespace",
    "columns": "c.relnamespace",
    "constraints": "p.connamespace",
    "schemas": "p.oid",
}
OURS = " {} {} NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^information_schema$|^public$')"

# What hardening changes: rights on what PostgreSQL brings, on the database, and a setting.
BUILT_IN = """
SELECT kind, name, grantee::regrole, privilege_type, is_grantable
FROM (
    SELECT 'function', oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
    FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    UNION ALL SELECT 'relation', oid::regclass::text, relacl
    FROM pg_class WHERE relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl
    FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid < 16384
    UNION ALL SELECT 'language', lanname, coalesce(lanacl, acldefault('l', lanowner)) FROM pg_language
    UNION ALL SELECT 'schema', nspname, coalesce(nspacl, acldefault('n', nspowner))
    FROM pg_namespace WHERE nspname IN ('public', 'pg_catalog', 'information_schema')
    UNION ALL SELECT 'database', '', coalesce(datacl, acldefault('d', datdba))
    FROM pg_database WHERE datname = current_database()
) AS o (kind, name, acl), aclexplode(acl)
UNION ALL
SELECT 'setting', unnest(setconfig), setrole::regrole, '', false
FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

LEFT = """
SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'
UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> session_user
UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
UNION ALL SELECT 'default privilege ' || oid FROM pg_default_acl
UNION ALL SELECT 'setting ' || setconfig::text FROM pg_db_role_setting
UNION ALL SELECT 'membership ' || oid FROM pg_auth_members WHERE member > 16384
UNION ALL SELECT 'database right ' || datacl::text FROM pg_database
    WHERE datname = current_database() AND datacl::text ~ 'storekeeper'
UNION ALL SELECT 'schema right ' || nspacl::text FROM pg_namespace WHERE nspacl::text ~ 'storekeeper|manager'
UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""

STORES = "SELECT name FROM retail.stores"
ROLES = """
SELECT rolname FROM pg_roles
WHERE rolname ~ '^storekeeper_|^(sandbox_)?(store_managers|regional_managers|head_office|operators)$'
"""
RIGHTS = """
SELECT datacl::text FROM pg_database WHERE datname = current_database()
UNION ALL
SELECT concat_ws(
    ' ', roleid::regrole, member::regrole, grantor::regrole, admin_option, inherit_option, set_option
)
FROM pg_auth_members WHERE member > 16384
"""
OWNER_MAY_CREATE = (
    "SELECT has_database_privilege('storekeeper_owner', current_database(), 'CREATE')"
)
WAITING = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = %s)
"""


@pytest.fixture(scope="module", autouse=True)
def _split_once() -> Iterator[None]:
    """yoyo splits each migration into its statements whenever it looks at it, which takes longest here."""
    split = cache(sqlparse.split)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlparse, "split", lambda text: list(split(text)))
        yield


@pytest.fixture
def new_database(server: Server) -> Iterator[Callable[..., Target]]:
    """Makes empty databases on the tests' server."""
    made: list[str] = []

    def make(name: str | None = None) -> Target:
        made.append(name or f"storekeeper_new_{secrets.token_hex(4)}")
        execute(server.admin, NEW_DATABASE.format(sql.Identifier(made[-1])))
        return Target(server, made[-1], key=secrets.token_hex(32), password="")

    yield make
    for name in made:
        execute(server.admin, DROP_DATABASE.format(sql.Identifier(name)))


@pytest.fixture
def alone(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server on which nobody has made a role yet."""
    with own_server(request.config.getoption("--postgres")) as made:
        yield made


@pytest.fixture
def home() -> Iterator[Path]:
    """Not pytest's own folder: as root, PostgreSQL runs as an account that may not enter it."""
    made = Path(tempfile.mkdtemp(prefix="storekeeper-home-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def execute(conninfo: str, statement: str | sql.Composed) -> list[tuple[Any, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def catalog(conninfo: str) -> dict[str, list[str]]:
    """What a database holds, as lines of text."""
    found = {}
    for kind, query in CATALOG.items():
        if namespace := NAMESPACE.get(kind):
            query += OURS.format("AND" if "WHERE" in query else "WHERE", namespace)
        found[kind] = sorted(map(repr, execute(conninfo, query)))
    return found


def built_in(conninfo: str) -> set[tuple[Any, ...]]:
    """Who may do what with what PostgreSQL itself brings."""
    return set(execute(conninfo, BUILT_IN))


def only(folder: Path, *migrations: Path) -> Path:
    """A copy of sql/ in which there are just these migrations."""
    for migration in migrations:
        copy = folder / migration.parent.relative_to(SQL)
        copy.mkdir(parents=True, exist_ok=True)
        for file in (migration, shipping.rollback_file(migration)):
            shutil.copy(file, copy)
    return folder


def free_sql(query: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return storekeeper(
        "call",
        "execute_sales_query",
        f"postgresql_query={query}",
        "--json",
        "--principal",
        SEATTLE,
        environment=environment,
    )


def database_of(target: Target) -> Database:
    return Database(server=target.dba, dba=target.dba)


def yoyo(target: Target, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Stock yoyo as a DBA runs it: in the repository, with libpq's variables."""
    names = {
        "dbname": "PGDATABASE",
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
    }
    given = conninfo_to_dict(target.dba)
    environment = {names[name]: str(value) for name, value in given.items() if name in names}
    run = subprocess.run(
        [sys.executable, "-m", "yoyo", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0 or not check, run.stdout + run.stderr
    return run


# What they build


def test_object_files_and_migrations_build_the_same(new_database: Callable[..., Target]) -> None:
    by_migrations, by_files = new_database(), new_database()
    migrations.migrate(by_migrations.dba, SQL)
    for migration in LEDGER:
        half = Half(migration.parents[1])
        text = migration.read_text()
        role = shipping.OWNERS.get(half.root.name, shipping.OWNER)
        with psycopg.connect(by_files.dba) as connection:
            if FOOTER not in text:
                connection.execute(text)
                continue
            connection.execute(f"SET LOCAL ROLE {role}")
            connection.execute("SET LOCAL check_function_bodies = off")
            later = {
                path
                for other in half.ledger()
                if other.name > migration.name
                for path, _ in shipping._sections(other.read_text())
            }
            for path, shipped in shipping._sections(text):
                file = half.root / path
                if file.exists():
                    # What is shipped anew may need what is not there yet; what drops is no object.
                    newest = path not in later and shipped.startswith("--")
                    connection.execute(file.read_text() if newest else shipped)
    expected, found = catalog(by_files.dba), catalog(by_migrations.dba)
    assert len(expected["functions"]) > 30
    assert len(expected["policies"]) > 10
    for kind in CATALOG:
        assert found[kind] == expected[kind], kind


def test_functions_are_owned_and_granted(shared: Target) -> None:
    """Of what the migrations made, nothing belongs to the account that ran them or is open to PUBLIC."""
    assert (
        shared.execute(
            "SELECT DISTINCT n.nspname, p.proowner::regrole::text FROM pg_proc AS p"
            " JOIN pg_namespace AS n ON n.oid = p.pronamespace"
            " WHERE n.nspname IN ('gateway', 'retail', 'sample', 'tool', 'resource', 'prompt', 'completion')"
            " AND (p.proowner::regrole::text NOT IN ('storekeeper_owner', 'storekeeper_definer')"
            "  OR (n.nspname = 'gateway') <> (p.proowner::regrole::text = 'storekeeper_definer')"
            "  OR p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0))"
        )
        == []
    )


def test_apply_roll_back_apply(alone: Server) -> None:
    name = "first"
    execute(alone.admin, NEW_DATABASE.format(sql.Identifier(name)))
    conninfo = alone.conninfo(name)
    assert migrations.migrate(conninfo, SQL) == IDS
    assert migrations.migrate(conninfo, SQL) == []
    before = catalog(conninfo)
    assert before["functions"]
    execute(conninfo, "SELECT gateway.harden('own')")
    assert migrations.rollback(conninfo, SQL, FIRST) == IDS[::-1]
    assert execute(conninfo, LEFT) == []
    assert not any(catalog(conninfo).values())
    assert not any(m.applied for m in migrations.status(conninfo, SQL))
    assert migrations.rollback(conninfo, SQL, FIRST) == []
    assert migrations.migrate(conninfo, SQL) == IDS
    assert catalog(conninfo) == before


@pytest.mark.parametrize(
    "order", [LEDGER, sorted(LEDGER, key=lambda path: path.name)], ids=["fresh", "as written"]
)
def test_each_migration_alone_goes_back_and_forth(
    new_database: Callable[..., Target], tmp_path: Path, order: list[Path]
) -> None:
    """A rollback gives back what was before it, from the last to the first."""
    target = new_database()
    states = []
    for migration in order:
        states.append((catalog(target.dba), built_in(target.dba)))
        only(tmp_path, migration)
        assert migrations.migrate(target.dba, tmp_path) == [migration.stem]
    for migration, (before, rights_before) in zip(order[::-1], states[::-1], strict=True):
        assert migrations.rollback(target.dba, SQL, migration.stem) == [migration.stem]
        after = catalog(target.dba)
        for kind in CATALOG:
            assert after[kind] == before[kind], (migration.stem, kind)
        assert built_in(target.dba) == rights_before, migration.stem


def test_a_rollback_takes_what_depends_on_it_too(new_database: Callable[..., Target]) -> None:
    target = new_database()
    migrations.migrate(target.dba, SQL)
    retail = [path.stem for path in Half(SQL / "retail").ledger()]
    assert migrations.rollback(target.dba, SQL, retail[0]) == retail[::-1]
    applied = {m.id for m in migrations.status(target.dba, SQL) if m.applied}
    assert applied == {path.stem for path in Half(SQL / "gateway").ledger()}
    assert migrations.migrate(target.dba, SQL) == retail
    with pytest.raises(ConfigurationError, match="no migration 9999_x") as caught:
        migrations.rollback(target.dba, SQL, "9999_x")
    assert caught.value.hint


def test_a_rollback_leaves_other_databases_alone(alone: Server) -> None:
    for name in ("one", "other"):
        execute(alone.admin, NEW_DATABASE.format(sql.Identifier(name)))
        migrations.migrate(alone.conninfo(name), SQL)
    other = alone.conninfo("other")
    roles, before = execute(other, ROLES), catalog(other)
    assert len(roles) == 7 + 2 * 4
    migrations.rollback(alone.conninfo("one"), SQL, FIRST)
    assert execute(other, ROLES) == roles
    assert catalog(other) == before
    sample_data(other)
    assert seen_by(other, SEATTLE) == ["Zava Retail Seattle"]
    migrations.rollback(other, SQL, FIRST)
    assert execute(other, LEFT) == []


def test_a_rollback_leaves_rights_on_other_databases(alone: Server) -> None:
    for name in ("one", "other"):
        execute(alone.admin, NEW_DATABASE.format(sql.Identifier(name)))
        migrations.migrate(alone.conninfo(name), SQL)
    before = execute(alone.conninfo("other"), RIGHTS)
    assert execute(alone.conninfo("other"), OWNER_MAY_CREATE) == [(True,)]
    migrations.rollback(alone.conninfo("one"), SQL, FIRST)
    assert execute(alone.conninfo("other"), OWNER_MAY_CREATE) == [(True,)]
    assert execute(alone.conninfo("other"), RIGHTS) == before


# A database that was there before


def test_a_database_of_the_migrations_before_becomes_the_same(
    alone: Server, tmp_path: Path
) -> None:
    for name in ("fresh", "older"):
        execute(alone.admin, NEW_DATABASE.format(sql.Identifier(name)))
    execute(alone.admin, CREATE_ACCOUNT.format(sql.Identifier("another_program")))
    fresh, older = alone.conninfo("fresh"), alone.conninfo("older")
    migrations.migrate(fresh, SQL)
    expected = catalog(fresh)

    migrations.migrate(older, only(tmp_path, *BEFORE))
    before, rights_before = catalog(older), built_in(older)
    added = [m.id for m in migrations.status(older, SQL) if not m.applied]
    assert added[0] == HARDENING
    for strength in ("own", "shared", None):
        assert migrations.migrate(older, SQL) == added
        for kind in CATALOG:
            assert catalog(older)[kind] == expected[kind], kind
        if strength:
            execute(older, f"SELECT gateway.harden('{strength}')")
            assert len(rights_before - built_in(older)) > 40
        assert set(migrations.rollback(older, SQL, HARDENING)) == set(added)
        for kind in CATALOG:
            assert catalog(older)[kind] == before[kind], kind
        assert built_in(older) == rights_before
    # The role stays for the other database.
    migrations.rollback(fresh, SQL, FIRST)
    assert migrations.rollback(older, SQL, FIRST) == [path.stem for path in BEFORE[::-1]]
    assert execute(older, "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1") == [
        ("another_program",),
        ("postgres",),
    ]


def test_an_embedded_database_of_the_migrations_before_is_hardened_by_migrating(
    request: pytest.FixtureRequest, home: Path, tmp_path: Path
) -> None:
    settings = Settings.read(
        home=home,
        sql=only(tmp_path / "sql", *BEFORE),
        embedded_version=request.config.getoption("--postgres"),
    )
    data = shutil.copytree(SQL / "retail" / "data", tmp_path / "sql" / "retail" / "data")
    # These migrations know no operators yet.
    people = (data / "people.csv").read_text().splitlines(keepends=True)
    (data / "people.csv").write_text("".join(p for p in people if ",operators," not in p))
    with connect_to(settings, embedded=True) as database:
        migrations.migrate(database.dba, tmp_path / "sql")
        with psycopg.connect(database.dba) as connection:
            connection.execute(sample.INSTALL_KEY, (settings.make_assertion_key(),))
        sample.load(database.dba, settings, SCALE, SEED, lambda *_: None)

    environment = {
        "STOREKEEPER_HOME": str(home),
        "STOREKEEPER_SQL": str(SQL),
        "STOREKEEPER_EMBEDDED_VERSION": str(settings.embedded_version),
        "PATH": os.environ["PATH"],
    }
    run = storekeeper("migrate", environment=environment)
    assert run.returncode == 0, run.stderr
    assert HARDENING in run.stdout.split()
    run = storekeeper("doctor", "--json", environment=environment)
    found = {finding["subject"]: finding for finding in json.loads(run.stdout)["findings"]}
    assert found["free SQL"]["finding"] == "hardened as a database of our own"
    assert found["sandboxes"]["ok"]
    run = free_sql("SELECT count(DISTINCT store_id) AS stores FROM orders", environment)
    assert json.loads(run.stdout)["rows"] == [{"stores": 1}]
    assert free_sql("SELECT pg_notify('a', 'b')", environment).returncode == 1


# Dumps


def test_a_dump_keeps_the_hardening_of_functions(
    server: Server, new_database: Callable[..., Target]
) -> None:
    dump, restore = (Path(server.psql).with_name(name) for name in ("pg_dump", "pg_restore"))
    if not dump.exists():
        pytest.skip("no pg_dump beside psql")
    target, copy = new_database(), new_database()
    migrations.migrate(target.dba, SQL)
    target.execute("SELECT gateway.harden('own')")
    archive = subprocess.run(
        [dump, "--format=custom", target.dba], capture_output=True, check=True, timeout=60
    ).stdout
    subprocess.run(
        [restore, "--exit-on-error", "--dbname", copy.dba], input=archive, check=True, timeout=60
    )
    for kind in ("functions", "relations", "schemas"):
        assert catalog(copy.dba)[kind] == catalog(target.dba)[kind], kind

    # As the handbook says, this much is not in it; the doctor sees it, and hardening mends it.
    lost = {
        "information_schema" if name.startswith("information_schema.") else kind
        for kind, name, *_ in built_in(target.dba) ^ built_in(copy.dba)
    }
    assert lost == {"database", "setting", "language", "information_schema"}
    healthy = "SELECT ok FROM gateway.doctor() WHERE subject = 'free SQL'"
    assert copy.execute(healthy) == [(False,)]
    copy.execute("SELECT gateway.harden('own')")
    assert copy.execute(healthy) == [(True,)]
    assert {kind for kind, *_ in built_in(target.dba) ^ built_in(copy.dba)} == {"database"}
    grant = sql.SQL("GRANT CREATE ON DATABASE {} TO storekeeper_owner, storekeeper_definer")
    execute(copy.dba, grant.format(sql.Identifier(copy.name)))
    assert built_in(copy.dba) == built_in(target.dba)


# Stock yoyo


def test_stock_yoyo_does_the_same(new_database: Callable[..., Target]) -> None:
    ours, theirs = new_database(), new_database()
    migrations.migrate(ours.dba, SQL)
    yoyo(theirs, "apply", "--batch")
    assert catalog(theirs.dba) == catalog(ours.dba)
    assert all(m.applied for m in migrations.status(theirs.dba, SQL))
    assert migrations.migrate(theirs.dba, SQL) == []
    yoyo(theirs, "rollback", "--batch", "--revision", Half(SQL / "retail").ledger()[0].stem)
    assert [m.half for m in migrations.status(theirs.dba, SQL) if m.applied] == ["gateway"] * len(
        Half(SQL / "gateway").ledger()
    )
    yoyo(ours, "rollback", "--batch", "--all")
    assert not any(m.applied for m in migrations.status(ours.dba, SQL))
    assert not any(catalog(ours.dba).values())


# One at a time


def test_two_at_once(new_database: Callable[..., Target]) -> None:
    target = new_database()
    command = [sys.executable, "-m", "storekeeper", "migrate"]
    environment = target.environment(STOREKEEPER_DATABASE_URL=target.dba, STOREKEEPER_SQL=str(SQL))
    with psycopg.connect(target.dba, autocommit=True) as gate:
        gate.execute(migrations.ONE_AT_A_TIME)
        processes = [
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        try:
            deadline = time.monotonic() + 20
            while gate.execute(WAITING, (target.name,)).fetchone() != (2,):
                assert time.monotonic() < deadline, "they don't wait for each other"
                time.sleep(0.01)
            gate.close()
            answers = [process.communicate(timeout=40) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    assert [process.returncode for process in processes] == [0, 0], answers
    assert sorted(answer for answer, _ in answers) == [
        "".join(f"{name}\n" for name in IDS),
        "The migrations are up to date.\n",
    ]


def test_a_left_over_lock(
    new_database: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = new_database()
    migrations.migrate(target.dba, SQL)
    target.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 4242)")
    monkeypatch.setattr(migrations, "LOCK_PATIENCE", 0.1)
    for attempt in (migrations.migrate, partial(migrations.rollback, migration_id=FIRST)):
        with pytest.raises(
            ConfigurationError, match=r"Process 4242 has locked this database\."
        ) as caught:
            attempt(target.dba, SQL)
        assert "yoyo break-lock" in str(caught.value.hint)
    assert all(m.applied for m in migrations.status(target.dba, SQL))
    yoyo(target, "break-lock", "--batch")
    assert migrations.migrate(target.dba, SQL) == []


# What goes wrong


def test_a_migration_that_fails_leaves_nothing_of_itself(
    new_database: Callable[..., Target], tmp_path: Path
) -> None:
    target = new_database()
    folder = shutil.copytree(SQL, tmp_path / "sql")
    number = max(int(name[:4]) for name in IDS) + 1
    broken = folder / "retail" / "migrations" / f"{number:04}_retail_broken.sql"
    broken.write_text(f"-- depends: {LAST}\nCREATE TABLE retail.half_made ();\nSELECT 1 / 0;\n")
    shipping.rollback_file(broken).write_text("DROP TABLE retail.half_made;\n")
    with pytest.raises(ConfigurationError, match="division by zero") as caught:
        migrations.migrate(target.dba, folder)
    assert caught.value.sqlstate == "22012"
    assert target.execute("SELECT to_regclass('retail.half_made')") == [(None,)]
    listed = migrations.status(target.dba, folder)
    assert [m.id for m in listed if not m.applied] == [broken.stem]
    broken.write_text(broken.read_text().replace("/ 0", "/ 1"))
    assert migrations.migrate(target.dba, folder) == [broken.stem]


def test_awkward_names(new_database: Callable[..., Target]) -> None:
    target = new_database(f'it\'s 100% "odd" & a=b+c {secrets.token_hex(4)}')
    assert migrations.migrate(target.dba, SQL, ("gateway",))
    assert catalog(target.dba)["functions"]


def test_no_server(tmp_path: Path) -> None:
    for attempt in (migrations.migrate, migrations.status):
        with pytest.raises(Exception, match="No connection to the database") as caught:
            attempt(f"host={tmp_path}", SQL)
        assert getattr(caught.value, "hint", None)


def test_no_folder(tmp_path: Path) -> None:
    assert migrations.sql_folder(Settings.read(sql=SQL)) == SQL
    assert (migrations.sql_folder(Settings.read(sql=tmp_path)) / "gateway").is_dir()


# status and keys


def test_status(new_database: Callable[..., Target]) -> None:
    target = new_database()

    def listed() -> list[tuple[str, str, bool]]:
        return [(m.id, m.half, m.applied) for m in migrations.status(target.dba, SQL)]

    expected = [(path.stem, path.parents[1].name) for path in LEDGER]
    assert listed() == [(*entry, False) for entry in expected]
    migrations.migrate(target.dba, SQL, ("gateway",))
    assert listed() == [(*entry, entry[1] == "gateway") for entry in expected]
    run = storekeeper(
        "status",
        environment=target.environment(
            STOREKEEPER_DATABASE_URL=target.dba, STOREKEEPER_SQL=str(SQL)
        ),
    )
    assert run.returncode == 0, run.stderr
    assert re.search(rf"{FIRST}\s+gateway\s+yes", run.stdout)
    assert re.search(rf"{LAST}\s+retail\s+no", run.stdout)


def test_the_assertion_key(own: Target) -> None:
    database = database_of(own)
    assert sample.prepare(database, Settings.read(assertion_key=own.key), bare=False) == []
    another = secrets.token_hex(32)
    with pytest.raises(ConfigurationError, match="another assertion key") as caught:
        sample.prepare(database, Settings.read(assertion_key=another), bare=False)
    assert "STOREKEEPER_ASSERTION_KEY" in str(caught.value.hint)
    assert another not in str(caught.value.as_dict())
    assert own.execute("SELECT gateway.install_key('assertion', decode(%s, 'hex'))", another) == [
        (False,)
    ]
    assert own.execute(
        "SELECT gateway.install_key('assertion', decode(%s, 'hex'), replace => true)", another
    ) == [(True,)]
    assert sample.prepare(database, Settings.read(assertion_key=another), bare=False) == []
    with pytest.raises(ConfigurationError, match="another assertion key"):
        sample.prepare(database, Settings.read(assertion_key=own.key), bare=False)
    for short in ("00" * 31, "00" * 65):
        with pytest.raises(psycopg.Error) as refused:
            sample.prepare(database, Settings.read(assertion_key=short), bare=False)
        assert refused.value.sqlstate == "SK400"


# Without superuser rights


def test_the_servers_account_may_not_migrate(shared: Target) -> None:
    started = time.monotonic()
    for attempt in (migrations.migrate, migrations.status):
        with pytest.raises(ConfigurationError, match="storekeeper_gateway may not migrate"):
            attempt(shared.gateway, SQL)
    assert time.monotonic() - started < 5, "yoyo's own wait for a lock it can't have"


def test_an_account_that_owns_nothing(alone: Server) -> None:
    """yoyo's tables come first: where they can't be made, the statement is told at once."""
    execute(alone.admin, CREATE_ACCOUNT.format(sql.Identifier("plain")))
    execute(alone.admin, NEW_DATABASE.format(sql.Identifier("theirs")))
    with pytest.raises(ConfigurationError, match="plain may not migrate database theirs") as caught:
        migrations.migrate(alone.conninfo("theirs", user="plain"), SQL)
    assert caught.value.detail == "GRANT CREATE ON SCHEMA public TO plain;"
    assert caught.value.hint
    execute(alone.conninfo("theirs"), caught.value.detail)
    with pytest.raises(ConfigurationError, match="may not set up everything") as caught:
        migrations.migrate(alone.conninfo("theirs", user="plain"), SQL)
    assert caught.value.sqlstate == "SK403"
    assert "GRANT CREATE ON DATABASE theirs TO plain;" in str(caught.value.detail).splitlines()


def test_an_account_that_may_create_roles(alone: Server) -> None:
    execute(alone.admin, CREATE_ACCOUNT.format(sql.Identifier("dba")))
    execute(alone.admin, "ALTER ROLE dba CREATEROLE")
    mine = _migrates_as_told(
        alone,
        [
            r"CREATE ROLE storekeeper_loader NOLOGIN BYPASSRLS;",
            r"GRANT storekeeper_loader TO dba WITH ADMIN TRUE, SET TRUE;",
            r"CREATE EXTENSION vector SCHEMA public;",
        ],
    )
    _works_without_superuser_rights(alone, mine)


def test_an_account_that_may_create_nothing(alone: Server) -> None:
    execute(alone.admin, CREATE_ACCOUNT.format(sql.Identifier("dba")))
    roles = ("storekeeper_owner", "storekeeper_definer", "storekeeper_dba", "storekeeper_loader")
    personas = [
        f"{prefix}{role}"
        for role in ("store_managers", "regional_managers", "head_office")
        for prefix in ("", "sandbox_")
    ]
    mine = _migrates_as_told(
        alone,
        [
            *(rf"CREATE ROLE {role} NOLOGIN( BYPASSRLS)?;" for role in roles),
            *(rf"GRANT {role} TO dba WITH ADMIN TRUE, SET TRUE;" for role in roles),
            r"CREATE ROLE storekeeper_gateway LOGIN .*;",
            r"CREATE EXTENSION vector SCHEMA public;",
        ],
        [
            r"CREATE ROLE storekeeper_trusted NOLOGIN;",
            *(rf"GRANT storekeeper_trusted TO {role} WITH INHERIT TRUE;" for role in roles[:3]),
        ],
        [
            r"CREATE ROLE storekeeper_auditor NOLOGIN;",
            *(rf"CREATE ROLE {role} NOLOGIN;" for role in ("operators", "sandbox_operators")),
            *(
                rf"GRANT {role} TO dba WITH ADMIN TRUE, SET TRUE;"
                for role in ("operators", "sandbox_operators")
            ),
        ],
        [
            *(rf"CREATE ROLE {role} NOLOGIN;" for role in personas),
            *(rf"GRANT {role} TO dba WITH ADMIN TRUE, SET TRUE;" for role in personas),
        ],
    )
    sample_data(mine)
    assert seen_by(mine, SEATTLE) == ["Zava Retail Seattle"]


def test_a_role_that_a_superuser_made_before(alone: Server) -> None:
    """The account may make roles, but can't grant one that is another's."""
    execute(alone.admin, CREATE_ACCOUNT.format(sql.Identifier("dba")))
    execute(alone.admin, "ALTER ROLE dba CREATEROLE BYPASSRLS")
    execute(alone.admin, "CREATE ROLE storekeeper_trusted NOLOGIN")
    execute(alone.admin, NEW_DATABASE_OF.format(sql.Identifier("mine"), sql.Identifier("dba")))
    execute(alone.conninfo("mine"), "CREATE EXTENSION vector SCHEMA public")
    _told(
        alone,
        [
            rf"GRANT storekeeper_trusted TO storekeeper_{role} WITH INHERIT TRUE;"
            for role in ("owner", "definer", "dba")
        ],
    )
    assert migrations.migrate(alone.conninfo("mine", user="dba"), SQL)


def _told(server: Server, expected: list[str]) -> None:
    """Migrating stops, and lists these statements; a superuser runs them."""
    with pytest.raises(ConfigurationError, match="The account dba may not") as caught:
        migrations.migrate(server.conninfo("mine", user="dba"), SQL)
    assert caught.value.sqlstate == "SK403"
    assert "superuser" in str(caught.value.hint)
    statements = (caught.value.detail or "").splitlines()
    assert len(statements) == len(expected), statements
    for pattern in expected:
        assert any(re.fullmatch(pattern, statement) for statement in statements), pattern
    # Each is needed: none fails, as one for a role that is there would.
    execute(server.conninfo("mine"), "\n".join(statements))


def _migrates_as_told(server: Server, first: list[str], *more: list[str]) -> str:
    """Migrating says what to run, as far as it has come; the database that this account then has."""
    execute(server.admin, NEW_DATABASE_OF.format(sql.Identifier("mine"), sql.Identifier("dba")))
    mine = server.conninfo("mine", user="dba")
    trusted = execute(
        server.admin,
        "SELECT bool_or(trusted) FROM pg_available_extension_versions WHERE name = 'vector'",
    )
    if trusted == [(True,)]:
        first = [pattern for pattern in first if "EXTENSION" not in pattern]
    for expected in (first, *more):
        _told(server, expected)
    assert migrations.migrate(mine, SQL)
    assert migrations.migrate(mine, SQL) == []
    assert not execute(mine, "SELECT evtname FROM pg_event_trigger")
    return mine


def _works_without_superuser_rights(server: Server, mine: str) -> None:
    target = Target(server, "mine", key=secrets.token_hex(32), password="")
    sample.prepare(
        Database(server=mine, dba=mine), Settings.read(assertion_key=target.key), bare=False
    )
    assert model.load(mine, lambda *_: None)
    sample_data(mine)
    assert seen_by(mine, SEATTLE) == ["Zava Retail Seattle"]
    run = storekeeper("call", "list_stores", "--json", environment=target.environment(SEATTLE))
    assert run.returncode == 0, run.stderr
    assert '"Zava Retail Seattle"' in run.stdout
    assert "Bellevue" not in run.stdout
    _serves_free_sql_once_accepted(target, mine)
    # Serving with the DBA's own account is refused.
    run = storekeeper(
        "call",
        "list_stores",
        environment=target.environment(SEATTLE, STOREKEEPER_DATABASE_URL=mine),
    )
    assert run.returncode == 1
    assert "must not serve" in run.stderr
    # What this account made it can take away; not what a superuser took from everybody.
    execute(server.conninfo("mine"), "SELECT gateway.harden('own')")
    assert seen_by(mine, SEATTLE) == ["Zava Retail Seattle"]
    with pytest.raises(ConfigurationError, match="may not give back") as caught:
        migrations.rollback(mine, SQL, HARDENING)
    assert "superuser" in str(caught.value.hint)
    execute(server.conninfo("mine"), caught.value.detail or "")
    migrations.rollback(mine, SQL, HARDENING)
    migrations.rollback(mine, SQL, Half(SQL / "retail").ledger()[0].stem)
    assert execute(mine, "SELECT nspname FROM pg_namespace WHERE nspname ~ 'retail|guard'") == []
    assert migrations.migrate(mine, SQL)


def _serves_free_sql_once_accepted(target: Target, dba: str) -> None:
    environment = target.environment(SEATTLE)
    as_dba = target.environment(STOREKEEPER_DATABASE_URL=dba)
    query = "SELECT count(DISTINCT store_id) AS stores FROM orders"

    refused = json.loads(free_sql(query, environment).stdout)["error"]
    assert refused["sqlstate"] == "SK403"
    assert "storekeeper harden" in refused["hint"]
    run = storekeeper("harden", "own", environment=as_dba)
    assert run.returncode == 1
    assert "Only a superuser" in run.stderr
    run = storekeeper("harden", "accept", environment=as_dba)
    assert run.returncode == 0, run.stderr

    assert json.loads(free_sql(query, environment).stdout)["rows"] == [{"stores": 1}]
    run = storekeeper("doctor", "--json", environment=as_dba)
    (found,) = (f for f in json.loads(run.stdout)["findings"] if f["subject"] == "free SQL")
    assert found["ok"]
    assert found["finding"].startswith("not hardened, which the DBA has accepted")


def sample_data(conninfo: str) -> None:
    loaded = sample.load(conninfo, Settings.read(), SCALE, SEED, lambda *_: None)
    assert loaded is not None
    assert loaded["retail.orders"] > 1000


def seen_by(conninfo: str, person: str) -> list[str]:
    with closing(psycopg.connect(conninfo)) as connection:
        connection.execute("SELECT gateway.impersonate(%s)", (person,))
        return [name for (name,) in connection.execute(STORES)]
