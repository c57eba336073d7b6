"""psql as a person: one transaction, which gateway.impersonate begins."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from storekeeper.database import Database
from storekeeper.errors import ConfigurationError

SCRIPTED = ("-c", "-f", "--command", "--file")


def run(database: Database, principal: str | None, arguments: list[str]) -> int:
    """Runs psql to its end and returns its exit code."""
    parameters = conninfo_to_dict(database.dba)
    # A password goes by the environment: the command line is for everybody to see.
    password = parameters.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    words = [str(database.psql), "-d", make_conninfo("", **parameters)]
    with tempfile.TemporaryDirectory(prefix="storekeeper-") as folder:
        if principal is not None and any(word.startswith(SCRIPTED) for word in arguments):
            words += ["-q", "-v", "ON_ERROR_STOP=1", *_around(principal, arguments)]
        else:
            words += arguments
        if principal is not None:
            start = Path(folder) / "psqlrc"
            start.write_text("" if "COMMIT" in words else _startup(principal))
            environment["PSQLRC"] = str(start)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's
        try:
            return subprocess.run(words, env=environment, check=False).returncode
        except FileNotFoundError:
            raise ConfigurationError(
                "psql was not found.", hint="Install PostgreSQL's client programs."
            ) from None


def _around(principal: str, arguments: list[str]) -> list[str]:
    """The scripted commands between BEGIN and COMMIT, in the order given; our own answers are not shown."""
    before = ["BEGIN", r"\o /dev/null", _enter(principal), r"\o"]
    return [*(word for text in before for word in ("-c", text)), *arguments, "-c", "COMMIT"]


def _startup(principal: str) -> str:
    return "\n".join(
        [
            r"\set QUIET 1",
            r"\set ON_ERROR_ROLLBACK on",
            r"\o /dev/null",
            "BEGIN;",
            f"{_enter(principal)};",
            r"\o",
            rf"\set PROMPT1 '{principal.replace(chr(39), '')}%R%x%# '",
            r"\unset QUIET",
            "",
        ]
    )


def _enter(principal: str) -> str:
    return f"SELECT gateway.impersonate({sql.Literal(principal).as_string()})"
