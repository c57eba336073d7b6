"""One published function: its schemas for MCP, the check of its arguments, the statement that calls it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

from psycopg import sql
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as Refused

from storekeeper import pgtypes
from storekeeper.cache import CacheRule
from storekeeper.comment import Comment
from storekeeper.errors import ValidationError
from storekeeper.pgtypes import Types

KEY = "idempotency_key"  # the argument by which a repeated write is known
LIMITS = ("max_rows", "max_bytes", "retries", "concurrency")
MASK = "***"
MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}


class Argument(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    type: str
    required: bool
    default: str | None


class Column(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    type: str


class Embeds(NamedTuple):
    """The names of the arguments: a text, its vector, and the model that makes that."""

    vector: str
    model: str
    text: str


class Function(BaseModel):
    """One published function."""

    model_config = ConfigDict(
        frozen=True, ignored_types=(cached_property,), arbitrary_types_allowed=True
    )

    kind: str  # the schema it stands in: tool, resource, prompt or completion
    name: str
    comment: Comment
    writes: bool
    returns_set: bool
    result_type: str
    timeout: str | None
    source: str = ""  # a hash of its definition
    watched: frozenset[str] = frozenset()  # the tables whose changes the database notes
    arguments: tuple[Argument, ...]
    columns: tuple[Column, ...]
    types: Types

    @property
    def title(self) -> str:
        return self.comment.one("title") or self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        examples = "".join(f"\nExample: {e}" for e in self.comment.tags.get("example", ()))
        return self.comment.prose + examples

    @property
    def uri(self) -> str:
        """A resource's address; with {arguments} in it, that of a template."""
        return self.comment.one("uri") or f"storekeeper://{self.name}"

    @property
    def mime_type(self) -> str:
        return self.comment.one("mime") or "application/json"

    @property
    def holds_sql(self) -> bool:
        """Whether an argument is free SQL, so that errors of class 42 are the caller's."""
        return "sql" in self.comment.tags

    @cached_property
    def cache_rule(self) -> CacheRule | None:
        """How its answers may be kept; None where that would not be safe."""
        rule = CacheRule.parse(self.comment.one("cache"))
        if rule is None or self.writes or self.holds_sql or not self.source:
            return None
        return rule if self.watched.issuperset(rule.tables) else None

    @property
    def timeout_ms(self) -> int | None:
        """The function's own SET statement_timeout."""
        found = re.fullmatch(r"(\d+)(ms|s|min|h)?", self.timeout or "")
        return int(found[1]) * MILLISECONDS[found[2] or "ms"] if found else None

    @cached_property
    def limits(self) -> dict[str, int | None]:
        """The function's own limits, by tags of its comment; None is the server's."""
        texts = {name: self.comment.one(name) or "" for name in LIMITS}
        return {n: int(t) if re.fullmatch(r"\d{1,9}", t) else None for n, t in texts.items()}

    def described(self, arguments: Mapping[str, Any]) -> str:
        """What is asked, for the record: the free SQL, or the call without its values."""
        query = arguments.get(self.comment.one("sql") or "")
        if isinstance(query, str):
            return query
        names = ", ".join(f"{a.name} => ?" for a in self.arguments if a.name in arguments)
        return f"{self.kind}.{self.name}({names})"

    @cached_property
    def keyed(self) -> bool:
        """Whether a repeat of a call is known by its key, and so changes nothing more."""
        return self.writes and any(a.name == KEY for a in self.arguments)

    @cached_property
    def embeds(self) -> Embeds | None:
        """Which arguments the server fills with a vector."""
        names = (self.comment.one("embeds") or "").split()
        known = {a.name: a for a in self.arguments}
        if len(names) != len(Embeds._fields) or not set(names) <= set(known):
            return None
        found = Embeds(*names)
        return None if known[found.vector].required or known[found.model].required else found

    @cached_property
    def given_arguments(self) -> tuple[Argument, ...]:
        """Those that a client may give."""
        filled = {self.embeds.vector, self.embeds.model} if self.embeds else set()
        return tuple(a for a in self.arguments if a.name not in filled)

    @cached_property
    def shown_arguments(self) -> tuple[Argument, ...]:
        """Those that a client may see: the server fills a key that the comment doesn't speak of."""
        hidden = self.keyed and KEY not in self.comment.named("param")
        return tuple(a for a in self.given_arguments if not (hidden and a.name == KEY))

    def masked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the record may keep them."""
        secret = self.comment.tags.get("secret")
        if not secret:
            return dict(arguments)
        return {n: MASK if n in secret else v for n, v in arguments.items()}

    @cached_property
    def shape(self) -> str:
        """How the result looks: rows, object, json, value or nothing."""
        name = self.types.name(self.result_type)
        if self.returns_set:
            return "rows"
        if name == "void":
            return "nothing"
        if name in {"json", "jsonb"}:
            return "json"
        return "object" if self.columns[1:] or self._attributes else "value"

    @property
    def _attributes(self) -> list[dict[str, str]]:
        return self.types.facts(self.result_type)["attributes"] or []

    @cached_property
    def result_columns(self) -> tuple[Column, ...]:
        """The columns of a row, the members of an object, or the one called value."""
        if self._attributes:
            return tuple(Column(**attribute) for attribute in self._attributes)
        if self.columns and (self.returns_set or self.columns[1:]):
            return self.columns
        return (Column(name="value", type=self.result_type),)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        texts = self.comment.named("param")
        properties = {}
        for argument in self.shown_arguments:
            schema = self.types.input_schema(argument.type)
            text = texts.get(argument.name) or self.types.facts(argument.type)["comment"]
            if text:
                schema = schema | {"description": text}
            if argument.default and (default := pgtypes.literal(argument.default)) is not None:
                schema = schema | {"default": default}
            properties[argument.name] = schema
        required = [a.name for a in self.shown_arguments if a.required]
        return {
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        texts = self.comment.named("return")
        members = {
            c.name: self.types.output_schema(c.type, texts.get(c.name)) for c in self.result_columns
        }
        if self.shape == "rows":
            row = {"type": "object", "properties": members, "required": list(members)}
            properties: dict[str, Any] = {
                "rows": {"type": "array", "items": row},
                "row_count": {"type": "integer"},
                "truncated": {"type": "boolean"},
            }
        elif self.shape in {"object", "value"}:
            properties = members
        else:
            return {"type": "object"}
        return {"type": "object", "properties": properties, "required": list(properties)}

    @cached_property
    def _checker(self) -> type[BaseModel]:
        return pgtypes.arguments_model(
            {a.name: (self.types.checker(a.type), a.required) for a in self.given_arguments}
        )

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments to send, or a ValidationError that names argument, value and what is allowed."""
        try:
            self._checker(**arguments)
        except Refused as refused:
            raise self._explain(refused) from None
        required = {a.name for a in self.arguments if a.required}
        return {
            name: value
            for name, value in arguments.items()
            if value is not None or name in required
        }

    def from_texts(self, texts: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments that come as strings only (prompts, resource templates, a shell) as JSON values.

        An empty text of an optional argument means that it is not given.
        """
        properties = self.input_schema["properties"]
        required = self.input_schema.get("required", ())
        arguments: dict[str, Any] = {}
        for name, text in texts.items():
            if text == "" and name not in required:
                continue
            arguments[name] = text
            if isinstance(text, str) and properties.get(name, {}).get("type") != "string":
                with suppress(ValueError, RecursionError):
                    arguments[name] = json.loads(text)
        return arguments

    def _explain(self, refused: Refused) -> ValidationError:
        known = [a.name for a in self.shown_arguments]
        problems = []
        for error in refused.errors(include_url=False):
            where = ".".join(str(part) for part in error["loc"]) or "arguments"
            if error["type"] == "missing":
                problems.append(f"{where} is missing")
            elif error["type"] == "extra_forbidden":
                problems.append(f"{where} is no argument of {self.name}{_near(where, known)}")
            else:
                value = repr(error["input"])
                shown = value if len(value) <= 80 else value[:77] + "…"
                said = error["msg"][0].lower() + error["msg"][1:]
                near = _near(error["input"], self._labels(error["loc"]))
                problems.append(f"{where} = {shown}: {said}{near}")
        return ValidationError(
            f"{self.name}: {'; '.join(problems)}.",
            sqlstate="SK400",
            hint=f"Arguments of {self.name}: {', '.join(known) or 'none'}. "
            "Its inputSchema says what each allows.",
        )

    def _labels(self, where: tuple[int | str, ...]) -> list[str]:
        """The values that the schema lists for an argument, or for the members of a list."""
        schema = self.input_schema["properties"].get(where[0] if where else "", {})
        allowed: list[str] = schema.get("enum") or schema.get("items", {}).get("enum") or []
        return allowed

    def statement(self, given: Iterable[str]) -> str:
        """The call with these arguments: one bind parameter, the arguments as JSON, which PostgreSQL
        turns into their types. Each row of the answer is one JSON text.
        """
        names = tuple(a.name for a in self.arguments if a.name in given)
        if names not in self._statements:
            self._statements[names] = self._compose(names).as_string()
        return self._statements[names]

    @cached_property
    def _statements(self) -> dict[tuple[str, ...], str]:
        return {}

    def _compose(self, names: tuple[str, ...]) -> sql.Composed:
        types = {a.name: self.types.name(a.type) for a in self.arguments}
        call = sql.SQL("{}({})").format(
            sql.Identifier(self.kind, self.name),
            sql.SQL(", ").join(sql.SQL("{0} => a.{0}").format(sql.Identifier(n)) for n in names),
        )
        source: sql.Composable = sql.SQL("")
        if names:
            definitions = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(types[n])) for n in names
            )
            source = sql.SQL("jsonb_to_record($1::jsonb) AS a ({}) CROSS JOIN LATERAL ").format(
                definitions
            )
        if self.shape in {"json", "nothing"}:
            return sql.SQL("SELECT r.value::text FROM {}{} AS r (value)").format(source, call)
        columns = sql.SQL(", ").join(
            sql.SQL("r.{0}::real[] AS {0}" if self._is_vector(c) else "r.{0}").format(
                sql.Identifier(c.name)
            )
            for c in self.result_columns
        )
        alias = sql.SQL(", ").join(sql.Identifier(c.name) for c in self.result_columns)
        return sql.SQL(
            "SELECT row_to_json(q)::text FROM (SELECT {} FROM {}{} AS r ({})) AS q"
        ).format(columns, source, call, alias)

    def _is_vector(self, column: Column) -> bool:
        return pgtypes.base_name(self.types.name(column.type)) in pgtypes.VECTORS


def _near(given: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1) if isinstance(given, str) else []
    return f" (did you mean {near[0]}?)" if near else ""
