"""Apply, roll back and list the migrations, over yoyo."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import yoyo
from psycopg.conninfo import conninfo_to_dict
from yoyo.exceptions import LockTimeout

from storekeeper.errors import ConfigurationError
from storekeeper.failures import explain_connection
from storekeeper.shipping import HALVES, Half, sql_folder

__all__ = ["Migration", "migrate", "rollback", "sql_folder", "status"]

log = logging.getLogger("storekeeper.migrations")

ONE_AT_A_TIME = "SELECT pg_advisory_lock(hashtext('storekeeper migrations'))"
# yoyo keeps its ledger in tables of the first schema on the search path.
MAY_KEEP_LEDGER = """
SELECT CASE WHEN to_regclass('_yoyo_migration') IS NULL
            THEN has_schema_privilege(current_schema(), 'CREATE')
            ELSE has_table_privilege('_yoyo_migration', 'INSERT') END,
       to_regclass('_yoyo_migration') IS NULL, quote_ident(current_user), current_schema()
"""
LOCK_PATIENCE = 3  # seconds for a stock yoyo to finish; our own processes wait for one another


@dataclass(frozen=True)
class Migration:
    id: str
    half: str
    applied: bool


def status(conninfo: str, sql: Path) -> list[Migration]:
    """Every migration in the order in which it applies, and whether it has been."""
    with _backend(conninfo) as backend, _explained():
        applied = set(backend.get_applied_migration_hashes())
        return [
            Migration(m.id, Path(m.path).parents[1].name, m.hash in applied)
            for m in yoyo.migrations.topological_sort(_read(sql, HALVES))
        ]


def migrate(conninfo: str, sql: Path, halves: tuple[str, ...] = HALVES) -> list[str]:
    """Applies what is pending; returns the ids. One process at a time, others wait."""
    for half in halves:
        Half(sql / half).check_frozen()
    with _backend(conninfo) as backend, _explained():
        pending = backend.to_apply(_read(sql, halves))
        with backend.lock(LOCK_PATIENCE):
            backend.apply_migrations(pending)
        return [m.id for m in pending]


def rollback(conninfo: str, sql: Path, migration_id: str) -> list[str]:
    """Undoes this migration and all that depend on it; returns the ids in the order undone."""
    with _backend(conninfo) as backend, _explained():
        migrations = _read(sql, HALVES)
        known = {m.id: m for m in migrations}
        if migration_id not in known:
            raise ConfigurationError(
                f"There is no migration {migration_id}.", hint="storekeeper status lists them."
            )
        unwanted = {migration_id}
        for migration in backend.to_rollback(migrations)[::-1]:
            if any(d.id in unwanted for d in migration.depends):
                unwanted.add(migration.id)
        undone = backend.to_rollback(migrations.filter(lambda m: m.id in unwanted))
        with backend.lock(LOCK_PATIENCE):
            backend.rollback_migrations(undone)
        return [m.id for m in undone]


def _read(sql: Path, halves: tuple[str, ...]) -> Any:
    return yoyo.read_migrations(*(str(sql / half / "migrations") for half in halves))


@contextlib.contextmanager
def _backend(conninfo: str) -> Iterator[Any]:
    """yoyo on this database, its words on stderr, while no other process migrates it."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            waiting = psycopg.connect(conninfo, autocommit=True)
        except psycopg.Error as failure:
            raise explain_connection(failure) from None
        with waiting:
            _check_rights(waiting)
            waiting.execute(ONE_AT_A_TIME)
            parameters = {k: v for k, v in conninfo_to_dict(conninfo).items() if v is not None}
            backend = yoyo.get_backend(f"postgresql+psycopg://?{urlencode(parameters)}")
            with backend:
                yield backend


def _check_rights(connection: psycopg.Connection[Any]) -> None:
    """Without these rights yoyo would wait for its lock, and then say that it is missing."""
    try:
        row = connection.execute(MAY_KEEP_LEDGER).fetchone()
    except psycopg.errors.InsufficientPrivilege:  # hardened: not even the question is allowed
        row = None
    allowed, is_fresh, account, schema = row or (False, False, connection.info.user, None)
    if allowed:
        return
    hint = "Connect as the account that ran the migrations before."
    statement = None
    if is_fresh:
        hint = "Have the database's owner run the statement above, then migrate again."
        statement = f"GRANT CREATE ON SCHEMA {schema or 'public'} TO {account};"
    raise ConfigurationError(
        f"The account {account} may not migrate database {connection.info.dbname}.",
        sqlstate="42501",
        detail=statement,
        hint=hint,
    )


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except LockTimeout as locked:
        raise ConfigurationError(
            str(locked).split(" (")[0] + ".", hint="If that process is gone: yoyo break-lock"
        ) from None
    except psycopg.Error as failure:
        raise ConfigurationError(
            failure.diag.message_primary or str(failure),
            sqlstate=failure.sqlstate,
            detail=failure.diag.message_detail,
            hint=failure.diag.message_hint,
        ) from None
