"""How the server and its database are, for those who run them: the resource storekeeper://health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import psycopg

from storekeeper.errors import ConfigurationError, MCPError, QueryTimeoutError, UnavailableError
from storekeeper.failures import explain
from storekeeper.gateway import Gateway
from storekeeper.shipping import migration_ids, sql_folder

if TYPE_CHECKING:
    from storekeeper.embedder import Embedder

log = logging.getLogger("storekeeper.health")

URI = "storekeeper://health"
RESOURCE = {
    "uri": URI,
    "name": "health",
    "title": "Health",
    "description": "Whether this server and its database are well: status is ok, degraded or down.",
    "mimeType": "application/json",
}
PATIENCE = 3  # seconds that the database gets to say how it is


class Health:
    """What one process knows of itself and of its database."""

    def __init__(self, gateway: Gateway, embedder: Embedder | None = None) -> None:
        self._gateway = gateway
        self._embedder = embedder
        self._started_at = datetime.now(UTC)
        self._asking: asyncio.Task[dict[str, Any]] | None = None
        self._told: list[str] = []

    async def report(self) -> dict[str, Any]:
        """The state, whatever it is: this never fails, and takes a few seconds at most."""
        gauges = self._gateway.gauges()
        own: dict[str, Any] = {
            "pool": _named(gauges, "pool.", ("size", "idle", "waiting")),
            "calls": _named(gauges, "calls.", ("running", "waiting")),
            "circuit": "open" if gauges["circuit.open"] else "closed",
            "server": {
                "version": version("storekeeper"),
                "started_at": f"{self._started_at:%Y-%m-%dT%H:%M:%SZ}",
            },
        }
        if self._embedder:
            own["embedding_service"] = {
                "host": self._embedder.service.host,
                "model": self._embedder.service.model,
                "circuit": "open" if self._embedder.circuit.open else "closed",
                "failure": self._embedder.failure and self._embedder.failure.message,
            }
        try:
            said = await self._ask()
        except MCPError as failure:
            reason = {"error_code": failure.error_code, "hint": failure.hint or failure.advice}
            state = "down" if isinstance(failure, UnavailableError) else "degraded"
            return {"status": state, "reason": reason, **own}
        pending = self._pending(said.pop("applied"))
        said["migrations"]["pending"] = pending
        well = not pending and not said["database"]["in_recovery"]
        well = well and all(finding["ok"] for finding in said["findings"])
        if self._embedder:
            well = well and not self._embedder.circuit.open and not self._embedder.failure
        model = said["embedding"]
        if model["provider"] not in {None, "built-in"}:
            # Only with vectors of the same model can queries be compared.
            model["ready"] = bool(self._embedder and self._embedder.service.model == model["model"])
            well = well and model["ready"]
        return {"status": "ok" if well else "degraded", **said, **own}

    async def warn(self) -> None:
        """Says once in the log which migrations are pending."""
        try:
            pending = self._pending(await self._gateway.account.applied_migrations())
        except (psycopg.Error, MCPError):
            return  # whoever asks for the health learns why
        if pending and pending != self._told:
            log.warning("migrations are pending: storekeeper migrate", extra={"pending": pending})
        self._told = pending

    async def _ask(self) -> dict[str, Any]:
        """What the database says; all who want to know at the same time share one question."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._gateway.account.health())
            self._asking.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        try:
            async with asyncio.timeout(PATIENCE):
                return dict(await asyncio.shield(self._asking))
        except TimeoutError:
            if self._gateway.pool.lends:
                raise QueryTimeoutError("The database is busy.") from None
            raise UnavailableError("The database does not answer.") from None
        except psycopg.Error as failure:
            raise explain(failure) from None

    def _pending(self, applied: Sequence[str]) -> list[str]:
        """The server's own migrations that the database lacks."""
        try:
            halves = migration_ids(sql_folder(self._gateway.settings))
        except ConfigurationError:
            return []  # it has none to compare with
        # A half of which nothing is applied is not wanted here: init --bare.
        wanted = [half for half in halves if set(half) & set(applied)]
        return sorted(name for half in wanted for name in half if name not in applied)


def _named(gauges: dict[str, float], prefix: str, names: Sequence[str]) -> dict[str, float]:
    return {name: gauges[prefix + name] for name in names}
