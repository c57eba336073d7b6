"""The commands. Exit codes: 0 held, 1 failed, 2 usage."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import wraps
from typing import Any

import click

from storekeeper.database import HARDENINGS, Database, connect_to
from storekeeper.errors import AuthorizationError, MCPError
from storekeeper.settings import Settings

SAMPLE_SCALE = 0.1
SAMPLE_SEED = 42
PERFORMANCE = "SELECT gateway.performance(make_interval(secs => 3600 * %s)) AS report"
RECORDED = """
SELECT to_jsonb(c) AS call
FROM (
    SELECT * FROM gateway.calls
    WHERE at > now() - %s::interval AND (%s::text IS NULL OR principal = %s)
      AND (%s::text IS NULL OR tool = %s) AND (%s OR outcome <> 'ok')
    ORDER BY at DESC, entry DESC
    LIMIT 1000
) AS c
ORDER BY at, entry
"""
NOT_THE_DBA = "Connect as the DBA; for the record, storekeeper_auditor does as well."
SHOWN = ("at", "tool", "principal", "outcome", "duration_ms", "row_count", "request_id")
VERIFY = "SELECT to_jsonb(v) AS problem FROM gateway.verify_calls() AS v"
NEWEST_SEAL = """
SELECT jsonb_build_object('seal_id', seal_id, 'digest', encode(digest, 'hex'), 'sealed_at', sealed_at) AS seal
FROM gateway.seals ORDER BY seal_id DESC LIMIT 1
"""

principal_option = click.option(
    "--principal",
    metavar="PERSON",
    help="Id or e-mail of the person to be; default STOREKEEPER_PRINCIPAL.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="JSON on stdout instead of a table."
)


def fail(error: Exception, *, as_json: bool = False) -> None:
    """Says on stderr what is wrong and what to do, and ends with exit code 1."""
    from storekeeper.console import harmless, show_json

    if as_json and isinstance(error, MCPError):
        show_json({"error": error.as_dict()})
    code = f" {error.error_code}" if isinstance(error, MCPError) else ""
    click.secho(harmless(f"storekeeper:{code} {error}"), fg="red", err=True)
    for name in ("detail", "hint", "request_id"):
        if text := getattr(error, name, None):
            click.echo(harmless(f"{name}: {text}"), err=True)
    raise SystemExit(1)


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """Failures of a command as a sentence and a hint, not as a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except MCPError as error:
            fail(error, as_json=kwargs.get("as_json", False))

    return run


@contextmanager
def session(log_level: str = "ERROR", **given: Any) -> Iterator[tuple[Settings, Database]]:
    """Settings, logging and a database; the embedded one is made ready at its first use."""
    from storekeeper import telemetry

    # An ordinary exit, which gives up the share in the embedded server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    settings = Settings.read(**given)
    telemetry.configure_logging(settings.log_level or log_level)
    with connect_to(settings) as database:
        yield settings, database


@contextmanager
def ready(log_level: str = "ERROR", **given: Any) -> Iterator[tuple[Settings, Database]]:
    """A session in which a fresh embedded database has been given its schema, model and sample data."""
    from storekeeper import model, sample

    with session(log_level, **given) as (settings, database):
        if database.embedded and sample.is_fresh(database.dba):
            sample.prepare(database, settings, bare=False)
            model.load(database.dba, lambda *_: None)
            sample.load(database.dba, settings, SAMPLE_SCALE, SAMPLE_SEED, lambda *_: None)
        yield settings, database


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="storekeeper")
@principal_option
@click.pass_context
def main(context: click.Context, principal: str | None) -> None:
    """PostgreSQL functions as typed, tenant-safe MCP tools.

    With no command: serve when stdin is not a terminal, this help when it is.
    """
    context.obj = principal
    if context.invoked_subcommand is None:
        if sys.stdin.isatty():
            click.echo(context.get_help())
        else:
            context.invoke(serve, principal=principal)


