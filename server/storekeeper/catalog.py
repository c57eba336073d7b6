"""What is published to one person: pg_proc + comments + grants → tools, resources, prompts, completions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from storekeeper.comment import Comment
from storekeeper.function import Function
from storekeeper.pgtypes import Types

CATALOG = "SELECT gateway.catalog()::text"


class Catalog(BaseModel):
    """Everything published to one person."""

    model_config = ConfigDict(frozen=True)

    instructions: str = ""
    who: dict[str, Any] = {}
    embedding_model: str | None = None  # the service's that is searched by; None: the built-in one
    embedding_dimension: int | None = None
    database: str = ""  # which database, and which run of it since it was started or crashed
    functions: tuple[Function, ...] = ()

    @classmethod
    def load(cls, facts: dict[str, Any]) -> Catalog:
        """From what gateway.catalog() returned."""
        shared = {
            "types": Types(facts["types"]),
            # Without a name for this run of the database no answer can be kept apart from others'.
            "watched": frozenset(facts.get("watched") or () if facts.get("database") else ()),
        }
        functions = [
            Function(**f | {"kind": f["schema"], "comment": Comment.parse(f["comment"])} | shared)
            for f in facts["functions"]
        ]
        return cls(
            instructions=facts["instructions"] or "",
            who=facts["who"] or {},
            embedding_model=facts.get("embedding_model"),
            embedding_dimension=facts.get("embedding_dimension"),
            database=facts.get("database") or "",
            functions=tuple(functions),
        )

    def of(self, kind: str) -> dict[str, Function]:
        """The published functions of one kind by name, in order."""
        return self._by_kind.get(kind, {})

    @cached_property
    def _by_kind(self) -> dict[str, dict[str, Function]]:
        found: dict[str, dict[str, Function]] = {}
        for function in self.functions:
            found.setdefault(function.kind, {})[function.name] = function
        return found
