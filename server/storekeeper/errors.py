"""What can go wrong, as one tree.

    MCPError                      MCP_ERROR            the rest: report the reference id
    ├── ConfigurationError        CONFIGURATION_ERROR  mend the settings or the database, start again
    ├── DatabaseError             MCP_ERROR            anything PostgreSQL says that is not below
    │   ├── AuthorizationError    AUTHORIZATION_ERROR  sign in (SK401, 28xxx) or stop (SK403, 42501)
    │   ├── NotFoundError         NOT_FOUND            look elsewhere (SK404)
    │   ├── ConflictError         CONFLICT             read again, then decide (SK409, 23505)
    │   ├── LimitError            LIMIT_EXCEEDED       ask for less, or later (SK429, 54xxx, 53200, 53400)
    │   ├── QueryTimeoutError     QUERY_TIMEOUT        narrow the request (57014)
    │   └── UnavailableError      UNAVAILABLE          wait (40001, 40P01, 55P03, 08xxx, 53xxx, 57P0x)
    └── ValidationError           VALIDATION_ERROR     correct the argument (SK400, 22xxx, 23xxx)
        └── InvalidQueryError     INVALID_QUERY        mend the SQL (42xxx, 0A000, 25006; free SQL only)

`SQLSTATES` is derived from the classes; sql/README.md shows the same table, and a test holds
the two and the SQL files equal.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MCPError(Exception):
    """An error a client may see: every attribute here is fit to be shown."""

    error_code: ClassVar[str] = "MCP_ERROR"
    sqlstates: ClassVar[tuple[str, ...]] = ()
    retryable: bool = False
    advice: ClassVar[str] = "Report the request id; the reason is in the server's log."

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.hint = hint
        self.retry_after = retry_after
        self.request_id: str | None = None  # known once a call has failed with it
        self.retries = 0  # made before giving up

    def as_dict(self) -> dict[str, Any]:
        """The error as a client gets it; absent parts are left out. `retry_after` is in seconds."""
        facts = {
            "error_code": self.error_code,
            "sqlstate": self.sqlstate,
            "message": self.message,
            "detail": self.detail,
            "hint": self.hint or self.advice,
            "retryable": self.retryable or self.retry_after is not None,
            "retry_after": self.retry_after,
            "request_id": self.request_id,
        }
        return {name: value for name, value in facts.items() if value is not None}


class ConfigurationError(MCPError):
    """Storekeeper can't start or serve as it is set up; the hint says what to change."""

    error_code = "CONFIGURATION_ERROR"
    advice = "Mend the settings or the database, then start again."


class DatabaseError(MCPError):
    """PostgreSQL refused, in a way that no subclass names."""


class AuthorizationError(DatabaseError):
    error_code = "AUTHORIZATION_ERROR"
    advice = "Stop: this person may not do that."
    sqlstates = ("SK401", "SK403", "28", "42501")


class NotFoundError(DatabaseError):
    error_code = "NOT_FOUND"
    advice = "Look elsewhere: it does not exist, or not for this person."
    sqlstates = ("SK404",)


class ConflictError(DatabaseError):
    error_code = "CONFLICT"
    advice = "Read again what is there now, then decide."
    sqlstates = ("SK409", "23505")


class LimitError(DatabaseError):
    error_code = "LIMIT_EXCEEDED"
    advice = "Ask for less, or later."
    sqlstates = ("SK429", "54", "53200", "53400")


class QueryTimeoutError(DatabaseError):
    error_code = "QUERY_TIMEOUT"
    advice = "Narrow the request: a shorter period, fewer rows, one store."
    sqlstates = ("57014",)


class UnavailableError(DatabaseError):
    error_code = "UNAVAILABLE"
    advice = "Wait a moment, then try again."
    sqlstates = ("40001", "40P01", "55P03", "08", "53", "57P0")
    retryable = True


class ValidationError(MCPError):
    error_code = "VALIDATION_ERROR"
    advice = "Correct the argument, then call again."
    sqlstates: ClassVar[tuple[str, ...]] = ("SK400", "22", "23")


class InvalidQueryError(ValidationError):
    """Free SQL that PostgreSQL can't run. Outside free SQL these are defects of ours."""

    error_code = "INVALID_QUERY"
    advice = "Correct the SQL, then call again."
    sqlstates: ClassVar[tuple[str, ...]] = ("42", "0A000", "25006")


def _tree(root: type[MCPError]) -> list[type[MCPError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


SQLSTATES: dict[str, type[MCPError]] = {
    prefix: error for error in _tree(MCPError) for prefix in error.sqlstates
}


def error_class(sqlstate: str | None, *, holds_sql: bool = False) -> type[MCPError]:
    """The class for an SQLSTATE: the longest known prefix decides."""
    for length in range(5, 1, -1):
        found = SQLSTATES.get((sqlstate or "")[:length])
        if found is InvalidQueryError and not holds_sql:
            continue
        if found is not None:
            return found
    return DatabaseError