@main.command()
@principal_option
@explained
def serve(principal: str | None) -> None:
    """MCP over stdio, for one person."""
    from storekeeper.cache import make_cache
    from storekeeper.gateway import Gateway
    from storekeeper.protocol import Protocol
    from storekeeper.telemetry import Telemetry

    async def run(settings: Settings, database: Database) -> None:
        key = settings.read_assertion_key()
        async with AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(Gateway(database.server, settings, key))
            if settings.embedding_url is not None:
                from storekeeper.embedder import Embedder
                from storekeeper.embedding_worker import working

                embedder = await stack.enter_async_context(Embedder.of(settings))
                await stack.enter_async_context(working(gateway.ask, embedder))
            cache = make_cache(settings, key)
            await Protocol(gateway, Telemetry(settings), cache).serve(settings)

    with ready("INFO", principal=principal) as (settings, database):
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings, database))


@main.command()
@click.option(
    "--scale", type=click.FloatRange(0, 1000, min_open=True), default=1, show_default=True
)
@click.option("--seed", type=int, default=SAMPLE_SEED, show_default=True)
@click.option("--bare", is_flag=True, help="The gateway alone, for your own schema.")
@explained
def init(scale: float, seed: int, bare: bool) -> None:
    """Migrate, install the server's key, load the model and the sample data. Safe to run again."""
    from storekeeper import model, sample
    from storekeeper.console import progress_bar

    with session() as (settings, database):
        applied = sample.prepare(database, settings, bare=bare)
        click.echo(
            f"{len(applied)} migrations applied." if applied else "The migrations are up to date."
        )
        with progress_bar("Embedding model") as progress:
            tokens = model.load(database.dba, progress)
        if tokens is None:
            click.echo("The embedding model is there already.")
        else:
            click.echo(f"The embedding model: {tokens:,} tokens.")
        if bare:
            return
        with progress_bar("Sample data") as progress:
            rows = sample.load(database.dba, settings, scale, seed, progress)
        if rows is None:
            click.echo("The sample data is there already.")
        else:
            click.echo(", ".join(f"{count:,} {table}" for table, count in rows.items()) + ".")


@main.command()
@click.option(
    "--scale",
    type=click.FloatRange(0, 1000, min_open=True),
    default=SAMPLE_SCALE,
    show_default=True,
)
@explained
def demo(scale: float) -> None:
    """Embedded database, sample data, and a guided tour through a real MCP client as three people."""
    from storekeeper import demo as tour

    raise SystemExit(0 if asyncio.run(tour.run(scale)) else 1)


@main.command()
@json_option
@explained
def doctor(as_json: bool) -> None:
    """What is wrong with this installation, and how to mend it."""
    from storekeeper import doctor as examination
    from storekeeper.console import show_json, show_rows

    with session() as (settings, database):
        findings = asyncio.run(examination.examine(settings, database))
    held = all(finding.ok for finding in findings)
    if as_json:
        show_json({"ok": held, "findings": [finding.as_dict() for finding in findings]})
    else:
        show_rows([finding.as_dict() for finding in findings])
    raise SystemExit(0 if held else 1)


@main.command()
@principal_option
@json_option
@explained
def tools(principal: str | None, as_json: bool) -> None:
    """The tools that a person has; without a person, every published one (DBA only)."""
    from storekeeper import surface
    from storekeeper.catalog import Catalog
    from storekeeper.console import show_json, show_rows

    with ready(principal=principal) as (settings, database):
        if settings.principal:
            found = asyncio.run(
                _with_protocol(settings, database, lambda protocol: protocol.tools())
            )
        else:
            catalog = Catalog.load(_as_dba(database, "SELECT gateway.catalog()")[0]["catalog"])
            found = surface.tools(catalog)
    if as_json:
        show_json({"tools": found})
    else:
        show_rows(
            [
                {
                    "tool": tool["name"],
                    "arguments": ", ".join(tool["inputSchema"]["properties"]),
                    "what it answers": re.split(r"(?<=[.:])\s", tool["description"])[0],
                }
                for tool in found
            ]
        )


