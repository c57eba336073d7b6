"""The commands, those of audit.py, dba.py and embedding.py by name. Exit codes: 0 held, 1 failed, 2 usage."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from storekeeper.command import (
    SAMPLE_SCALE,
    SAMPLE_SEED,
    explained,
    fail,
    json_option,
    principal_option,
    ready,
    session,
)
from storekeeper.database import Database
from storekeeper.settings import Settings

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

# Commands of other modules, which are imported when they are asked for: `serve` starts without them.
ELSEWHERE = {
    "audit": "storekeeper.audit",
    "embed": "storekeeper.embedding",
    "stats": "storekeeper.audit",
    "harden": "storekeeper.dba",
    "index": "storekeeper.dba",
    "migrate": "storekeeper.dba",
    "people": "storekeeper.dba",
    "rollback": "storekeeper.dba",
    "ship": "storekeeper.dba",
    "status": "storekeeper.dba",
}


class Commands(click.Group):
    """The group of all commands, those ELSEWHERE included."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if module := ELSEWHERE.get(cmd_name):
            command: click.Command = getattr(import_module(module), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


for name in ELSEWHERE:
    main.add_command(click.Command(name))  # its name alone; get_command has the rest


@main.command()
@principal_option
@explained
def serve(principal: str | None) -> None:
    """MCP over stdio, for one person."""
    from storekeeper.cache import make_cache
    from storekeeper.gateway import Gateway
    from storekeeper.server import Server
    from storekeeper.telemetry import Telemetry

    async def run(settings: Settings, database: Database) -> None:
        key = settings.read_assertion_key()
        async with AsyncExitStack() as stack:
            gateway = await stack.enter_async_context(Gateway(database.server, settings, key))
            if embedder := await stack.enter_async_context(_embedder(settings)):
                from storekeeper.embedding_worker import working

                await stack.enter_async_context(working(gateway.pool.ask, embedder))
            cache = make_cache(settings, key)
            await Server(gateway, Telemetry(settings), settings, cache, embedder).serve()

    with ready("INFO", principal=principal) as (settings, database):
        asyncio.run(run(settings, database))


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
            if count := sample.embed(database.dba):
                click.echo(f"{count:,} products made searchable.")
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
    from storekeeper.dba import as_dba

    with ready(principal=principal) as (settings, database):
        if settings.principal:
            found = asyncio.run(
                _with_protocol(settings, database, lambda protocol: protocol.tools())
            )
        else:
            catalog = Catalog.load(as_dba(database, "SELECT gateway.catalog()")[0]["catalog"])
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


@asynccontextmanager
async def _embedder(settings: Settings) -> AsyncIterator[Embedder | None]:
    """The embedding service, whose client is imported only where there is one."""
    if settings.embedding_url is None:
        yield None
        return
    from storekeeper.embedder import Embedder

    async with Embedder.of(settings) as embedder:
        yield embedder


async def _with_protocol(settings: Settings, database: Database, work: Callable[[Any], Any]) -> Any:
    """Runs a piece of work through the path that MCP uses, and records its calls."""
    from storekeeper.gateway import Gateway
    from storekeeper.protocol import Protocol
    from storekeeper.telemetry import Telemetry

    async with (
        Gateway(database.server, settings, settings.read_assertion_key()) as gateway,
        _embedder(settings) as embedder,
    ):
        await gateway.pool.check()
        protocol = Protocol(gateway, Telemetry(settings), embedder=embedder)
        try:
            return await work(protocol)
        finally:
            await protocol.calls.finish()


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
