"""Who asks decides what is seen, and nothing that a caller sends changes who asks."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError as ProtocolError
from psycopg import sql

from conftest import (
    BELLEVUE,
    DEACTIVATED,
    HEAD_OFFICE,
    PUGET_SOUND,
    SEATTLE,
    Target,
    client,
    storekeeper,
)
from wire import MODES, Wire

pytestmark = pytest.mark.anyio

NOBODY = [None, "nobody@zava.example", "00000000-0000-4000-8000-0000000009ff", DEACTIVATED]
TENANT_TABLES = ("stores", "customers", "orders", "order_items", "inventory")
STORE_OF = """
    SELECT s.store_id::text FROM retail.stores AS s
    JOIN gateway.principals AS p ON p.principal_id = s.manager_id
    WHERE p.email = %s
"""
FORGED = "0" * 64 + "|1|1.0|head_office|00000000-0000-4000-8000-0000000000f1|"


def error_of(result: Any) -> dict[str, Any]:
    assert result.is_error, result
    found: dict[str, Any] = result.meta["storekeeper/error"]
    return found


async def query(connected: Client, statement: str) -> list[dict[str, Any]]:
    result = await connected.call_tool("execute_sales_query", {"postgresql_query": statement})
    assert not result.is_error, result.content
    rows: list[dict[str, Any]] = result.structured_content["rows"]
    return rows


# nobody


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("person", NOBODY)
def test_nobody_sees_nothing_and_is_told_how_to_sign_in(
    shared: Target, person: str | None, mode: str
) -> None:
    with Wire(shared.environment(person), mode) as wire:
        assert "STOREKEEPER_PRINCIPAL" in wire.greet()["instructions"]
        for method, key in [
            ("tools/list", "tools"),
            ("resources/list", "resources"),
            ("resources/templates/list", "resourceTemplates"),
            ("prompts/list", "prompts"),
        ]:
            assert wire.ask(method)["result"][key] == []
        for tool in ("who_am_i", "execute_sales_query", "no_such_tool"):
            error = error_in(wire.call(tool))
            assert (error["error_code"], error["sqlstate"]) == ("AUTHORIZATION_ERROR", "SK401")
            assert "STOREKEEPER_PRINCIPAL" in error["hint"]
            assert error["request_id"]
        for method, params in [
            ("resources/read", {"uri": "retail://schema/orders"}),
            ("prompts/get", {"name": "weekly_review"}),
        ]:
            refused = wire.ask(method, params)["error"]
            assert refused["data"]["sqlstate"] == "SK401"
            assert "STOREKEEPER_PRINCIPAL" in refused["message"]
        ref = {"type": "ref/resource", "uri": "retail://schema/{table}"}
        completed = wire.ask(
            "completion/complete", {"ref": ref, "argument": {"name": "table", "value": ""}}
        )
        assert completed["result"]["completion"]["values"] == []
        assert {call["outcome"] for call in wire.calls()} == {"AUTHORIZATION_ERROR"}
        assert len(wire.calls()) == 5


def error_in(result: dict[str, Any]) -> dict[str, Any]:
    assert result["isError"] is True, result
    assert "structuredContent" not in result
    error: dict[str, Any] = result["_meta"]["storekeeper/error"]
    for part in (error["error_code"], error["message"], error["hint"]):
        assert part in result["content"][0]["text"]
    return error


# what people see


@pytest.mark.parametrize("mode", MODES)
async def test_a_manager_sees_the_rows_of_one_store(shared: Target, mode: str) -> None:
    for person in (SEATTLE, BELLEVUE):
        ((store,),) = shared.execute(STORE_OF, person)
        async with client(shared, person, mode) as connected:
            for table in TENANT_TABLES:
                seen = await query(
                    connected,
                    f"SELECT store_id::text, count(*), md5(string_agg(t::text, '' ORDER BY t::text))"
                    f" FROM (SELECT * FROM {table}) AS t GROUP BY store_id",
                )
                rows = shared.execute(
                    f"SELECT count(*) FROM retail.{table} WHERE store_id = %s", store
                )
                assert [(row["store_id"], row["count"]) for row in seen] == [(store, *rows[0])]


async def test_top_products_are_those_of_the_own_store(shared: Target) -> None:
    expected = """
        SELECT p.sku, sum(i.line_total)::float, sum(i.quantity)::integer
        FROM retail.orders AS o
        JOIN retail.order_items AS i USING (store_id, order_id)
        JOIN retail.products AS p USING (product_id)
        WHERE o.store_id = %s
          AND o.status IN ('pending', 'shipped', 'completed')
          AND o.order_date >= timestamp '2026-01-01' AT TIME ZONE 'America/Los_Angeles'
          AND o.order_date < timestamp '2026-07-01' AT TIME ZONE 'America/Los_Angeles'
        GROUP BY p.sku
        ORDER BY 2 DESC, 1
        LIMIT 10
    """
    arguments = {"date_from": "2026-01-01", "date_to": "2026-06-30", "max_rows": 10}
    answers = []
    for person in (SEATTLE, BELLEVUE):
        ((store,),) = shared.execute(STORE_OF, person)
        async with client(shared, person) as connected:
            result = await connected.call_tool("top_products", arguments)
        rows = [(r["sku"], r["revenue"], r["units"]) for r in result.structured_content["rows"]]
        assert rows == shared.execute(expected, store)
        answers.append(rows)
    assert answers[0] != answers[1]


async def test_regions_and_head_office_see_theirs(shared: Target) -> None:
    counts = "SELECT count(DISTINCT store_id) AS stores, count(*) AS orders FROM orders"
    everything = shared.execute(counts.replace("FROM orders", "FROM retail.orders"))
    region = shared.execute(
        "SELECT count(DISTINCT store_id), count(*) FROM retail.orders WHERE store_id IN ("
        "SELECT store_id FROM retail.stores JOIN retail.regions USING (region_id)"
        " WHERE regions.name = 'Puget Sound')"
    )
    for person, expected in ((PUGET_SOUND, region), (HEAD_OFFICE, everything)):
        async with client(shared, person) as connected:
            (seen,) = await query(connected, counts)
        assert [(seen["stores"], seen["orders"])] == expected


@pytest.mark.parametrize("mode", MODES)
async def test_another_s_store_reads_like_one_that_is_not_there(shared: Target, mode: str) -> None:
    async with client(shared, SEATTLE, mode) as connected:
        errors = [
            error_of(await connected.call_tool("get_store_performance", {"store_name": name}))
            for name in ("Bellevue", "Atlantis")
        ]
    assert {error["error_code"] for error in errors} == {"NOT_FOUND"}
    texts = [json.dumps(error, sort_keys=True) for error in errors]
    for error in errors:
        texts = [text.replace(error["request_id"], "…") for text in texts]
    assert texts[0].replace("Bellevue", "…") == texts[1].replace("Atlantis", "…")


# people change


@pytest.mark.parametrize("mode", MODES)
async def test_a_person_is_shut_out_and_let_in_while_connected(own: Target, mode: str) -> None:
    activate = "UPDATE gateway.principals SET active = %s WHERE email = %s"
    async with client(own, SEATTLE, mode) as connected:
        assert not (await connected.call_tool("who_am_i", {})).is_error
        own.execute(activate, False, SEATTLE)
        error = error_of(await connected.call_tool("who_am_i", {}))
        assert (error["error_code"], error["sqlstate"]) == ("AUTHORIZATION_ERROR", "SK401")
        assert error["hint"]
        with pytest.raises(ProtocolError) as refused:
            await connected.read_resource("retail://schema/orders")
        assert refused.value.data["sqlstate"] == "SK401"
        own.execute(activate, True, SEATTLE)
        assert not (await connected.call_tool("who_am_i", {})).is_error


async def test_a_person_is_let_in_who_was_refused_at_the_start(own: Target) -> None:
    async with client(own, DEACTIVATED) as connected:
        error_of(await connected.call_tool("who_am_i", {}))
        own.execute("UPDATE gateway.principals SET active = true WHERE email = %s", DEACTIVATED)
        result = await connected.call_tool("who_am_i", {})
        assert result.structured_content["email"] == DEACTIVATED


@pytest.mark.parametrize("mode", MODES)
async def test_a_manager_who_moves_sees_the_new_store(own: Target, mode: str) -> None:
    ((seattle,),) = own.execute(
        "SELECT principal_id FROM gateway.principals WHERE email = %s", SEATTLE
    )
    ((bellevue,),) = own.execute(STORE_OF, BELLEVUE)
    async with client(own, SEATTLE, mode) as connected:

        async def stores() -> list[str]:
            result = await connected.call_tool("list_stores", {})
            return [row["store_name"] for row in result.structured_content["rows"]]

        assert await stores() == ["Zava Retail Seattle"]
        own.execute("SELECT gateway.put_tenants(%s, ARRAY[%s]::uuid[])", seattle, bellevue)
        assert await stores() == ["Zava Retail Bellevue"]
        (seen,) = await query(connected, "SELECT DISTINCT store_id::text FROM orders")
        assert seen == {"store_id": bellevue}
        own.execute("SELECT gateway.put_tenants(%s, ARRAY[]::uuid[])", seattle)
        assert await stores() == []


# free SQL


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "statement",
    [
        f"WITH s AS MATERIALIZED (SELECT set_config('storekeeper.context', '{FORGED}', true))"
        " SELECT count(*) FROM s, orders",
        f"WITH s AS MATERIALIZED (SELECT set_config('storekeeper.context', '{FORGED}', false))"
        " SELECT count(*) FROM s, orders",
        "WITH s AS MATERIALIZED (SELECT set_config('role', 'head_office', true))"
        " SELECT count(*) FROM s, orders",
        "WITH s AS MATERIALIZED (SELECT set_config('session_authorization', 'postgres', true))"
        " SELECT count(*) FROM s, orders",
        "SET ROLE head_office",
        "RESET ROLE",
        "SET LOCAL storekeeper.context = ''",
        "COMMIT; SELECT count(*) FROM orders",
        "SELECT gateway.impersonate('analyst@zava.example')",
        "SELECT gateway.assume('head_office', 'x')",
        "SELECT gateway.sign_context('analyst@zava.example')",
        "SELECT * FROM gateway.keys",
        "SELECT * FROM gateway.principals",
    ],
)
async def test_free_sql_can_not_be_somebody_else(
    statement: str, mode: str, managers: dict[str, Client]
) -> None:
    connected = managers[mode]
    result = await connected.call_tool("execute_sales_query", {"postgresql_query": statement})
    error = error_of(result)
    assert error["error_code"] in {"AUTHORIZATION_ERROR", "INVALID_QUERY"}, error
    if "set_config" in statement:
        assert (error["error_code"], error["sqlstate"]) == ("AUTHORIZATION_ERROR", "42501")
    result = await connected.call_tool("who_am_i", {})
    assert result.structured_content["email"] == SEATTLE
    (seen,) = await query(connected, "SELECT count(DISTINCT store_id) AS stores FROM orders")
    assert seen == {"stores": 1}


@pytest.fixture(scope="module")
async def managers(shared: Target) -> Any:
    async with client(shared, mode=MODES[0]) as legacy, client(shared, mode=MODES[1]) as modern:
        yield {MODES[0]: legacy, MODES[1]: modern}


# the server's login, whoever has it


def assertion(
    key: str, principal: str, *, expiry: float | None = None, version: str = "v1", nonce: str = ""
) -> str:
    """As the server makes it."""
    when = round(time.time() + 60 if expiry is None else expiry)
    claim = f"{version}|{principal}|{when}|{nonce or secrets.token_hex(8)}"
    return claim + "|" + hmac.new(bytes.fromhex(key), claim.encode(), hashlib.sha256).hexdigest()


@pytest.fixture(scope="module")
def login(shared: Target) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(shared.gateway, autocommit=True) as connection:
        yield connection


ORDERS = "SELECT count(*) FROM retail.orders"
ENTER = "SELECT gateway.enter(%s, 'test', 1000)"
STATE = (
    "role",
    "session_authorization",
    "storekeeper.context",
    "statement_timeout",
    "application_name",
    "transaction_read_only",
)


def state_of(connection: psycopg.Connection[tuple[Any, ...]]) -> list[Any]:
    return [connection.execute(f"SHOW {name}").fetchone() for name in STATE]


def refusal(
    connection: psycopg.Connection[tuple[Any, ...]], *statements: tuple[Any, ...]
) -> str | None:
    """The SQLSTATE with which a transaction of these statements fails."""
    try:
        with connection.transaction():
            for statement in statements:
                connection.execute(*statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def test_calls_leave_nothing_behind_for_the_next(
    shared: Target, login: psycopg.Connection[tuple[Any, ...]]
) -> None:
    login.execute("SELECT set_config('storekeeper.context', '', false)")
    before = state_of(login)
    for person, stores in ((SEATTLE, 1), (HEAD_OFFICE, 8), (BELLEVUE, 1)):
        with login.transaction():
            login.execute(ENTER, (assertion(shared.key, person),))
            assert state_of(login) != before
            counted = login.execute("SELECT count(*) FROM retail.stores").fetchone()
            assert counted == (stores,)
        assert state_of(login) == before
        entered = (ENTER, (assertion(shared.key, person),))
        assert refusal(login, entered, ("SELECT FROM retail.no_such_table",)) == "42P01"
        assert state_of(login) == before
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.execute("SELECT FROM retail.stores")


def test_one_transaction_speaks_for_one_person(
    shared: Target, login: psycopg.Connection[tuple[Any, ...]]
) -> None:
    for second in (BELLEVUE, HEAD_OFFICE):
        entered = (ENTER, (assertion(shared.key, SEATTLE),))
        again = (ENTER, (assertion(shared.key, second),))
        assert refusal(login, entered, ("RESET ROLE",), again) == "SK403"


@pytest.mark.parametrize(
    "made",
    [
        lambda _: None,
        lambda _: "",
        lambda _: "|",
        lambda _: "||||",
        lambda _: "|||||||||||",
        lambda _: "v1",
        lambda _: SEATTLE,
        lambda _: f"v1|{SEATTLE}|9999999999|nonce|",
        lambda _: f"v1|{SEATTLE}|9999999999|nonce|{'0' * 64}",
        lambda _: f"v1|{SEATTLE}|not a number|nonce|{'0' * 64}",
        lambda _: f"v1|{SEATTLE}|{'9' * 40}|nonce|{'0' * 64}",
        lambda _: "☃" * 1000,
        lambda _: "x" * 1_000_000,
        lambda _: "'; SELECT 1; --",
        lambda _: assertion(secrets.token_hex(32), SEATTLE),
        lambda key: assertion(key, SEATTLE)[:-1],
        lambda key: assertion(key, SEATTLE) + "0",
        lambda key: assertion(key, SEATTLE).upper(),
        lambda key: assertion(key, SEATTLE).replace(SEATTLE, HEAD_OFFICE),
        lambda key: assertion(key, SEATTLE) + "|more",
        lambda key: assertion(key, SEATTLE, version="v2"),
        lambda key: assertion(key, SEATTLE, expiry=time.time() - 5),
        lambda key: assertion(key, "nobody@zava.example"),
        lambda key: assertion(key, DEACTIVATED),
        lambda key: assertion(key, ""),
        lambda key: assertion(key, "%"),
        lambda key: assertion(key, f"{SEATTLE}|9999999999"),
    ],
)
def test_a_bad_assertion_names_nobody(
    shared: Target, login: psycopg.Connection[tuple[Any, ...]], made: Any
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        login.execute(ENTER, (made(shared.key),))
    assert refused.value.sqlstate == "SK401"
    assert refused.value.diag.message_hint
    assert login.execute("SELECT current_user = session_user").fetchone() == (True,)


def test_an_assertion_ends(shared: Target, login: psycopg.Connection[tuple[Any, ...]]) -> None:
    brief = assertion(shared.key, SEATTLE, expiry=time.time() + 2)
    login.execute(ENTER, (brief,))
    time.sleep(3)
    with pytest.raises(psycopg.Error) as refused:
        login.execute(ENTER, (brief,))
    assert refused.value.sqlstate == "SK401"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM gateway.keys",
        "SELECT * FROM gateway.principals",
        "SELECT gateway.mac('context', 'x')",
        "SELECT gateway.sign_context('analyst@zava.example')",
        "SELECT gateway.sign_impersonation('analyst@zava.example')",
        "SELECT gateway.impersonate('analyst@zava.example')",
        "SELECT gateway.install_key('assertion', 'x', true)",
        "SELECT gateway.put_tenants(gen_random_uuid(), NULL)",
        "SET ROLE storekeeper_owner",
        "SET ROLE storekeeper_definer",
        "SET ROLE storekeeper_loader",
        "SET ROLE storekeeper_dba",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT * FROM retail.orders",
    ],
)
def test_the_login_alone_may_nothing(
    login: psycopg.Connection[tuple[Any, ...]], statement: str
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        login.execute(sql.SQL(statement))
    assert refused.value.sqlstate == "42501"


def test_a_role_without_a_person_sees_no_rows(
    login: psycopg.Connection[tuple[Any, ...]],
) -> None:
    for role in ("store_managers", "regional_managers", "head_office"):
        with login.transaction():
            login.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            assert login.execute(ORDERS).fetchone() == (0,)
        for how in (
            "SELECT gateway.assume(%s, %s)",
            "SELECT set_config('role', %s, true), set_config('storekeeper.context', %s, true)",
        ):
            assert refusal(login, (how, (role, FORGED)), (ORDERS,)) == "42501"


def test_a_context_is_good_for_its_own_transaction_only(
    shared: Target, login: psycopg.Connection[tuple[Any, ...]]
) -> None:
    with login.transaction():
        login.execute(ENTER, (assertion(shared.key, HEAD_OFFICE),))
        row = login.execute("SHOW storekeeper.context").fetchone()
    assert row
    with psycopg.connect(shared.gateway, autocommit=True) as other:
        for connection in (login, other):
            stolen = ("SELECT gateway.assume('head_office', %s)", row)
            assert refusal(connection, stolen, (ORDERS,)) == "42501"


# logins that must not serve


@contextmanager
def role(target: Target, options: str) -> Iterator[str]:
    """An account of its own; a connection string for it."""
    name, password = f"storekeeper_test_{secrets.token_hex(4)}", secrets.token_hex(8)
    target.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' {options}")
    try:
        yield target.server.conninfo(target.name, user=name, password=password)
    finally:
        target.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS IN ROLE storekeeper_gateway", "has BYPASSRLS"),
        ("IN ROLE storekeeper_gateway, storekeeper_owner", "is a member of storekeeper_owner"),
        ("CREATEROLE IN ROLE storekeeper_gateway", "may create roles"),
        ("", "may not use the gateway"),
    ],
)
def test_an_account_with_other_rights_must_not_serve(
    shared: Target, options: str, fault: str
) -> None:
    with role(shared, options) as conninfo:
        environment = shared.environment(SEATTLE, STOREKEEPER_DATABASE_URL=conninfo)
        for command in (["serve"], ["call", "who_am_i"]):
            run = storekeeper(*command, environment=environment)
            assert run.returncode == 1, (command, run)
            assert run.stdout == ""
            assert fault in run.stderr
            assert "hint: Connect as storekeeper_gateway" in run.stderr
            assert "password" not in run.stderr.replace("PASSWORD '…'", "")


def test_nobody_gets_nothing_through_such_an_account(own: Target) -> None:
    with role(own, "SUPERUSER") as conninfo:
        environment = own.environment(STOREKEEPER_DATABASE_URL=conninfo)
        with Wire(environment) as wire:
            wire.greet()
            assert wire.ask("tools/list")["result"]["tools"] == []
            error_in(wire.call("who_am_i"))
