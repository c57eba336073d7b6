"""One protection at a time is switched off: an attack of the corpus that it held must be caught then.

That it holds before, test_attacks.py says, and this where a mutation needs more to be given; then all is
mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from attacks import corpus
from attacks.world import (
    PERSONS,
    Attackers,
    Served,
    World,
    outcome_of,
    patched,
    plant,
    run,
    world_of,
)
from conftest import TESTS, Target, _copy
from wire import Wire

ATTACKS = {attack.name: attack for attack in corpus.read()}
IDENTITY, AUTHENTICATE, SIGN = "gateway.identity", "gateway.authenticate", "gateway.sign_context"
RUN, ASSUME, EXPLAIN = "gateway.run_query", "gateway.assume", "gateway.explain_query"
CHECK = "guard.check_query"
ADMIT, LOGIN = "gateway.admit_free_query", "gateway.login_faults"
ONCE, PERFORMANCE = "gateway.once", "gateway.performance"
SQL = TESTS.parent / "sql"
OWNERS = {"gateway": "definer", "retail": "owner"}
# What puts right whatever a mutation changed.
OBJECTS = [
    *(
        Path("gateway/functions") / f"{name.replace('.', '/')}.sql"
        for name in (
            IDENTITY,
            AUTHENTICATE,
            SIGN,
            RUN,
            ASSUME,
            EXPLAIN,
            ADMIT,
            LOGIN,
            ONCE,
            PERFORMANCE,
        )
    ),
    *(
        Path("retail/policies") / f"{table}.sql"
        for table in ("customers", "orders", "stock_movements", "daily_sales")
    ),
]
MENDING = """
    SELECT gateway.harden('own');
    SELECT gateway.make_sandbox('store_managers');
    ALTER TABLE retail.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""
# What only sandbox roles have, for everybody: what remains is the mutation.
RUNNING = """
    GRANT EXECUTE ON FUNCTION gateway.run_query, gateway.query_types, gateway.near_names TO PUBLIC;
    GRANT USAGE ON SCHEMA guard TO PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA guard TO PUBLIC
"""
NOT_RUNNING = """
    REVOKE EXECUTE ON FUNCTION gateway.run_query, gateway.query_types, gateway.near_names FROM PUBLIC;
    REVOKE USAGE ON SCHEMA guard FROM PUBLIC;
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA guard FROM PUBLIC
"""


@dataclass(frozen=True)
class Mutation:
    """A protection, what switches it off, and the attacks that notice."""

    name: str
    attacks: tuple[str, ...]
    statement: str = ""  # run as superuser
    python: str = (
        ""  # run in the server before it starts, `g` is storekeeper.gateway, `c` .connection
    )
    given: str = ""  # switches another protection off that stands before this one, and is no fault
    notice: str = ""  # what a fault must look like, where `given` makes another
    undo: str = ""  # of what MENDING does not put right
    role: str = "store_managers"


def rewritten(function: str, old: str, new: str) -> str:
    """The statement that puts another text into a function; it fails where the old is not there."""
    return f"""
        DO $mutation$
        DECLARE
            v_text text := pg_get_functiondef('{function}'::regproc);
        BEGIN
            ASSERT strpos(v_text, $old${old}$old$) > 0, 'nothing to change in {function}';
            EXECUTE replace(v_text, $old${old}$old$, $new${new}$new$);
        END
        $mutation$
    """


def granted(family: str) -> str:
    """The statement that gives a family of built-in functions back to PUBLIC, and accepts that."""
    return f"""
        DO $mutation$
        DECLARE
            v_names text := (
                SELECT string_agg(f.function_oid::regprocedure::text, ', ')
                FROM (
                    SELECT * FROM gateway.acting_functions()
                    UNION ALL
                    SELECT * FROM gateway.telling_functions()
                ) AS f (function_oid, family)
                WHERE f.family = '{family}'
            );
        BEGIN
            EXECUTE 'GRANT EXECUTE ON FUNCTION ' || v_names || ' TO PUBLIC';
            PERFORM gateway.accept_exposures();
        END
        $mutation$
    """