@main.command()
@click.argument("tool")
@click.argument("arguments", nargs=-1, metavar="[ARG=VALUE… | JSON]")
@principal_option
@json_option
@explained
def call(tool: str, arguments: tuple[str, ...], principal: str | None, as_json: bool) -> None:
    """One call, through the very path that MCP uses."""
    from storekeeper.console import show, show_json
    from storekeeper.jsonrpc import ProtocolError

    given = _arguments(arguments)
    with ready(principal=principal) as (settings, database):
        try:
            text = asyncio.run(
                _with_protocol(
                    settings, database, lambda protocol: protocol.call_with_texts(tool, given)
                )
            )
        except ProtocolError as unknown:
            fail(unknown, as_json=as_json)
            return
    result = json.loads(text)
    if as_json:
        show_json(result)
    else:
        show(result)


@main.command(context_settings={"ignore_unknown_options": True})
@principal_option
@click.argument("psql_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- PSQL ARGS]")
@explained
def sql(principal: str | None, psql_arguments: tuple[str, ...]) -> None:
    """psql as that person; without a person, as the DBA.

    As a person, the session is one transaction: COMMIT or leaving it ends the impersonation.
    """
    from storekeeper import psql

    with ready(principal=principal) as (settings, database):
        code = psql.run(database, settings.principal, list(psql_arguments))
    raise SystemExit(code)


@main.command()
@click.argument("strength", type=click.Choice(list(HARDENINGS)))
@explained
def harden(strength: str) -> None:
    """Take from everybody what free SQL must not reach (superuser only).

    own: a database for Storekeeper alone. shared: one that others use too. none: undo it.
    accept: serve free SQL as things are, where no superuser is to be had.
    """
    from storekeeper.console import show_rows

    with session() as (_, database):
        _as_dba(database, HARDENINGS[strength])
        show_rows(
            _as_dba(database, "SELECT ok, finding FROM gateway.doctor() WHERE subject = 'free SQL'")
        )


@main.command()
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


@main.command()
@click.option("--bare", is_flag=True, help="Those of the gateway alone.")
@explained
def migrate(bare: bool) -> None:
    """Apply the migrations that are pending."""
    from storekeeper import migrations, shipping

    halves = shipping.HALVES[:1] if bare else shipping.HALVES
    with session() as (settings, database):
        applied = migrations.migrate(database.dba, migrations.sql_folder(settings), halves)
        if database.embedded:
            _as_dba(database, HARDENINGS["own"])
    click.echo("\n".join(applied) or "The migrations are up to date.")


@main.command()
@click.argument("migration_id")
@explained
def rollback(migration_id: str) -> None:
    """Undo a migration and all that depend on it."""
    from storekeeper import migrations

    with session() as (settings, database):
        undone = migrations.rollback(database.dba, migrations.sql_folder(settings), migration_id)
    click.echo("\n".join(undone) or f"{migration_id} is not applied.")


@main.command()
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


@main.command()
@click.option(
    "--model",
    metavar="MODEL",
    help="Instead of STOREKEEPER_EMBEDDING_MODEL; built-in: the database's own.",
)
@click.option(
    "--dimension",
    type=click.IntRange(1, 16_000),
    help="Ask the service for vectors of so many numbers.",
)
@explained
def embed(model: str | None, dimension: int | None) -> None:
    """Vectors of an embedding service for what lacks one; then search by that model (DBA only).

    May be stopped and run again. Until all is done, search goes on with the model before.
    """
    from storekeeper import embedding
    from storekeeper.console import progress_bar

    with session(embedding_model=model, embedding_dimension=dimension) as (settings, database):
        with progress_bar("Embeddings") as progress:
            done, name = asyncio.run(embedding.embed(settings, database, progress))
        click.echo(f"{done:,} texts embedded. Search uses {name}.")


@main.command()
@json_option
@explained
def people(as_json: bool) -> None:
    """The people who may call (DBA only)."""
    from storekeeper.console import show_json, show_rows

    with ready() as (_, database):
        rows = _as_dba(database, "SELECT * FROM gateway.people()")
    if as_json:
        show_json([{**row, "principal_id": str(row["principal_id"])} for row in rows])
    else:
        show_rows([{**row, "stores": _names([s["name"] for s in row["stores"]])} for row in rows])


