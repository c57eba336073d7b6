"""What is wrong with an installation: connection, account, key, migrations, and the database's own view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from storekeeper import migrations
from storekeeper.database import Database
from storekeeper.errors import MCPError
from storekeeper.failures import explain_connection
from storekeeper.gateway import Gateway
from storekeeper.settings import Settings

EXAMINE = (
    "SELECT subject, ok, finding, CASE WHEN NOT ok THEN hint END AS hint FROM gateway.doctor()"
)
# The model outside whose vectors are searched; no row: the built-in one's, or none.
SEARCHED = """
SELECT m.model
FROM json_to_recordset(gateway.embedding_state()) AS m (model text, provider text, active boolean)
WHERE m.active AND m.provider <> 'built-in'
"""


@dataclass(frozen=True)
class Finding:
    """One subject examined; a hint only where something is to be mended."""

    subject: str
    ok: bool
    finding: str
    hint: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


async def examine(settings: Settings, database: Database) -> list[Finding]:
    """Every finding, in the order in which things are needed."""
    try:
        connection = psycopg.connect(
            database.dba, row_factory=class_row(Finding), connect_timeout=5
        )
    except psycopg.Error as failure:
        return [_failed("connection", explain_connection(failure))]
    where = "embedded" if database.embedded else f"{connection.info.host}:{connection.info.port}"
    findings = [
        Finding("connection", ok=True, finding=f"{where}, database {connection.info.dbname}")
    ]
    findings.append(_migrations(settings, database))
    searched = None
    with connection:
        try:
            findings += connection.execute(EXAMINE).fetchall()
            with connection.cursor(row_factory=scalar_row) as cursor:
                searched = cursor.execute(SEARCHED).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            findings.append(
                Finding("database", ok=True, finding="not examined: this account is not the DBA's")
            )
        except psycopg.Error:
            findings.append(
                Finding("database", ok=False, finding="no gateway", hint="Run storekeeper init.")
            )
            return findings
    findings.append(await _serving(settings, database))
    if settings.embedding_url is not None:
        findings.append(await _embedding_service(settings, searched))
    elif searched is not None:
        findings.append(
            Finding(
                "embedding service",
                ok=False,
                finding=f"none is set here, and search compares vectors of {searched}: words alone count",
                hint="Set STOREKEEPER_EMBEDDING_URL and STOREKEEPER_EMBEDDING_MODEL, here and for"
                " each server; or storekeeper embed --model built-in",
            )
        )
    return findings


def _migrations(settings: Settings, database: Database) -> Finding:
    try:
        known = migrations.status(database.dba, migrations.sql_folder(settings))
    except (MCPError, psycopg.Error):
        return Finding("migrations", ok=True, finding="not examined: this account is not the DBA's")
    # A half of which nothing is applied is not wanted here: init --bare.
    begun = {m.half for m in known if m.applied} or {m.half for m in known}
    pending = [m.id for m in known if not m.applied and m.half in begun]
    if pending:
        return Finding(
            "migrations",
            ok=False,
            finding=f"pending: {', '.join(pending)}",
            hint="storekeeper migrate",
        )
    return Finding("migrations", ok=True, finding=f"all applied of {' and '.join(sorted(begun))}")


async def _serving(settings: Settings, database: Database) -> Finding:
    try:
        gateway = Gateway(database.server, settings, settings.read_assertion_key())
        await gateway.pool.check()
    except MCPError as failure:
        return _failed("serving", failure)
    return Finding("serving", ok=True, finding="the account and the key are fit to serve")


async def _embedding_service(settings: Settings, searched: str | None) -> Finding:
    from storekeeper.embedder import PROBE, Embedder

    try:
        async with Embedder.of(settings) as embedder:
            vector = await embedder.embed_query(PROBE)
            service = embedder.service
    except MCPError as failure:
        return _failed("embedding service", failure)
    found = f"{service.host} answers with vectors of {len(vector)} numbers by {service.model}"
    if searched is None:
        found += "; search uses them after storekeeper embed"
    elif searched != service.model:
        return Finding(
            "embedding service",
            ok=False,
            finding=f"{found}; but search compares those of {searched}: words alone count",
            hint=f"Set STOREKEEPER_EMBEDDING_MODEL={searched}, or switch by storekeeper embed.",
        )
    return Finding("embedding service", ok=True, finding=found)


def _failed(subject: str, error: MCPError) -> Finding:
    return Finding(subject, ok=False, finding=error.message, hint=error.hint)
