"""What is wrong with an installation: connection, account, key, migrations, and the database's own view."""

from __future__ import annotations

from collections.abc import Sequence
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
MODELS = "SELECT gateway.embedding_state()"
SERVICE = "embedding service"


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
    with connection:
        try:
            findings += connection.execute(EXAMINE).fetchall()
            state = connection.cursor(row_factory=scalar_row).execute(MODELS).fetchone()
            models = [dict(model) for model in state or []]
        except psycopg.errors.InsufficientPrivilege:
            models = []
            findings.append(
                Finding("database", ok=True, finding="not examined: this account is not the DBA's")
            )
        except psycopg.Error:
            findings.append(
                Finding("database", ok=False, finding="no gateway", hint="Run storekeeper init.")
            )
            return findings
    findings.append(await _serving(settings, database))
    findings += await _embedding_service(settings, models)
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


async def _embedding_service(settings: Settings, models: Sequence[dict[str, Any]]) -> list[Finding]:
    """Whether it answers, and whether what is searched can be compared with what it says."""
    searched = next((m for m in models if m["active"] and m["provider"] != "built-in"), None)
    if settings.embedding_url is None:
        if not searched:
            return []
        return [
            Finding(
                SERVICE,
                ok=False,
                finding=f"search uses the vectors of {searched['model']}, and no service is set",
                hint="Set STOREKEEPER_EMBEDDING_URL, or go back: storekeeper embed --model built-in",
            )
        ]
    from storekeeper.embedder import PROBE, Embedder

    try:
        async with Embedder.of(settings) as embedder:
            vector = await embedder.embed_query(PROBE)
            service = embedder.service
    except MCPError as failure:
        return [_failed(SERVICE, failure)]
    found = f"{service.host} answers with vectors of {len(vector)} numbers by {service.model}"
    known = next((m for m in models if m["model"] == service.model), None)
    hint = None
    if known and known["dimension"] != len(vector):
        found += f"; those of the texts have {known['dimension']}"
        hint = f"STOREKEEPER_EMBEDDING_DIMENSION={known['dimension']}"
    elif searched and searched is not known:
        found += f"; search uses those of {searched['model']}, and so goes by words alone"
        hint = f"STOREKEEPER_EMBEDDING_MODEL={searched['model']}, or storekeeper embed."
    elif known and known["failing"]:
        found += f"; {known['failing']:,} texts have failed: {known['last_error']}"
        hint = "Mend that; then they get their vectors by themselves, or by storekeeper embed."
    elif not searched:
        found += "; search does not use it before storekeeper embed"
    return [Finding(SERVICE, ok=hint is None, finding=found, hint=hint)]


def _failed(subject: str, error: MCPError) -> Finding:
    return Finding(subject, ok=False, finding=error.message, hint=error.hint)