@main.command()
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=24, show_default=True)
@json_option
@explained
def stats(hours: float, as_json: bool) -> None:
    """Calls, errors, times and slow queries by tool, of all servers (DBA only)."""
    from storekeeper.console import show, show_json, show_rows

    with ready() as (_, database):
        found = _as_dba(database, PERFORMANCE, hours)[0]["report"]
    if as_json:
        show_json(found)
    elif not found["tools"]:
        show_rows([], title=f"Calls of the last {hours:g} hours")
    else:
        tools = [{**t, "errors_by_code": t["errors_by_code"] or None} for t in found["tools"]]
        show({"totals": found["totals"], "tools": tools, "slow queries": found["slow_queries"]})


@main.group(invoke_without_command=True)
@click.option("--since", default="24h", show_default=True, metavar="SPAN", help="30m, 24h, 7d, …")
@click.option("--principal", metavar="PERSON", help="Calls of this person alone.")
@click.option("--tool", metavar="TOOL", help="Calls of this tool alone.")
@click.option("--errors", is_flag=True, help="Failed calls alone.")
@json_option
@click.pass_context
@explained
def audit(
    context: click.Context,
    since: str,
    principal: str | None,
    tool: str | None,
    errors: bool,
    as_json: bool,
) -> None:
    """The record of calls, the newest 1000 of them, oldest first (auditor or superuser only)."""
    from storekeeper.console import show_json, show_rows

    if context.invoked_subcommand is not None:
        return
    with ready() as (_, database):
        rows = _as_dba(database, RECORDED, since, principal, principal, tool, tool, not errors)
    calls = [row["call"] for row in rows]
    if as_json:
        show_json(calls)
    else:
        show_rows([{n: v for n, v in c.items() if n in SHOWN} for c in calls], title="Calls")


@audit.command()
@json_option
@explained
def verify(as_json: bool) -> None:
    """Whether the record is as it was sealed; exit code 1 when it is not."""
    from storekeeper.console import show_json, show_rows

    with ready() as (_, database):
        problems = [row["problem"] for row in _as_dba(database, VERIFY)]
        seals = [row["seal"] for row in _as_dba(database, NEWEST_SEAL)]
    newest = seals[0] if seals else None
    if as_json:
        show_json({"ok": not problems, "newest_seal": newest, "problems": problems})
    else:
        if problems:
            show_rows(problems)
        click.echo("The record is not as it was sealed." if problems else "The record holds.")
        if newest:
            click.echo("Newest seal: {seal_id}, {digest}, {sealed_at}".format_map(newest))
        else:
            click.echo("Nothing is sealed yet: a server that runs does it within a minute.")
    raise SystemExit(1 if problems else 0)


def _names(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} stores"


async def _with_protocol(settings: Settings, database: Database, work: Callable[[Any], Any]) -> Any:
    """Runs a piece of work through the path that MCP uses, and records its calls."""
    from storekeeper.gateway import Gateway
    from storekeeper.protocol import Protocol
    from storekeeper.telemetry import Telemetry

    async with Gateway(database.server, settings, settings.read_assertion_key()) as gateway:
        await gateway.check()
        protocol = Protocol(gateway, Telemetry(settings))
        try:
            return await work(protocol)
        finally:
            await protocol.finish()


def _as_dba(database: Database, statement: Any, *parameters: Any) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    from storekeeper.failures import explain, explain_connection, no_gateway

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


def _arguments(words: tuple[str, ...]) -> dict[str, Any]:
    """A JSON object, or name=value words whose values are texts."""
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        try:
            return dict(json.loads(words[0]))
        except ValueError as failure:
            raise click.UsageError(f"The arguments are not JSON: {failure}.") from None
    pairs = [word.partition("=") for word in words]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.UsageError(f"{wrong[0]!r} is not name=value.")
    return {name: value for name, _, value in pairs}