MUTATIONS = [
    # identity
    Mutation(
        "the context's mac",
        ("identity/a forged context in a definer function's setting",),
        rewritten(
            IDENTITY,
            "left(v_context, 64) IS DISTINCT FROM encode(gateway.mac('context', v_signed), 'hex')",
            "false",
        ),
    ),
    Mutation(
        "the context's backend",
        ("identity/a context that was signed for another backend",),
        rewritten(IDENTITY, "v_parts[1] IS DISTINCT FROM pg_backend_pid()::text", "false"),
    ),
    Mutation(
        "the context's transaction",
        ("identity/a context that was signed in an earlier transaction",),
        rewritten(
            IDENTITY,
            "v_parts[2] IS DISTINCT FROM extract(epoch FROM transaction_timestamp())::text",
            "false",
        ),
    ),
    Mutation(
        "the assertion's mac",
        ("identity/the server's account with a forged assertion",),
        rewritten(AUTHENTICATE, "AND encode(v_mac, 'hex') = v_parts[5]", ""),
    ),
    Mutation(
        "the assertion's expiry",
        ("identity/the server's account with an expired assertion",),
        rewritten(
            AUTHENTICATE,
            """AND v_parts[3] > trunc(extract(epoch FROM clock_timestamp()))::text COLLATE "C\"""",
            "",
        ),
    ),
    Mutation(
        "whether the person is active",
        ("identity/the server's account with the assertion of somebody who left",),
        rewritten(SIGN, "AND p.active", ""),
    ),
    Mutation(
        "one person a transaction",
        ("identity/a second person in the transaction of the first",),
        rewritten(ASSUME, "IF v_before IS DISTINCT FROM", "IF false AND v_before IS DISTINCT FROM"),
    ),
    Mutation(
        "that only a DBA impersonates",
        ("identity/the server's account impersonates",),
        "GRANT EXECUTE ON FUNCTION gateway.impersonate, gateway.sign_impersonation TO storekeeper_gateway",
        undo="REVOKE EXECUTE ON FUNCTION gateway.impersonate, gateway.sign_impersonation"
        " FROM storekeeper_gateway",
    ),
    Mutation(
        "that the gateway's functions are its own",
        ("identity/the server's account signs a context",),
        "GRANT EXECUTE ON FUNCTION gateway.sign_context TO PUBLIC;"
        "ALTER FUNCTION gateway.sign_context SECURITY DEFINER",
    ),
    Mutation(
        "that the keys are the gateway's own",
        ("identity/the keys read", "buggy_tools/a quote that reads the keys"),
        "GRANT SELECT ON gateway.keys TO PUBLIC",
        undo="REVOKE SELECT ON gateway.keys FROM PUBLIC",
    ),
    # the record, and writes that happen once
    Mutation(
        "whose key it is",
        ("writing_tools/the answer that another person got for their key",),
        rewritten(
            ONCE,
            "v_principal_id := gateway.principal_id();",
            "v_principal_id := (SELECT a.principal_id FROM gateway.answers AS a"
            " WHERE (a.tool, a.key) = (once.tool, once.key) ORDER BY a.answer LIMIT 1);",
        ),
    ),
    Mutation(
        "that the answers are the gateway's own",
        ("writing_tools/all keys and answers",),
        "GRANT SELECT ON gateway.answers TO PUBLIC",
        undo="REVOKE SELECT ON gateway.answers FROM PUBLIC",
    ),
    Mutation(
        "that the record is its auditors' own",
        ("record_of_calls/the record by a reading tool",),
        "GRANT SELECT ON gateway.calls TO PUBLIC",
        undo="REVOKE SELECT ON gateway.calls FROM PUBLIC",
    ),
    Mutation(
        "that an operator was signed in",
        ("record_of_calls/the server's account as an operator that nobody signed in",),
        rewritten(
            PERFORMANCE,
            "IF NOT has_function_privilege(",
            "IF false AND NOT has_function_privilege(",
        ),
    ),
    # row security
    Mutation(
        "FORCE ROW LEVEL SECURITY",
        ("buggy_tools/a definer's rights over other stores",),
        "ALTER TABLE retail.customers NO FORCE ROW LEVEL SECURITY",
    ),
    Mutation(
        "ENABLE ROW LEVEL SECURITY",
        ("buggy_tools/everybody's customers", "session_hijack/the role of head office"),
        "ALTER TABLE retail.customers DISABLE ROW LEVEL SECURITY",
    ),
    Mutation(
        "the guard",
        ("buggy_tools/the victim's order by its id",),
        "DROP POLICY tenant_guard ON retail.orders",
        role="head_office",
    ),
    Mutation(
        "the guard, against another persona's role",
        ("session_hijack/the role of head office, to another store",),
        "DROP POLICY tenant_guard ON retail.orders",
    ),
    *(
        Mutation(
            f"the policy of {role} behind the guard",
            ("buggy_tools/the victim's order by its id",),
            f"ALTER POLICY {policy} ON retail.orders USING (true)",
            given="DROP POLICY tenant_guard ON retail.orders",
            role=role,
        )
        for role, policy in [
            ("store_managers", "store_manager_orders"),
            ("regional_managers", "regional_manager_orders"),
        ]
    ),
    Mutation(
        "WITH CHECK",
        ("cross_tenant_writes/a customer of another store",),
        "DROP POLICY tenant_guard ON retail.customers;"
        "ALTER POLICY store_manager_customers ON retail.customers WITH CHECK (true)",
    ),
    *(
        Mutation(
            f"the policies of {table}",
            (f"writing_tools/{attack}",),
            f"DROP POLICY tenant_guard ON retail.{table};"
            f"ALTER POLICY store_manager_{table} ON retail.{table} USING (true)",
        )
        for table, attack in [
            ("stock_movements", "everybody's movements of stock"),
            ("daily_sales", "everybody's daily sales"),
        ]
    ),
    Mutation(
        "that nobody writes under another's name",
        ("writing_tools/a movement under another person's name",),
        "GRANT INSERT (made_by) ON retail.stock_movements TO store_managers",
        undo="REVOKE INSERT (made_by) ON retail.stock_movements FROM store_managers",
    ),
    Mutation(
        "that columns are granted one by one",
        ("buggy_tools/a reading tool counts writes by ctid",),
        "GRANT SELECT ON retail.orders TO store_managers",
        undo="REVOKE SELECT ON retail.orders FROM store_managers;"
        "GRANT SELECT (store_id, order_id, customer_id, order_date, total_amount, status)"
        " ON retail.orders TO store_managers",
    ),
    # the sandbox
    Mutation(
        "that the sandbox is SECURITY DEFINER",
        ("identity/the role set by set_config",),
        f"ALTER FUNCTION sandbox.run_store_managers SECURITY INVOKER; {RUNNING}",
        undo=NOT_RUNNING,
        given=granted("settings"),
    ),
    Mutation(
        "that the sandbox's owner is powerless",
        ("identity/the people read", "identity/the keys read"),
        "DO $mutation$ BEGIN EXECUTE format("
        "'ALTER FUNCTION sandbox.run_store_managers OWNER TO %I', current_user); END $mutation$",
    ),
    Mutation(
        "that the sandbox's owner is not the persona",
        ("session_hijack/a free query in a free query",),
        f"ALTER FUNCTION sandbox.run_store_managers OWNER TO store_managers; {RUNNING}",
        undo=NOT_RUNNING,
    ),
    Mutation(
        "the guards before the built-in functions",
        ("answer_limits/a value of more bytes than one may have",),
        "ALTER FUNCTION sandbox.run_store_managers SET search_path = pg_catalog, retail, pg_temp",
    ),
    Mutation(
        "one statement",
        ("statement_smuggling/a second statement",),
        rewritten(
            RUN,
            "OPEN v_cursor NO SCROLL FOR EXECUTE v_query;",
            "EXECUTE v_query; OPEN v_cursor NO SCROLL FOR SELECT 1;",
        ),
    ),
    Mutation(
        "8000 characters",
        ("statement_smuggling/100000 characters of comment",),
        rewritten(CHECK, "length(query) > 8000", "length(query) > 8000000"),
    ),
    Mutation(
        "the cap of rows",
        ("answer_limits/more rows than an answer may have",),
        rewritten(RUN, "cardinality(v_rows) = run_query.max_rows", "false"),
    ),
    Mutation(
        "the cap of bytes",
        ("answer_limits/more bytes than an answer may have",),
        rewritten(RUN, "v_truncated := v_bytes > run_query.max_bytes;", "v_truncated := false;"),
    ),
    Mutation(
        "that pg_catalog is not named",
        ("answer_limits/a guarded function by its schema",),
        rewritten(CHECK, "pg_catalog", "no_such_name"),
    ),
    Mutation(
        "that TABLESAMPLE is not served",
        (
            "catalog_and_statistics/a sample of blocks, which are chosen by number,"
            " as a measure of the table's size",
        ),
        rewritten(CHECK, "tablesample", "no such word"),
    ),
    Mutation(
        "EXPLAIN without figures",
        ("answer_limits/a plan without figures",),
        rewritten(EXPLAIN, "EXPLAIN (COSTS OFF) ", "EXPLAIN "),
    ),
    # what is taken from PUBLIC
    *(
        Mutation(f"the revoke of {family}", (attack,), granted(family))
        for family, attack in {
            "settings": "settings/the statement timeout lifted",
            "locks": "locks_and_signals/a session's advisory lock",
            "notifications": "locks_and_signals/a notification",
            "signals": "session_hijack/the account itself ends another's backend",
            "transactions": "locks_and_signals/a snapshot for others",
            "replication": "locks_and_signals/a message in the write-ahead log",
            "large objects": "files_and_programs/lo_get",
            "SQL text": "sql_text_functions/query_to_xml over another store's orders",
            "waiting": "locks_and_signals/a sleep",
            "statistics": "catalog_and_statistics/live rows by function",
            "introspection": "catalog_and_statistics/privileges on a function",
        }.items()
    ),
    Mutation(
        "the revoke of the catalogs",
        ("buggy_tools/a reading tool counts by the planner",),
        "GRANT SELECT ON pg_catalog.pg_class TO PUBLIC",
    ),
    Mutation(
        "the revoke of temporary tables",
        ("state_left_behind/a temporary table",),
        "DO $mutation$ BEGIN EXECUTE format("
        "'GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $mutation$",
    ),
    Mutation(
        "the revoke of the languages",
        ("session_hijack/a trusted language",),
        "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC",
    ),
    Mutation(
        "the revoke of schema public",
        ("session_hijack/a domain",),
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    ),
    Mutation(
        "that the loader's functions are its own",
        ("buggy_tools/the loader's functions",),
        "GRANT USAGE ON SCHEMA sample TO PUBLIC; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sample TO PUBLIC",
        undo="REVOKE USAGE ON SCHEMA sample FROM PUBLIC;"
        "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA sample FROM PUBLIC",
    ),
    # the call
    Mutation(
        "BEGIN READ ONLY",
        ("buggy_tools/a reading tool calls a writing one",),
        python="g.BEGIN_READ_ONLY = g.BEGIN",
    ),
    Mutation(
        "ROLLBACK",
        ("state_left_behind/a definer function's setting by a reading tool",),
        python="g.ROLLBACK = g.COMMIT",
    ),
    Mutation(
        "the unlocking after free SQL",
        ("locks_and_signals/a session's advisory lock",),
        python="g.UNLOCK = g.Statement('SELECT 1')",
        given=granted("locks"),
        notice="advisory locks",
    ),
    Mutation(
        "the clearing up after a call that writes",
        ("state_left_behind/a search path", "state_left_behind/a channel"),
        python="c.RESET = ()",
    ),
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


@contextmanager
def switched_off(mutation: Mutation, database: Target) -> Iterator[None]:
    try:
        for statement in filter(None, (mutation.given, mutation.statement)):
            database.execute(statement)
        yield
    finally:
        mend(mutation, database)


def mend(mutation: Mutation, database: Target) -> None:
    for file in OBJECTS:
        database.execute(
            f"SET ROLE storekeeper_{OWNERS[file.parts[0]]};" + (SQL / file).read_text()
        )
    for statement in filter(None, (MENDING, mutation.undo)):
        database.execute(statement)


def faults(mutation: Mutation, served: Served, world: World) -> list[str]:
    found = [fault for name in mutation.attacks for fault in run(ATTACKS[name], served, world)]
    return [fault for fault in found if re.search(mutation.notice, fault)]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_protection_is_missed(
    mutation: Mutation, world: World, attackers: Attackers, tmp_path: Path
) -> None:
    served = attackers.server(mutation.role)
    if mutation.given:
        with switched_off(replace(mutation, statement=""), world.database):
            assert faults(mutation, served, world) == []
    with ExitStack() as stack:
        stack.enter_context(switched_off(mutation, world.database))
        if mutation.python:
            settings = patched(tmp_path, mutation.python)
            served = stack.enter_context(Served(world, PERSONS[mutation.role], **settings))
        assert faults(mutation, served, world) != []


def slow_queries(world: World) -> list[str]:
    """The outcomes of three free queries of one person at a time."""
    settings = {"STOREKEEPER_POOL_MAX_SIZE": "3", "STOREKEEPER_LOCK_TIMEOUT": "0.3"}
    text = "SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) AS b"
    params = {"name": "execute_sales_query", "arguments": {"postgresql_query": text}}
    with Served(world, PERSONS["store_managers"], **settings) as served:
        numbers = [served.wire.request("tools/call", params) for _ in range(3)]
        outcomes = [outcome_of(served.wire.answer(number)) for number in numbers]
    return sorted(outcome.sqlstate or "an answer" for outcome in outcomes)


def test_the_slots_are_missed(world: World) -> None:
    assert slow_queries(world) == ["57014", "57014", "SK429"]
    admit = rewritten(
        ADMIT,
        "IF NOT pg_try_advisory_xact_lock(hashtextextended(v_slot, 1)) THEN",
        "IF false THEN",
    )
    mutation = Mutation("the slots", (), admit)
    with switched_off(mutation, world.database):
        assert slow_queries(world) == ["57014"] * 3


def one_query(world: World, text: str) -> str:
    params = {"name": "execute_sales_query", "arguments": {"postgresql_query": text}}
    with Served(world, PERSONS["store_managers"]) as served:
        outcome = outcome_of(served.wire.answer(served.wire.request("tools/call", params)))
    return outcome.sqlstate or "an answer"


def test_the_look_at_exposures_is_missed(world: World) -> None:
    exposed = "GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC;"
    admit = rewritten(ADMIT, "IF v_exposed IS NOT NULL THEN", "IF false THEN")
    for statement, outcome in ((exposed, "SK403"), (exposed + admit, "an answer")):
        with switched_off(Mutation("exposures", (), statement), world.database):
            assert one_query(world, "SELECT 1") == outcome


def test_the_limit_on_temporary_files_is_missed(world: World) -> None:
    sort = (
        "SELECT count(*) FROM ("
        "SELECT md5(n::text) FROM generate_series(1, 1000000) AS n ORDER BY 1 OFFSET 0) AS q"
    )
    alter = f"ALTER ROLE storekeeper_gateway IN DATABASE {world.database.name} "
    for change, outcome in (
        ("SET temp_file_limit = '16MB'", "53400"),
        ("RESET temp_file_limit", "an answer"),
    ):
        with switched_off(Mutation("temporary files", (), alter + change), world.database):
            assert one_query(world, sort) == outcome


def test_the_look_at_the_login_is_missed(world: World) -> None:
    """A superuser must not serve: its calls could leave their persona for it."""
    attack = ATTACKS["session_hijack/the account itself"]
    url = {"STOREKEEPER_DATABASE_URL": world.database.dba}
    person = PERSONS["store_managers"]
    with (
        pytest.raises(EOFError, match="is a superuser"),
        Wire(world.database.environment(person, **url)) as wire,
    ):
        wire.greet()
    blind = (
        "CREATE OR REPLACE FUNCTION gateway.login_faults() RETURNS SETOF text LANGUAGE sql"
        " AS 'SELECT NULL::text LIMIT 0'"
    )
    mutation = Mutation("the look at the login", (), blind)
    with switched_off(mutation, world.database), Served(world, person, **url) as served:
        assert run(attack, served, world) != []
