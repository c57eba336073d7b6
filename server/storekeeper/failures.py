"""What PostgreSQL and libpq say, as errors that a client may see."""

from __future__ import annotations

import logging
import re

import psycopg

from storekeeper.errors import (
    ConfigurationError,
    LimitError,
    MCPError,
    QueryTimeoutError,
    UnavailableError,
    error_class,
)

log = logging.getLogger("storekeeper.gateway")

READ_ONLY = "25006"  # to a write: the server is a standby now
OLDER_SCHEMA = ("42883", "3F000")  # to a statement of the server's own
OURS = re.compile(r"(?:function (gateway\.\w+)\(|schema \"(gateway)\")")
LONGEST = 1000  # characters of a message
LATER = "Wait a moment, then try again."
IN_DOUBT = "Look whether the change was made before you try again."
SAME_KEY = "Try again with the same idempotency_key: what was made is not made twice."
NARROWER = "Narrow the request: a shorter period, fewer rows, one store."


def explain(
    failure: psycopg.Error,
    *,
    holds_sql: bool = False,
    writes: bool = False,
    in_doubt: bool = False,
    repeatable: bool = False,
    request_id: str | None = None,
) -> MCPError:
    """What went wrong in a call, as a client may see it.

    in_doubt: while it was being committed. repeatable: the client knows the key of its write.
    """
    kind = error_class(failure.sqlstate, holds_sql=holds_sql)
    if is_lost(failure) or (writes and failure.sqlstate == READ_ONLY):
        kind = UnavailableError
    if missing := _missing(failure):
        return ConfigurationError(
            f"The database lacks {missing}, which this server needs.",
            sqlstate=failure.sqlstate,
            hint="The database is older than the server. As its DBA: storekeeper migrate",
        )
    if kind is QueryTimeoutError:
        return QueryTimeoutError(
            "The statement took longer than its timeout allows.",
            sqlstate=failure.sqlstate,
            hint=NARROWER,
        )
    if in_doubt:
        unknown = UnavailableError(
            "The connection broke: the change may have been made, or not.",
            sqlstate=failure.sqlstate,
            hint=SAME_KEY if repeatable else IN_DOUBT,
        )
        unknown.retryable = repeatable
        return unknown
    if kind is UnavailableError:
        return UnavailableError(
            "The database is not available for this right now.",
            sqlstate=failure.sqlstate,
            hint=LATER,
            retry_after=2,
        )
    if not kind.sqlstates:
        # Nothing that we named: its text may hold anything, and stays in the log.
        log.error(
            "database error %s: %s",
            failure.sqlstate,
            failure.diag.message_primary or failure,
            extra={"request_id": request_id},
        )
        return kind("The database could not do this.", sqlstate=failure.sqlstate)
    return kind(
        _short(failure.diag.message_primary or ""),
        sqlstate=failure.sqlstate,
        detail=_position(failure) if holds_sql else None,
        hint=failure.diag.message_hint or (NARROWER if kind is LimitError else None),
    )


def is_lost(failure: psycopg.Error) -> bool:
    """Whether the connection broke, so that the server's word on the last statement is missing."""
    state = failure.sqlstate
    if state is None:
        return isinstance(failure, psycopg.OperationalError)
    return state.startswith(("08", "57P0"))


def explain_connection(failure: psycopg.Error) -> MCPError:
    """Why no connection could be made. libpq's text names hosts and accounts, never a password."""
    text = " ".join(str(failure).split())
    return UnavailableError(
        f"No connection to the database: {text}",
        sqlstate=failure.sqlstate,
        hint="Check STOREKEEPER_DATABASE_URL, or libpq's variables PGHOST, PGPORT, PGUSER, PGDATABASE, "
        "and that the server runs.",
        retry_after=5,
    )


def no_gateway(dbname: str) -> ConfigurationError:
    return ConfigurationError(
        f"Database {dbname} has no Storekeeper gateway.",
        hint="Run storekeeper init as its DBA first.",
    )


def _missing(failure: psycopg.Error) -> str | None:
    """What the server itself asked for in vain; never what free SQL or a function asked for."""
    if failure.sqlstate not in OLDER_SCHEMA or failure.diag.context:
        return None
    found = OURS.search(failure.diag.message_primary or "")
    return found and f"{found[1] or 'schema gateway'}"


def _short(text: str) -> str:
    """PostgreSQL quotes a value that it can't read, however long it is."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _position(failure: psycopg.Error) -> str | None:
    position = failure.diag.internal_position
    if position is None:
        # gateway.run_query, which has added to the hint, says itself where.
        ours = (failure.sqlstate or "").startswith("42") and failure.diag.message_detail
        return ours or None
    query = failure.diag.internal_query or ""
    near = query[int(position) - 1 :].split("\n")[0][:40]
    return f"At character {position}, near: {near}"
