"""One page of error codes: sql/README.md, the classes and what the SQL raises say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest

from conftest import TESTS
from storekeeper import errors
from storekeeper.errors import (
    SQLSTATES,
    AuthorizationError,
    ConfigurationError,
    ConflictError,
    DatabaseError,
    InvalidQueryError,
    LimitError,
    MCPError,
    NotFoundError,
    QueryTimeoutError,
    UnavailableError,
    ValidationError,
    error_class,
)

SQL = TESTS.parent / "sql"
HANDBOOK = SQL / "README.md"
NOTICES = {"SK001"}  # gateway.progress: says how far the work is, and is no error
STANDARD = {"42501", "P0001"}  # PostgreSQL's own codes that our functions may raise


def classes(root: type[MCPError] = MCPError) -> Iterator[type[MCPError]]:
    yield root
    for child in root.__subclasses__():
        yield from classes(child)


def page() -> list[tuple[set[str], str, str]]:
    """The handbook's table: (SQLSTATE prefixes, error_code, class) of each row."""
    table = HANDBOOK.read_text().partition("<!-- errors -->\n")[2].partition("\n\n")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in table.splitlines()[2:]
    ]
    return [(set(_prefixes(row[0])), row[1], row[2]) for row in rows]


def _prefixes(cell: str) -> Iterator[str]:
    for word in re.sub(r"\([^)]*\)", "", cell).replace("`", "").replace(",", " ").split():
        if re.fullmatch(r"[0-9A-Z]{2,5}x{0,3}", word):
            yield word.rstrip("x")


def raised() -> dict[str, set[str]]:
    """Code → the files that raise it."""
    found: dict[str, set[str]] = {}
    for file in SQL.rglob("*.sql"):
        for code in re.findall(r"\bERRCODE\s*=\s*'([^']*)'", file.read_text()):
            found.setdefault(code, set()).add(file.relative_to(SQL).as_posix())
    return found


def test_the_page_and_the_classes_are_equal() -> None:
    listed: dict[tuple[str, str], set[str]] = {}
    for prefixes, code, name in page():
        listed.setdefault((name, code), set()).update(prefixes)
    expected = {
        (c.__name__, c.error_code): set(c.sqlstates) for c in classes() if c is not DatabaseError
    }
    assert listed == expected


def test_every_code_that_the_sql_raises_is_on_the_page() -> None:
    listed = {prefix for prefixes, _, _ in page() for prefix in prefixes}
    codes = raised()
    assert len(codes) > 5
    unknown = {code: files for code, files in codes.items() if code not in listed | NOTICES}
    assert not unknown
    assert {code for code in codes if not code.startswith("SK")} <= STANDARD


def test_every_raise_in_the_sql_has_a_code() -> None:
    """Without one the code is P0001, which tells a caller nothing."""
    for file in SQL.rglob("*.sql"):
        for statement in re.findall(r"\bRAISE\b.*?;\n", file.read_text(), re.DOTALL):
            if re.match(r"RAISE\s+(NOTICE|LOG|DEBUG|INFO|WARNING)\b", statement):
                continue
            if not re.fullmatch(r"RAISE\s*;\s*", statement):
                assert "ERRCODE" in statement, f"{file.name}: {statement}"
                assert "HINT" in statement, f"{file.name}: {statement}"


def test_every_sk_code_on_the_page_leads_to_a_class() -> None:
    listed = {prefix for prefixes, _, _ in page() for prefix in prefixes if prefix[:2] == "SK"}
    assert listed
    assert listed == {prefix for prefix in SQLSTATES if prefix[:2] == "SK"}
    for code in listed:
        assert error_class(code) is SQLSTATES[code]


def test_the_notice_is_told_apart() -> None:
    assert raised().keys() >= NOTICES
    assert not NOTICES & SQLSTATES.keys()
    assert all(code in HANDBOOK.read_text() for code in NOTICES)


def test_the_page_names_no_code_twice() -> None:
    prefixes = [prefix for row, _, _ in page() for prefix in row]
    assert len(set(prefixes)) == len(prefixes)


def test_the_tree_at_the_top_of_the_module() -> None:
    """The same classes with the same codes as the docstring draws."""
    drawn = re.findall(r"^[ │├└─]*(\w+Error) +([A-Z_]+) ", errors.__doc__ or "", re.MULTILINE)
    assert drawn == [(c.__name__, c.error_code) for c in classes()]


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("SK400", ValidationError),
        ("22P02", ValidationError),
        ("23514", ValidationError),
        ("23505", ConflictError),
        ("SK409", ConflictError),
        ("SK401", AuthorizationError),
        ("28P01", AuthorizationError),
        ("SK403", AuthorizationError),
        ("42501", AuthorizationError),
        ("SK404", NotFoundError),
        ("SK429", LimitError),
        ("54001", LimitError),
        ("57014", QueryTimeoutError),
        ("57P01", UnavailableError),
        ("57P03", UnavailableError),
        ("40001", UnavailableError),
        ("40P01", UnavailableError),
        ("55P03", UnavailableError),
        ("08006", UnavailableError),
        ("53300", UnavailableError),
        ("40002", DatabaseError),
        ("55006", DatabaseError),
        ("57000", DatabaseError),
        ("P0001", DatabaseError),
        ("XX000", DatabaseError),
        ("SK001", DatabaseError),
        ("SK", DatabaseError),
        ("", DatabaseError),
        (None, DatabaseError),
    ],
)
@pytest.mark.parametrize("holds_sql", [False, True])
def test_the_longest_prefix_decides(
    sqlstate: str | None, expected: type[MCPError], holds_sql: bool
) -> None:
    assert error_class(sqlstate, holds_sql=holds_sql) is expected


@pytest.mark.parametrize("sqlstate", ["42601", "42P01", "42703", "42883"])
def test_a_wrong_query_is_the_callers_only_in_free_sql(sqlstate: str) -> None:
    assert error_class(sqlstate, holds_sql=True) is InvalidQueryError
    assert error_class(sqlstate) is DatabaseError
    assert DatabaseError.error_code == "MCP_ERROR"


def test_only_what_passes_may_be_retried() -> None:
    assert {c for c in classes() if c.retryable} == {UnavailableError}


def test_as_dict_leaves_out_what_is_absent() -> None:
    assert ConfigurationError("No.").as_dict() == {
        "error_code": "CONFIGURATION_ERROR",
        "message": "No.",
        "hint": ConfigurationError.advice,
        "retryable": False,
    }
    error = UnavailableError("Later.", sqlstate="08006", hint="Wait.", retry_after=2)
    error.request_id = "0a"
    assert error.as_dict() == {
        "error_code": "UNAVAILABLE",
        "sqlstate": "08006",
        "message": "Later.",
        "hint": "Wait.",
        "retryable": True,
        "retry_after": 2,
        "request_id": "0a",
    }
    assert str(error) == "Later."
    refused = LimitError("Too many calls.", retry_after=1)
    assert refused.as_dict()["retryable"] is True, "or nobody would wait for it"


def test_postgresql_knows_the_standard_codes() -> None:
    """A prefix with a typing error would match nothing."""
    known = {
        code
        for name in dir(psycopg.errors)
        if isinstance(code := getattr(getattr(psycopg.errors, name), "sqlstate", None), str)
    }
    for prefix in SQLSTATES:
        if not prefix.startswith("SK"):
            assert any(code.startswith(prefix) for code in known), prefix
