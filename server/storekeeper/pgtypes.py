"""PostgreSQL types as JSON Schema, and as pydantic types that check an argument.

The facts come from gateway.catalog(): {oid: {name, kind, comment, inner, labels, checks, attributes}}.
Values travel as JSON. An integer or decimal that a double can't hold, and NaN and Infinity, travel as
strings; everything without a JSON form of its own (bytea, interval, ranges, …) is its text.
"""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, Strict, create_model
from pydantic import ConfigDict as ModelConfig
from pydantic_core import PydanticCustomError

Facts = dict[str, Any]
Schema = dict[str, Any]

SAFE_INTEGER = 2**53 - 1  # above it a client that parses into doubles would round
INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63, "oid": 2**32}
FLOATS = {"real", "double precision"}
TEXT_FORMATS = {
    "date": ("date", datetime.date),
    "timestamp with time zone": ("date-time", datetime.datetime),
    "timestamp without time zone": (None, datetime.datetime),
    "uuid": ("uuid", uuid.UUID),
}
VECTORS = {"vector", "halfvec"}  # lists of numbers to a client


def base_name(name: str) -> str:
    """The type's name without its schema: pgvector's types are found wherever it is installed."""
    return name.rsplit(".", 1)[-1]


class Types:
    """The types of one catalog."""

    def __init__(self, facts: dict[str, Facts]) -> None:
        self._facts = facts

    def name(self, oid: str) -> str:
        return str(self._facts[oid]["name"])

    def facts(self, oid: str) -> Facts:
        return self._facts[oid]

    def input_schema(self, oid: str) -> Schema:
        """JSON Schema of an argument of this type."""
        facts = self._facts[oid]
        match facts["kind"]:
            case "enum":
                return {"type": "string", "enum": facts["labels"]}
            case "array":
                return {"type": "array", "items": self.input_schema(facts["inner"])}
            case "composite":
                properties = {a["name"]: self.input_schema(a["type"]) for a in facts["attributes"]}
                return {"type": "object", "properties": properties, "additionalProperties": False}
            case "domain":
                return self.input_schema(facts["inner"]) | Limits(facts["checks"]).schema()
        name = base_name(facts["name"])
        if name in INTEGERS:
            bounds = {} if name in {"integer", "bigint"} else _bounds(name)
            return {"type": "integer", **bounds}
        if name in FLOATS or name == "numeric":
            return {"type": "number"}
        if name == "boolean":
            return {"type": "boolean"}
        if name in {"json", "jsonb"}:
            return {}
        if name in VECTORS:
            return {"type": "array", "items": {"type": "number"}}
        text_format = TEXT_FORMATS.get(name, (None,))[0]
        return {"type": "string", "format": text_format} if text_format else {"type": "string"}

    def output_schema(self, oid: str, description: str | None = None) -> Schema:
        """JSON Schema of a value of this type in a result, where anything may be NULL."""
        schema = self._output(oid)
        return schema | {"description": description} if description else schema

    def _output(self, oid: str) -> Schema:
        facts = self._facts[oid]
        match facts["kind"]:
            case "enum":
                return {"enum": [*facts["labels"], None]}
            case "array":
                # PostgreSQL doesn't declare how many dimensions an array has.
                return {"type": ["array", "null"]}
            case "composite":
                properties = {a["name"]: self._output(a["type"]) for a in facts["attributes"]}
                return {"type": ["object", "null"], "properties": properties}
            case "domain":
                return self._output(facts["inner"])
        name = base_name(facts["name"])
        if name in {"smallint", "integer"}:
            return {"type": ["integer", "null"]}
        if name == "bigint":
            return {"type": ["integer", "string", "null"]}
        if name in FLOATS or name == "numeric":
            return {"type": ["number", "string", "null"]}
        if name == "boolean":
            return {"type": ["boolean", "null"]}
        if name in {"json", "jsonb"}:
            return {}
        if name in VECTORS:
            return {"type": ["array", "null"], "items": {"type": "number"}}
        return {"type": ["string", "null"]}

    def checker(self, oid: str) -> Any:
        """The pydantic type that checks a JSON value meant for this type."""
        facts = self._facts[oid]
        match facts["kind"]:
            case "enum":
                return Literal[tuple(facts["labels"])]
            case "array":
                element: Any = self.checker(facts["inner"])
                return Annotated[list[element | None], Strict()]
            case "composite":
                return arguments_model(
                    {a["name"]: (self.checker(a["type"]), False) for a in facts["attributes"]}
                )
            case "domain":
                limits = Limits(facts["checks"])
                return Annotated[self.checker(facts["inner"]), AfterValidator(limits.check)]
        name = base_name(facts["name"])
        if name in INTEGERS:
            low, high = _bounds(name).values()
            return Annotated[int, BeforeValidator(_whole_number), Field(ge=low, le=high)]
        if name in FLOATS or name == "numeric":
            return Annotated[Any, AfterValidator(_number)]
        if name == "boolean":
            return Annotated[bool, Strict()]
        if name in {"json", "jsonb"}:
            return Annotated[Any, AfterValidator(_json)]
        if name in VECTORS:
            return Annotated[
                list[Annotated[float, Strict(), Field(allow_inf_nan=False)]], Field(min_length=1)
            ]
        if name in TEXT_FORMATS:
            return Annotated[TEXT_FORMATS[name][1], BeforeValidator(_text)]
        return Annotated[str, BeforeValidator(_text)]


