"""What commands are made of: options, a database that is ready, failures told in a sentence and a hint."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from storekeeper.database import Database, connect_to
from storekeeper.errors import MCPError
from storekeeper.settings import Settings

SAMPLE_SCALE = 0.1
SAMPLE_SEED = 42

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
