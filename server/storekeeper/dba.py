"""The commands of the DBA: migrations, hardening, index, people; how a command asks on the DBA's account."""

from __future__ import annotations

from typing import Any

import click
import psycopg
from psycopg.rows import dict_row

from storekeeper import vector_index
from storekeeper.command import explained, json_option, ready, session
from storekeeper.database import HARDENINGS, Database
from storekeeper.errors import AuthorizationError
from storekeeper.failures import explain, explain_connection, no_gateway
from storekeeper.settings import Settings

NOT_THE_DBA = "Connect as the DBA; for the record, storekeeper_auditor does as well."


def as_dba(database: Database, statement: Any, *parameters: Any) -> list[dict[str, Any]]:
    """The rows of a statement on the DBA's account."""
    try:
        connection = psycopg.connect(database.dba, row_factory=dict_row)
    except psycopg.Error as failure:
        raise explain_connection(failure) from None
    with connection:
        try:
            return connection.execute(statement, parameters or None).fetchall()
        except psycopg.errors.InvalidSchemaName:
            raise no_gateway(connection.info.dbname) from None
        except psycopg.Error as failure:
            error = explain(failure)
            if isinstance(error, AuthorizationError):
                error.hint = error.hint or NOT_THE_DBA
            raise error from None


@click.command()
@click.argument("strength", type=click.Choice(list(HARDENINGS)))
@explained
def harden(strength: str) -> None:
    """Take from everybody what free SQL must not reach (superuser only).

    own: a database for Storekeeper alone. shared: one that others use too. none: undo it.
    accept: serve free SQL as things are, where no superuser is to be had.
    """
    from storekeeper.console import show_rows

    with session() as (_, database):
        as_dba(database, HARDENINGS[strength])
        show_rows(
            as_dba(database, "SELECT ok, finding FROM gateway.doctor() WHERE subject = 'free SQL'")
        )


@click.command()
@click.argument("phrase")
@explained
def ship(phrase: str) -> None:
    """Write the next migration from the object files that changed. Needs no database."""
    from storekeeper import migrations, shipping

    written = shipping.ship(migrations.sql_folder(Settings.read()), phrase)
    for path in written:
        click.echo(path)
    if not written:
        click.echo("No object file has changed.")


@click.command()
@click.option("--bare", is_flag=True, help="Those of the gateway alone.")
@explained
def migrate(bare: bool) -> None:
    """Apply the migrations that are pending."""
    from storekeeper import migrations, shipping

    halves = shipping.HALVES[:1] if bare else shipping.HALVES
    with session() as (settings, database):
        applied = migrations.migrate(database.dba, migrations.sql_folder(settings), halves)
        if database.embedded:
            as_dba(database, HARDENINGS["own"])
    click.echo("\n".join(applied) or "The migrations are up to date.")


@click.command()
@click.argument("migration_id")
@explained
def rollback(migration_id: str) -> None:
    """Undo a migration and all that depend on it."""
    from storekeeper import migrations

    with session() as (settings, database):
        undone = migrations.rollback(database.dba, migrations.sql_folder(settings), migration_id)
    click.echo("\n".join(undone) or f"{migration_id} is not applied.")


@click.command()
@json_option
@explained
def status(as_json: bool) -> None:
    """The migrations, the object files not shipped yet, and what is applied."""
    from storekeeper import migrations, shipping
    from storekeeper.console import show_json, show_rows

    with session() as (settings, database):
        folder = migrations.sql_folder(settings)
        rows = [
            {"migration": m.id, "half": m.half, "applied": m.applied}
            for m in migrations.status(database.dba, folder)
        ]
    unshipped = [path for half in shipping.halves(folder) for path in half.unshipped()]
    if as_json:
        show_json({"migrations": rows, "unshipped": unshipped})
    else:
        show_rows(rows)
        for path in unshipped:
            click.echo(f"not shipped: {path}")


@click.command()
@click.option("--rebuild", is_flag=True, help="Build anew an index that is there.")
@click.option(
    "--memory",
    default=vector_index.MEMORY,
    show_default=True,
    metavar="SIZE",
    help="What the build may use: maintenance_work_mem.",
)
@explained
def index(rebuild: bool, memory: str) -> None:
    """Build the vector indexes that the number of products asks for, while everything goes on.

    A build that was killed is begun anew: what it left is dropped first.
    """
    from storekeeper.console import progress_bar

    with session() as (_, database):
        with progress_bar("Vector index") as progress:
            built = vector_index.build(database.dba, progress, memory=memory, rebuild=rebuild)
        for statement in built:
            click.echo(f"{statement};")
        ok, finding = vector_index.state(database.dba)
        click.echo(f"Vector index: {finding}.")
    if not ok:
        raise SystemExit(1)


@click.command()
@json_option
@explained
def people(as_json: bool) -> None:
    """The people who may call (DBA only)."""
    from storekeeper.console import show_json, show_rows

    with ready() as (_, database):
        rows = as_dba(database, "SELECT * FROM gateway.people()")
    if as_json:
        show_json([{**row, "principal_id": str(row["principal_id"])} for row in rows])
    else:
        show_rows([{**row, "stores": _names([s["name"] for s in row["stores"]])} for row in rows])


def _names(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} stores"