def arguments_model(fields: dict[str, tuple[Any, bool]]) -> type[BaseModel]:
    """A model of named values: name → (type, required). An optional one may be null, which leaves it out."""
    definitions: dict[str, Any] = {
        # The fields have names of their own: an argument may be called `schema` or `copy`.
        f"field_{n}": (
            kind if required else kind | None,
            Field(alias=name) if required else Field(default=None, alias=name),
        )
        for n, (name, (kind, required)) in enumerate(fields.items())
    }
    return create_model("Arguments", __config__=ModelConfig(extra="forbid"), **definitions)


class Limits:
    """What a domain's CHECK constraints allow, as far as JSON Schema can say it."""

    def __init__(self, checks: list[str] | None) -> None:
        self._keywords = dict(pair for check in checks or [] for pair in _keywords(check))
        with suppress(re.error, KeyError):
            re.compile(self._keywords["pattern"])
            return
        # A pattern that only PostgreSQL understands is left to PostgreSQL.
        self._keywords.pop("pattern", None)

    def schema(self) -> Schema:
        return dict(self._keywords)

    def check(self, value: Any) -> Any:
        for keyword, limit in self._keywords.items():
            # A number may come as a string; PostgreSQL looks at its last digits.
            is_text = isinstance(value, str) and isinstance(limit, int | float)
            if not _CHECKS[keyword][0](float(value) if is_text else value, limit):
                raise PydanticCustomError("limit", _CHECKS[keyword][1], {"limit": limit})
        return value


_CHECKS: dict[str, tuple[Callable[[Any, Any], bool], Any]] = {
    "minimum": (lambda value, limit: value >= limit, "must be {limit} or more"),
    "maximum": (lambda value, limit: value <= limit, "must be {limit} or less"),
    "exclusiveMinimum": (lambda value, limit: value > limit, "must be more than {limit}"),
    "exclusiveMaximum": (lambda value, limit: value < limit, "must be less than {limit}"),
    "enum": (lambda value, limit: value in limit, "must be one of {limit}"),
    "pattern": (lambda value, limit: re.search(limit, value) is not None, "must match {limit}"),
}
_COMPARISONS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}
_LITERAL = r"\(?(?:'(?P<text>(?:[^']|'')*)'|(?P<number>-?[\d.]+))\)?"


def literal(expression: str) -> Any:
    """The value of a constant as PostgreSQL prints it ('x'::text, 20, true); None for anything else."""
    if expression in {"true", "false"}:
        return expression == "true"
    found = re.fullmatch(_LITERAL + r"(?P<cast>::[\w \".\[\]()]+)?", expression)
    if found is None:
        return None
    text = found["text"].replace("''", "'") if found["text"] is not None else None
    if text is None or re.fullmatch(
        r"::(smallint|integer|bigint|numeric|real|double precision)", found["cast"] or ""
    ):
        try:
            return json.loads(found["number"] or text or "")
        except json.JSONDecodeError:
            return None
    return text


def _keywords(check: str) -> Iterator[tuple[str, Any]]:
    # "CHECK (((VALUE >= 1) AND (VALUE <= 200)))": only conjunctions can be told one by one.
    if " OR " in check:
        return
    for operator, operand in re.findall(
        r"VALUE (>=|<=|>|<) ([^()\s]+(?: precision)?|\([^()]*\)[^()\s]*)", check
    ):
        limit = literal(operand)
        if isinstance(limit, int | float):
            yield _COMPARISONS[operator], limit
    if found := re.search(r"VALUE\)?(?:::text)? = ANY \(\(?ARRAY\[(.*?)\]", check):
        yield (
            "enum",
            [literal(item.strip()) for item in re.findall(r"(?:'(?:[^']|'')*'|[^,'])+", found[1])],
        )
    if found := re.search(r"VALUE\)?(?:::text)? ~ '((?:[^']|'')*)'::text", check):
        yield "pattern", found[1].replace("''", "'")


def _bounds(name: str) -> Schema:
    size = INTEGERS[name]
    return {"minimum": 0 if name == "oid" else -size, "maximum": size - 1}


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("text", "must be a string")
    if "\0" in value:
        raise PydanticCustomError("text", "must not contain NUL characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError(
            "text", "must be valid Unicode (it has half a surrogate pair)"
        ) from None
    return value


def _json(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    _text(re.sub(r"(?<!\\)((?:\\\\)*)\\u0000", "\\1\0", text))
    return value


def _whole_number(value: Any) -> Any:
    """Whole numbers are numbers, or digits in a string as results show those beyond 2^53."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise PydanticCustomError("integer", "must be a whole number")
    return int(value)


def _number(value: Any) -> Any:
    """Numbers, or the strings by which results show what a double can't hold."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("number", "must be a number")
    if isinstance(value, str) and not re.fullmatch(
        r"-?(\d{1,400}(\.\d{0,400})?|Infinity|NaN)", value
    ):
        raise PydanticCustomError("number", "must be a number")
    return value
