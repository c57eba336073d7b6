"""Random SELECTs over the tables that a person sees: a few shapes nested, typed so that nearly all run.

What a query answers depends on its rows alone: windows and LIMITs order totally, numbers are rounded to
one scale, floats don't occur. Joins follow keys and are bounded by an estimate of their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple, TypeVar

INT, NUMBER, TEXT, BOOL, UUID = "integer", "numeric", "text", "boolean", "uuid"
TIME, DATE = "timestamptz", "date"
SORTED = (INT, NUMBER, TEXT, TIME, DATE)  # min() and max() know them
TYPES = (INT, INT, NUMBER, NUMBER, TEXT, TEXT, TEXT, TIME, DATE, BOOL, UUID)

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "stores": {
        "store_id": UUID, "name": TEXT, "location": TEXT, "region_id": INT, "is_online": BOOL,
        "manager_id": UUID, "created_at": TIME,
    },
    "customers": {
        "store_id": UUID, "customer_id": UUID, "first_name": TEXT, "last_name": TEXT, "email": TEXT,
        "created_at": TIME,
    },
    "orders": {
        "store_id": UUID, "order_id": UUID, "customer_id": UUID, "order_date": TIME,
        "total_amount": NUMBER, "status": TEXT,
    },
    "order_items": {
        "store_id": UUID, "order_id": UUID, "line_number": INT, "product_id": INT, "quantity": INT,
        "unit_price": NUMBER, "discount_percent": INT, "line_total": NUMBER,
    },
    "inventory": {
        "store_id": UUID, "product_id": INT, "stock_level": INT, "reorder_point": INT, "updated_at": TIME,
    },
    # Without its random key: query n is the same each time.
    "stock_movements": {
        "store_id": UUID, "product_id": INT, "quantity": INT, "reason": TEXT, "made_at": TIME,
    },
    "daily_sales": {
        "store_id": UUID, "business_day": DATE, "product_id": INT, "order_lines": INT, "units": INT,
        "revenue": NUMBER, "discount": NUMBER,
    },
    "products": {
        "product_id": INT, "sku": TEXT, "type_id": INT, "name": TEXT, "unit": TEXT, "cost": NUMBER,
        "base_price": NUMBER, "is_active": BOOL,
    },
    "product_types": {"type_id": INT, "category_id": INT, "name": TEXT},
    "categories": {"category_id": INT, "name": TEXT},
    "regions": {"region_id": INT, "name": TEXT, "manager_id": UUID},
}  # fmt: skip
SIZES: Final = {
    "stores": 3, "customers": 500, "orders": 1800, "order_items": 3700, "inventory": 1300,
    "stock_movements": 1300, "daily_sales": 3400, "products": 425, "product_types": 88,
    "categories": 9, "regions": 4,
}  # fmt: skip
TENANTS: Final = (
    "stores", "customers", "orders", "order_items", "inventory", "stock_movements", "daily_sales",
)  # fmt: skip


class Edge(NamedTuple):
    """Tables that share a key; for one row of the first, about so many rows of the other."""

    known: str
    other: str
    keys: tuple[str, ...]
    rows: int


EDGES: Final = (
    Edge("orders", "customers", ("store_id", "customer_id"), 1),
    Edge("customers", "orders", ("store_id", "customer_id"), 4),
    Edge("orders", "order_items", ("store_id", "order_id"), 2),
    Edge("order_items", "orders", ("store_id", "order_id"), 1),
    Edge("order_items", "inventory", ("store_id", "product_id"), 1),
    Edge("inventory", "order_items", ("store_id", "product_id"), 3),
    Edge("order_items", "order_items", ("store_id", "order_id"), 3),
    Edge("orders", "orders", ("store_id", "customer_id"), 8),
    Edge("customers", "customers", ("last_name",), 10),
    Edge("inventory", "inventory", ("product_id",), 3),
    Edge("stock_movements", "inventory", ("store_id", "product_id"), 1),
    Edge("inventory", "stock_movements", ("store_id", "product_id"), 1),
    Edge("daily_sales", "stock_movements", ("store_id", "product_id"), 1),
    Edge("daily_sales", "inventory", ("store_id", "product_id"), 1),
    Edge("inventory", "daily_sales", ("store_id", "product_id"), 3),
    Edge("daily_sales", "daily_sales", ("store_id", "business_day"), 3),
    Edge("products", "products", ("type_id",), 5),
    Edge("stores", "stores", ("region_id",), 3),
    Edge("orders", "stores", ("store_id",), 1),
    Edge("customers", "stores", ("store_id",), 1),
    Edge("inventory", "stores", ("store_id",), 1),
    Edge("stock_movements", "stores", ("store_id",), 1),
    Edge("daily_sales", "stores", ("store_id",), 1),
    Edge("stores", "daily_sales", ("store_id",), 1100),
    Edge("stores", "orders", ("store_id",), 600),
    Edge("stores", "customers", ("store_id",), 160),
    Edge("stores", "inventory", ("store_id",), 425),
    Edge("stores", "regions", ("region_id",), 1),
    Edge("regions", "stores", ("region_id",), 1),
    Edge("order_items", "products", ("product_id",), 1),
    Edge("inventory", "products", ("product_id",), 1),
    Edge("stock_movements", "products", ("product_id",), 1),
    Edge("daily_sales", "products", ("product_id",), 1),
    Edge("products", "order_items", ("product_id",), 9),
    Edge("products", "inventory", ("product_id",), 3),
    Edge("products", "product_types", ("type_id",), 1),
    Edge("product_types", "products", ("type_id",), 5),
    Edge("product_types", "categories", ("category_id",), 1),
    Edge("categories", "product_types", ("category_id",), 10),
)
# How a value comes from another, where no column has its type.
CONVERSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    INT: {
        TEXT: "length({})",
        TIME: "extract(month FROM {})::integer",
        NUMBER: "round({})::integer",
    },
    NUMBER: {INT: "({})::numeric"},
    TEXT: {INT: "({})::text", UUID: "({})::text", TIME: "to_char({}, 'YYYY-MM')"},
    DATE: {TIME: "({})::date"},
    BOOL: {INT: "({} % 2 = 0)", TEXT: "({} > 'M')", NUMBER: "({} > 50)"},
}
JOINS: Final = ("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
SETS: Final = ("UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL")
# Aggregates that FILTER may follow.
FILTERED: Final = ("min", "max", "count", "sum", "bool_or", "bool_and", "percentile_disc", "mode")

MOST_ROWS = 30_000  # of a FROM clause
MOST_STEPS = 1_000_000  # of what is looked up for each of its rows
DERIVED_ROWS = 20

T = TypeVar("T")
Constants = Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True)
class Relation:
    """A table, subquery or CTE under the alias that a query gives it."""

    alias: str
    columns: Mapping[str, str]
    table: str | None = None

    def of_type(self, kind: str) -> list[str]:
        return [f"{self.alias}.{name}" for name, found in self.columns.items() if found == kind]

    def matches(self, other: Relation, keys: Iterable[str]) -> list[str]:
        return [f"{self.alias}.{key} = {other.alias}.{key}" for key in keys]


@dataclass
class Scope:
    """A FROM clause: its text, what it makes visible, and about how many rows it has."""

    text: str
    relations: list[Relation]
    rows: int
    where: list[str] = field(default_factory=list)
    merged: dict[str, int] = field(default_factory=dict)  # how often an unqualified name occurs

    def add(self, relation: Relation, text: str, factor: int, using: Iterable[str] = ()) -> None:
        self.text += text
        self.relations.append(relation)
        self.rows = max(self.rows * factor, 1)
        for name in set(relation.columns) - set(using):
            self.merged[name] = self.merged.get(name, 0) + 1

    def columns(self) -> list[str]:
        return [f"{r.alias}.{name}" for r in self.relations for name in r.columns]

    def of_type(self, kind: str) -> list[str]:
        return [column for relation in self.relations for column in relation.of_type(kind)]

    def kinds(self) -> list[str]:
        return [kind for relation in self.relations for kind in relation.columns.values()]

    def joinable(self) -> list[tuple[Relation, Edge]]:
        """What another table can be joined by."""
        return [way for way in self._edges() if self.rows * way[1].rows <= MOST_ROWS]

    def reachable(self) -> list[tuple[Relation, Edge]]:
        """What may be looked up for each row: there is an index for it, or there are few rows."""
        return [
            (known, edge)
            for known, edge in self._edges()
            if self.rows * (edge.rows if len(edge.keys) > 1 else SIZES[edge.other]) <= MOST_STEPS
        ]

    def _edges(self) -> Iterable[tuple[Relation, Edge]]:
        return ((r, edge) for r in self.relations for edge in EDGES if edge.known == r.table)


class Grammar:
    def __init__(self, random: Random, constants: Constants) -> None:
        self._random = random
        self._constants = constants
        self._aliases = 0

    def query(self) -> str:
        self._aliases = 0
        return self._query(self._types(), depth=self._pick((0, 0, 1, 1, 2)))

    # whole queries

    def _query(self, types: Sequence[str], depth: int, ctes: Sequence[Relation] = ()) -> str:
        if depth and not ctes and self._chance(0.25):
            return self._with(types, depth)
        if depth and self._chance(0.15):
            return self._set_operation(types, depth, ctes)
        shape = self._pick((self._plain, self._plain, self._grouped, self._grouped, self._windowed))
        return self._ended(shape(types, self._source(depth, ctes), depth), len(types))

    def _with(self, types: Sequence[str], depth: int) -> str:
        if self._chance(0.25):
            return self._recursive(types, depth)
        ctes, texts = [], []
        for _ in range(self._random.randint(1, 2)):
            inner = self._types()
            relation = self._derived(inner)
            how = self._pick(("", "MATERIALIZED ", "NOT MATERIALIZED "))
            names = ", ".join(relation.columns)
            texts.append(f"{relation.alias} ({names}) AS {how}({self._small(inner, depth - 1)})")
            ctes.append(relation)
        return f"WITH {', '.join(texts)} {self._query(types, depth - 1, ctes)}"

    def _recursive(self, types: Sequence[str], depth: int) -> str:
        """Walks from one value of a column to the next greater one."""
        table = self._pick(TENANTS)
        column = self._pick([name for name, kind in TABLES[table].items() if kind in SORTED])
        relation = Relation(self._alias(), {"n": INT, "x": TABLES[table][column]})
        least = f"(SELECT min(y.{column}) FROM {table} AS y"
        body = (
            f"SELECT 0, {least}) UNION ALL SELECT n + 1, {least} WHERE y.{column} > x)"
            f" FROM {relation.alias} WHERE n < {self._random.randint(1, 12)}"
        )
        rest = self._query(types, depth - 1, [relation])
        return f"WITH RECURSIVE {relation.alias} (n, x) AS ({body}) {rest}"

    def _set_operation(self, types: Sequence[str], depth: int, ctes: Sequence[Relation]) -> str:
        operator = self._pick(SETS)
        left, right = (self._query(types, depth - 1, ctes) for _ in range(2))
        return self._ended(f"({left}) {operator} ({right})", len(types))

    def _small(self, types: Sequence[str], depth: int) -> str:
        return f"SELECT * FROM ({self._query(types, depth)}) AS {self._alias()} {self._page(len(types))}"

    def _ended(self, query: str, width: int) -> str:
        return f"{query} {self._page(width)}" if self._chance(0.15) else query

    def _page(self, width: int) -> str:
        """By every column, so that only equal rows tie."""
        order = ", ".join(
            f"{n}{self._pick(('', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'))}"
            for n in self._random.sample(range(1, width + 1), width)
        )
        offset = f" OFFSET {self._random.randint(0, 3)}" if self._chance(0.2) else ""
        return f"ORDER BY {order} LIMIT {self._random.randint(1, DERIVED_ROWS)}{offset}"

    # one SELECT

    def _plain(self, types: Sequence[str], scope: Scope, depth: int) -> str:
        outputs = [self._value(kind, scope, depth) for kind in types]
        distinct = "DISTINCT " if self._chance(0.3) else ""
        return f"SELECT {distinct}{', '.join(outputs)} FROM {scope.text}{self._where(scope, depth)}"

    def _grouped(self, types: Sequence[str], scope: Scope, depth: int) -> str:
        outputs, keys = [], []
        for kind in types:
            if self._chance(0.4):
                keys.append(self._value(kind, scope, 0))
                outputs.append(keys[-1])
            else:
                outputs.append(self._aggregate(kind, scope))
        group = f" GROUP BY {self._grouping(keys)}" if keys else ""
        having = f" HAVING {self._having(scope)}" if keys and self._chance(0.25) else ""
        where = self._where(scope, depth)
        return f"SELECT {', '.join(outputs)} FROM {scope.text}{where}{group}{having}"

    def _grouping(self, keys: Sequence[str]) -> str:
        listed = ", ".join(keys)
        sets = ", ".join(f"({key})" for key in keys)
        return self._pick(
            (
                listed,
                listed,
                f"ROLLUP ({listed})",
                f"CUBE ({listed})",
                f"GROUPING SETS ({sets}, ())",
            )
        )

    def _having(self, scope: Scope) -> str:
        return self._pick(("count(*) >= 1", "count(*) > 2", self._aggregate(BOOL, scope)))

    def _windowed(self, types: Sequence[str], scope: Scope, depth: int) -> str:
        outputs = [
            self._value(kind, scope, depth) if self._chance(0.5) else self._window(kind, scope)
            for kind in types
        ]
        return f"SELECT {', '.join(outputs)} FROM {scope.text}{self._where(scope, depth)}"

    def _window(self, kind: str, scope: Scope) -> str:
        value = self._value(kind, scope, 0)
        calls = [
            f"lag({value})",
            f"lead({value}, 2)",
            f"first_value({value})",
            f"nth_value({value}, 2)",
        ]
        if kind == INT:
            calls += [
                "row_number()",
                "rank()",
                "dense_rank()",
                "ntile(4)",
                "count(*)",
                f"sum({value})",
            ]
        elif kind == NUMBER:
            calls += [f"sum({value})", f"min({value})", f"max({value})"]
        partition = ""
        if self._chance(0.6):
            partition = f"PARTITION BY {self._value(self._kind(scope), scope, 0)} "
        columns = scope.columns()
        order = ", ".join(
            column + self._pick(("", " DESC", " NULLS FIRST"))
            for column in self._random.sample(columns, len(columns))
        )
        frame = self._frame() if self._chance(0.4) else ""
        return f"{self._pick(calls)} OVER ({partition}ORDER BY {order}{frame})"

    def _frame(self) -> str:
        before, after = self._random.randint(0, 5), self._random.randint(0, 5)
        exclude = self._pick(("", " EXCLUDE CURRENT ROW", " EXCLUDE TIES", " EXCLUDE GROUP"))
        return f" {self._pick(('ROWS', 'GROUPS'))} BETWEEN {before} PRECEDING AND {after} FOLLOWING{exclude}"

    # FROM

    def _source(self, depth: int, ctes: Sequence[Relation]) -> Scope:
        scope = self._first(depth, ctes)
        if self._chance(0.15):
            self._add_commas(scope)
            return scope
        for _ in range(self._pick((0, 0, 1, 1, 2, 3))):
            if depth and self._chance(0.15):
                self._add_lateral(scope)
            elif self._chance(0.12):
                self._add_small(scope, depth, ctes)
            else:
                self._add_table(scope)
        return scope

    def _first(self, depth: int, ctes: Sequence[Relation]) -> Scope:
        scope = Scope("", [], 1)
        if ctes and self._chance(0.7):
            cte = self._pick(ctes)
            relation = Relation(self._alias(), cte.columns)
            scope.add(relation, f"{cte.alias} AS {relation.alias}", DERIVED_ROWS)
        elif depth and self._chance(0.2):
            relation, text = self._subquery(depth)
            scope.add(relation, text, DERIVED_ROWS)
        else:
            table = self._pick((*TENANTS, *TENANTS, *TABLES))
            scope.add(self._named(table), "", SIZES[table])
            scope.text = f"{table} AS {scope.relations[0].alias}"
        return scope

    def _add_table(self, scope: Scope) -> None:
        ways = scope.joinable()
        if not ways:
            return
        known, (_, table, keys, factor) = self._pick(ways)
        new = self._named(table)
        kind = self._pick(JOINS)
        text = f" {kind} {table} AS {new.alias}"
        if self._chance(0.4) and all(scope.merged.get(key) == 1 for key in keys):
            scope.add(new, f"{text} USING ({', '.join(keys)})", factor, keys)
            return
        on = new.matches(known, keys)
        if kind != "FULL JOIN" and self._chance(0.25):
            on.append(self._comparison(Scope("", [known, new], 1)))
        scope.add(new, f"{text} ON {' AND '.join(on)}", factor)

    def _add_commas(self, scope: Scope) -> None:
        for _ in range(self._random.randint(1, 2)):
            ways = scope.joinable()
            if not ways:
                return
            known, (_, table, keys, factor) = self._pick(ways)
            new = self._named(table)
            scope.where += new.matches(known, keys)
            scope.add(new, f", {table} AS {new.alias}", factor)

    def _add_small(self, scope: Scope, depth: int, ctes: Sequence[Relation]) -> None:
        if scope.rows * DERIVED_ROWS > MOST_ROWS:
            return
        ways = ["list", "regions", "categories", "stores"]
        way = self._pick(ways + ["cte"] * bool(ctes) + ["query"] * bool(depth))
        if way == "list":
            new = Relation(self._alias(), {"n": INT, "word": TEXT})
            text = f"(VALUES (1, 'one'), (2, 'two'), (NULL, NULL)) AS {new.alias} (n, word)"
        elif way == "cte":
            cte = self._pick(ctes)
            new = Relation(self._alias(), cte.columns)
            text = f"{cte.alias} AS {new.alias}"
        elif way == "query":
            new, text = self._subquery(depth)
        else:
            new = self._named(way)
            text = f"{way} AS {new.alias}"
        both = Scope("", [*scope.relations, new], 1)
        join = (
            f"JOIN {text} ON {self._comparison(both)}"
            if self._chance(0.4)
            else f"CROSS JOIN {text}"
        )
        scope.add(new, f" {join}", DERIVED_ROWS)

    def _add_lateral(self, scope: Scope) -> None:
        """The first few rows, or a sum over the rows, that belong to a row already there."""
        ways = scope.reachable()
        if not ways:
            return
        known, (_, table, keys, _) = self._pick(ways)
        inner = self._named(table)
        there = Scope("", [inner], 1)
        where = " AND ".join(inner.matches(known, keys))
        kinds = self._types()
        new = self._derived(kinds)
        if self._chance(0.5):
            outputs = ", ".join(self._aggregate(kind, there) for kind in kinds)
            page = ""
        else:
            outputs = ", ".join(self._value(kind, there, 0) for kind in kinds)
            order = ", ".join(str(n + 1) for n in range(len(kinds)))
            page = f" ORDER BY {order} LIMIT {self._random.randint(1, 2)}"
        text = (
            f"LATERAL (SELECT {outputs} FROM {table} AS {inner.alias} WHERE {where}{page})"
            f" AS {new.alias} ({', '.join(new.columns)})"
        )
        scope.add(new, self._pick((f" CROSS JOIN {text}", f" LEFT JOIN {text} ON true")), 2)

    def _subquery(self, depth: int) -> tuple[Relation, str]:
        kinds = self._types()
        relation = self._derived(kinds)
        names = ", ".join(relation.columns)
        return relation, f"({self._small(kinds, depth - 1)}) AS {relation.alias} ({names})"

    # conditions

    def _where(self, scope: Scope, depth: int) -> str:
        conditions = list(scope.where)
        if self._chance(0.5):
            conditions.append(self._condition(scope, depth))
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def _condition(self, scope: Scope, depth: int, height: int = 2) -> str:
        if height and self._chance(0.45):
            parts = [self._condition(scope, depth, height - 1) for _ in range(2)]
            return f"({self._pick((' AND ', ' OR ', ' OR ')).join(parts)})"
        if self._chance(0.1):
            return f"NOT ({self._condition(scope, depth, 0)})"
        if depth and self._chance(0.3):
            return self._membership(scope)
        return self._comparison(scope)

    def _comparison(self, scope: Scope) -> str:
        kind = self._kind(scope)
        left = self._value(kind, scope, 0)
        right, other = (self._operand(kind, scope) for _ in range(2))
        ways = [
            f"{left} = {right}",
            f"{left} <> {right}",
            f"{left} IS NOT NULL",
            f"{left} IS NULL",
            f"{left} IS DISTINCT FROM {right}",
            f"{left} IN ({right}, {other})",
            f"{left} NOT IN ({right}, {other})",
            f"{left} = ANY (ARRAY[{right}, {other}])",
            f"{left} <> ALL (ARRAY[{right}, {other}])",
        ]
        if kind != BOOL:
            ways += [
                *(f"{left} {operator} {right}" for operator in ("<", "<=", ">", ">=", ">", "<=")),
                f"{left} BETWEEN {right} AND {other}",
                f"{left} NOT BETWEEN SYMMETRIC {right} AND {other}",
            ]
        if kind == TEXT:
            word = "".join(
                c for c in self._constant(TEXT).split("'")[1] if c.isalnum() or c in " @."
            )
            ways += [
                f"{left} LIKE '{word[:2]}%'",
                f"{left} ILIKE '%{word[1:3]}%'",
                f"{left} NOT LIKE '%{word}'",
                f"position('{word[:1]}' IN {left}) > 0",
            ]
        return self._pick(ways)

    def _membership(self, scope: Scope) -> str:
        """Whether rows of another table belong to a row of this one."""
        ways = scope.reachable()
        if not ways:
            return self._comparison(scope)
        known, (_, table, keys, _) = self._pick(ways)
        inner = self._named(table)
        there = Scope("", [inner], 1)
        more = [self._comparison(there)] if self._chance(0.6) else []
        source = f"FROM {table} AS {inner.alias}"
        where = f" WHERE {' AND '.join(more)}" if more else ""
        row = ", ".join(f"{known.alias}.{key}" for key in keys)
        inner_row = ", ".join(f"{inner.alias}.{key}" for key in keys)
        related = f"{source} WHERE {' AND '.join([*inner.matches(known, keys), *more])}"
        kind = self._pick((INT, NUMBER, TEXT, TIME))
        left, right = self._value(kind, scope, 0), self._value(kind, there, 0)
        return self._pick(
            (
                f"EXISTS (SELECT 1 {related})",
                f"NOT EXISTS (SELECT {related})",
                f"({row}) IN (SELECT {inner_row} {source}{where})",
                f"({row}) NOT IN (SELECT {inner_row} {source}{where})",
                f"{left} >= ALL (SELECT {right} {related})",
                f"{left} < ANY (SELECT {right} {related})",
                f"(SELECT count(*) {related}) >= {self._random.randint(0, 3)}",
            )
        )

    # values

    def _value(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of the rows; numbers have two places: 1.5 and 1.50 are equal, but not alike."""
        value = self._expression(kind, scope, depth, 2)
        return f"round({value}, 2)" if kind == NUMBER else value

    def _operand(self, kind: str, scope: Scope) -> str:
        if self._chance(0.75):
            return self._constant(kind, scope)
        return self._expression(kind, scope, 0, 1)

    def _expression(self, kind: str, scope: Scope, depth: int, height: int) -> str:
        columns = scope.of_type(kind)
        if columns and (not height or self._chance(0.5)):
            return self._pick(columns)
        if not columns and (sources := [s for s in CONVERSIONS.get(kind, {}) if scope.of_type(s)]):
            source = self._pick(sources)
            return CONVERSIONS[kind][source].format(self._pick(scope.of_type(source)))
        if not columns or not height:
            return self._constant(kind)
        if depth and self._chance(0.15) and (found := self._scalar(kind, scope)):
            return found

        def of(part: str) -> str:
            return self._expression(part, scope, depth, height - 1)

        same = of(kind)
        ways = [
            f"coalesce({same}, {of(kind)})",
            f"CASE WHEN {self._comparison_of_columns(scope)} THEN {same} ELSE {of(kind)} END",
            f"nullif({same}, {self._constant(kind)})",
        ]
        if kind == INT:
            ways += [
                f"length({of(TEXT)})",
                f"extract({self._pick(('year', 'month', 'isodow', 'hour'))} FROM {of(TIME)})::integer",
                f"({same} + {of(INT)})",
                f"({same} % 7)",
                f"({of(BOOL)})::integer",
                f"({of(DATE)} - {of(DATE)})",
                f"width_bucket({of(NUMBER)}, 0, 500, 10)",
            ]
        elif kind == NUMBER:
            ways += [
                f"({same} + {of(NUMBER)})",
                f"({same} * 1.1)",
                f"({same} / nullif({of(NUMBER)}, 0))",
                f"abs({same} - {of(NUMBER)})",
                f"greatest({same}, {of(NUMBER)})",
                f"({of(INT)})::numeric",
                f"floor({same})",
            ]
        elif kind == TEXT:
            ways += [
                f"upper({same})",
                f"left({same}, {self._random.randint(1, 5)})",
                f"split_part({same}, ' ', 2)",
                f"replace({same}, 'a', '')",
                f"({same} || {of(TEXT)})",
                f"({of(INT)})::text",
                f"({of(UUID)})::text",
                f"to_char({of(TIME)}, 'YYYY-MM')",
                f"regexp_replace({same}, '[aeiou]', '-', 'g')",
                f"lpad({same}, 4, '*')",
            ]
        elif kind == TIME:
            ways += [
                f"date_trunc('{self._pick(('month', 'day', 'year', 'week'))}', {same})",
                f"({same} + INTERVAL '{self._random.randint(1, 40)} days')",
                f"least({same}, {of(TIME)})",
            ]
        elif kind == DATE:
            ways += [f"({of(TIME)})::date", f"({same} + 7)"]
        elif kind == BOOL:
            ways += [f"(NOT {same})", f"({self._comparison_of_columns(scope)})"]
        return self._pick(ways)

    def _comparison_of_columns(self, scope: Scope) -> str:
        found = [(column, kind) for kind in SORTED for column in scope.of_type(kind)]
        if not found:
            return "true"
        column, kind = self._pick(found)
        return f"{column} {self._pick(('=', '<>', '<', '>='))} {self._constant(kind, scope)}"

    def _scalar(self, kind: str, scope: Scope) -> str | None:
        """One value of another table: over all of it, or over what belongs to the row."""
        if kind not in SORTED:
            return None
        ways = scope.reachable()
        if ways and self._chance(0.6):
            known, (_, table, keys, _) = self._pick(ways)
            inner = self._named(table)
            where = " AND ".join(inner.matches(known, keys))
        else:
            table = self._pick(TENANTS)
            inner = self._named(table)
            where = self._comparison(Scope("", [inner], 1))
        value = self._aggregate(kind, Scope("", [inner], 1))
        return f"(SELECT {value} FROM {table} AS {inner.alias} WHERE {where})"

    def _aggregate(self, kind: str, scope: Scope) -> str:
        value = self._value(kind, scope, 0)
        anything = self._value(self._kind(scope), scope, 0)
        number = self._value(NUMBER, scope, 0)
        ways = [
            f"(array_agg({value} ORDER BY {value}))[1]",
            f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {value})",
        ]
        if kind in SORTED:
            ways += [f"min({value})", f"max({value})", f"mode() WITHIN GROUP (ORDER BY {value})"]
        if kind == INT:
            ways += [
                "count(*)",
                f"count({anything})",
                f"count(DISTINCT {anything})",
                f"sum({value})",
            ] * 2
        elif kind == NUMBER:
            ways += [
                f"sum({value})",
                f"sum(DISTINCT {value})",
                f"round(avg({value}), 2)",
                f"round(stddev_pop({number}), 2)",
            ] * 2
        elif kind == TEXT:
            ways += [
                f"left(string_agg(DISTINCT {value}, ',' ORDER BY {value}), 200)",
                f"(jsonb_agg({value} ORDER BY {value}) ->> 0)",
            ]
        elif kind == BOOL:
            ways = [
                f"bool_or({value})",
                f"bool_and({value})",
                f"(count(*) > {self._random.randint(1, 5)})",
            ]
        found = self._pick(ways)
        if found.endswith(")") and found.split("(")[0] in FILTERED and self._chance(0.25):
            found += f" FILTER (WHERE {self._condition(scope, 0, 1)})"
        return found

    def _constant(self, kind: str, scope: Scope | None = None) -> str:
        """A value of anybody's data; where there is a scope, rather one of its own columns."""
        near = [
            (relation.table, name)
            for relation in (scope.relations if scope else ())
            for name, found in relation.columns.items()
            if relation.table and found == kind
        ]
        found = self._constants[self._pick(near)] if near and self._chance(0.8) else self._all(kind)
        return f"{self._pick(found)}::{kind}"

    def _all(self, kind: str) -> Sequence[str]:
        if kind == DATE:
            return ("'2023-02-28'", "'2024-12-31'", "'2026-06-01'")
        columns = [
            (table, name)
            for table, known in TABLES.items()
            for name, found in known.items()
            if found == kind
        ]
        return self._constants[self._pick(columns)]

    # small parts

    def _types(self) -> list[str]:
        return [self._kind() for _ in range(self._random.randint(1, 4))]

    def _kind(self, scope: Scope | None = None) -> str:
        """Rather one that the rows have."""
        return self._pick(scope.kinds() if scope and self._chance(0.8) else TYPES)

    def _named(self, table: str) -> Relation:
        return Relation(self._alias(), TABLES[table], table)

    def _derived(self, kinds: Sequence[str]) -> Relation:
        return Relation(self._alias(), {f"c{n}": kind for n, kind in enumerate(kinds, 1)})

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def _pick(self, among: Sequence[T]) -> T:
        return self._random.choice(among)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share
