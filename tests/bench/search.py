"""What does searching products cost as the catalogue grows, and what do the vector indexes miss?

    python tests/bench/search.py CONNINFO [--products 425 100000] [--queries 60] [--rounds 3]

CONNINFO: a database with the embedding model and sample data, which is spoilt, as a superuser. The catalogue
is grown to each size by types of a hundred products, whose words are those of a real product, of its category
and of the model's vocabulary; the triggers make their words and vectors.

For each size: how long the load and the indexes take, and what room; then, under filters that leave ever
less, medians of text in -> rows out (tool.semantic_search_products), of the vector search alone
(retail.nearest_products) and of comparing all that the filter leaves; and which part of the ten rows is found
that comparing all would show. The texts are labelled queries of tests/search.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

Connection = psycopg.Connection[tuple[Any, ...]]
Query = dict[str, str]  # text, vector, category (of what is nearest), other (the next category)

PERSON = "seattle@zava.example"
STORE = "00000000-0000-4000-8000-000000000001"
MADE = 1_000_000  # product_id of the first made product
BATCH = 20_000
OF_A_TYPE = 100
QUERIES = Path(__file__).parents[1] / "search" / "queries.csv"
OF_CATEGORY = """, type_ids => (
    SELECT array_agg(t.type_id) FROM retail.product_types AS t JOIN retail.categories AS c USING (category_id)
    WHERE c.name = %({})s
)"""
# What remains of the catalogue: arguments of retail.nearest_products, and the tool's where it has them.
FILTERS = {
    "all": ("", ""),
    "in stock": (f", stocked_in => '{{{STORE}}}'", ", in_stock_only => true"),
    "its category": (OF_CATEGORY.format("category"), ", category => %(category)s"),
    "another one": (OF_CATEGORY.format("other"), ", category => %(other)s"),
    "one type": (", type_ids => '{17}'", None),
    "price 0.3 %": (
        ", price_min => 50, price_max => 50.50",
        ", price_min => 50, price_max => 50.50",
    ),
}
COLUMNS = ("filter", "tool ms", "tool recall", "nearest ms", "recall", "exact ms")
TABLE = "retail.product_description_embeddings"
INDEXES = f"""
    SELECT i.indexrelid::regclass::text FROM pg_index AS i
    WHERE i.indrelid = '{TABLE}'::regclass AND NOT i.indisprimary
"""
SIZES = f"""
    SELECT pg_indexes_size('{TABLE}') - pg_relation_size('{TABLE}_pkey'), pg_table_size('{TABLE}')
"""
REAL = f"""
    SELECT t.category_id, p.name, p.description, p.unit
    FROM retail.products AS p JOIN retail.product_types AS t USING (type_id)
    WHERE p.product_id < {MADE} ORDER BY p.product_id
"""
VOCABULARY = (
    "SELECT substr(piece, 2) FROM embedding.tokens WHERE piece ~ '^▁[a-z]{4,}$' ORDER BY token_id"
)
CATEGORY_OF_NEAREST = f"""
    SELECT c.category_id, c.name
    FROM (
        SELECT product_id FROM {TABLE} ORDER BY description_embedding <=> %s::vector LIMIT 1
    ) AS n
    JOIN retail.products USING (product_id) JOIN retail.product_types USING (type_id)
    JOIN retail.categories AS c USING (category_id)
"""
COPY_TYPES = "COPY retail.product_types (type_id, category_id, name, description) FROM STDIN"
COPY_PRODUCTS = """
    COPY retail.products (product_id, sku, type_id, name, description, unit, cost, base_price) FROM STDIN
"""
STOCK = """
    INSERT INTO retail.inventory (store_id, product_id, stock_level)
    SELECT %s, product_id, hashint4(product_id) & 1 FROM retail.products WHERE product_id >= %s
    ON CONFLICT DO NOTHING
"""
# The same function as if there were no index: all are compared one by one.
ALL_EXACT = """
    CREATE OR REPLACE FUNCTION retail.are_embeddings_indexed() RETURNS boolean
    LANGUAGE sql STABLE RETURN false
"""


def one(connection: Connection, statement: str, *parameters: Any) -> tuple[Any, ...]:
    row = connection.execute(statement, parameters or None).fetchone()
    assert row is not None
    return row


def make(
    real: list[tuple[Any, ...]], vocabulary: NDArray[np.str_], chance: np.random.Generator
) -> Iterator[tuple[int, list[str], list[str], str, list[list[str]]]]:
    """Types of products without end: category, words of the name and of the description, unit, and the
    words of its products, of which most have few variants and some have dozens.
    """
    texts: dict[int, list[str]] = {}
    for category_id, name, description, _ in real:
        texts.setdefault(category_id, []).extend(
            re.findall("[A-Za-z]{3,}", name + " " + description)
        )
    of_category = {category_id: np.array(words) for category_id, words in texts.items()}

    def some(words: NDArray[np.str_], least: int, most: int) -> list[str]:
        return [str(word) for word in chance.choice(words, chance.integers(least, most + 1))]

    while True:
        category_id, name, _, unit = real[chance.integers(len(real))]
        own = some(np.array(name.split()), 1, 2) + some(vocabulary, 1, 2)
        says = some(of_category[category_id], 4, 8) + some(vocabulary, 2, 4)
        products: list[list[str]] = []
        while len(products) < OF_A_TYPE:
            family = own[:2] + some(of_category[category_id], 3, 8) + some(vocabulary, 2, 6)
            for _ in range(min(1 + int(chance.pareto(1.1)), OF_A_TYPE - len(products))):
                words = list(family)
                for _ in range(chance.integers(0, 3)):
                    words[chance.integers(len(words))] = str(chance.choice(vocabulary))
                products.append(words)
        yield category_id, own, says, unit, products


def grow(connection: Connection, size: int) -> None:
    """Makes products until there are so many, in batches: some ten seconds each."""
    (there,) = one(connection, "SELECT count(*) FROM retail.products")
    (made,) = one(connection, f"SELECT count(*) FROM retail.products WHERE product_id >= {MADE}")
    (last,) = one(connection, "SELECT max(type_id) FROM retail.product_types")
    real = connection.execute(REAL).fetchall()
    vocabulary = np.array([word for (word,) in connection.execute(VOCABULARY)])
    chance = np.random.default_rng(42 + made)
    types = make(real, vocabulary, chance)
    first = made
    while made < first + size - there:
        batch = list(
            itertools.islice(types, min(BATCH, first + size - there - made) // OF_A_TYPE + 1)
        )
        with connection.cursor().copy(COPY_TYPES) as copy:
            for type_id, (category_id, own, says, _, _) in enumerate(batch, last + 1):
                copy.write_row(
                    (type_id, category_id, f"{' '.join(own)[:50]} {type_id}", " ".join(says))
                )
        with connection.cursor().copy(COPY_PRODUCTS) as copy:
            for type_id, (_, _, _, unit, products) in enumerate(batch, last + 1):
                for words in products:
                    name = f"{' '.join(words[:6])[:105]} no. {made}"
                    price = round(3 + 177 * float(chance.random()) ** 2, 2)
                    text, cost = " ".join(words[6:]) + ".", round(price * 0.67, 2)
                    copy.write_row(
                        (MADE + made, f"Z{made:09}", type_id, name, text, unit, cost, price)
                    )
                    made += 1
        last += len(batch)
    connection.execute(STOCK, (STORE, MADE + first))


def queries(connection: Connection, count: int) -> list[Query]:
    """Labelled queries, from all over the file."""
    with QUERIES.open(encoding="utf-8") as file:
        texts = [row["query"] for row in csv.DictReader(file)]
    names: dict[int, str] = dict(
        connection.execute("SELECT category_id, name FROM retail.categories").fetchall()
    )
    found = []
    for text in texts[:: max(1, len(texts) // count)][:count]:
        (vector,) = one(connection, "SELECT embedding.embed(%s)::text", text)
        category_id, category = one(connection, CATEGORY_OF_NEAREST, vector)
        other = names.get(category_id + 1) or names[min(names)]
        found.append({"text": text, "vector": vector, "category": category, "other": other})
    return found


def median(connection: Connection, statement: str, asked: list[Query], rounds: int) -> float:
    """Milliseconds a statement; the first does not count."""
    connection.execute(statement, asked[0])
    times = []
    for _ in range(rounds):
        for query in asked:
            began = time.perf_counter()
            connection.execute(statement, query).fetchall()
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def same(found: list[list[Any]], truth: list[list[Any]]) -> float:
    """Which part of the true rows was found."""
    hits = sum(len(set(rows) & set(exact)) for rows, exact in zip(found, truth, strict=True))
    return hits / max(1, sum(map(len, truth)))


def measure(connection: Connection, asked: list[Query], rounds: int) -> Iterator[dict[str, Any]]:
    """One row a filter."""

    def ask(statement: str) -> list[list[Any]]:
        # By distance, not by name: products at the same distance stand for each other.
        return [
            [
                round(key, 7) if isinstance(key, float) else key
                for key, *_ in connection.execute(statement, query)
            ]
            for query in asked
        ]

    for name, (arguments, of_tool) in FILTERS.items():
        nearest = f"SELECT distance FROM retail.nearest_products(%(vector)s::vector, 10{arguments})"
        tool = None
        if of_tool is not None:
            tool = f"SELECT sku FROM tool.semantic_search_products(%(text)s, 10{of_tool})"
        row: dict[str, Any] = {"filter": name}
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            row["nearest ms"] = median(connection, nearest, asked, rounds)
            near, shown = ask(nearest), []
            if tool:
                row["tool ms"] = median(connection, tool, asked, rounds)
                shown = ask(tool)
        with connection.transaction(force_rollback=True):
            connection.execute(ALL_EXACT)
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            row["exact ms"] = median(connection, nearest, asked[:12], 1)
            row["recall"] = same(near, ask(nearest))
            if tool:
                row["tool recall"] = same(shown, ask(tool))
        yield row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("conninfo")
    parser.add_argument("--products", type=int, nargs="+", default=[425, 100_000])
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="1GB", help="maintenance_work_mem of the build")
    parser.add_argument("--workers", default="0", help="parallel workers of the build")
    options = parser.parse_args()
    with psycopg.connect(options.conninfo, autocommit=True) as connection:
        connection.execute(f"SET maintenance_work_mem = '{options.memory}'")
        connection.execute(f"SET max_parallel_maintenance_workers = {options.workers}")
        for size in options.products:
            for (index,) in connection.execute(INDEXES).fetchall():
                connection.execute(f"DROP INDEX {index}")
            began = time.perf_counter()
            grow(connection, size)
            spent = time.perf_counter() - began
            connection.execute("VACUUM ANALYZE")
            (count,) = one(connection, f"SELECT count(*) FROM {TABLE}")
            print(f"\n{count:,} products, made in {spent:.0f} s", flush=True)
            for (ddl,) in connection.execute("SELECT retail.wanted_embedding_index()").fetchall():
                began = time.perf_counter()
                connection.execute(ddl)
                spent = time.perf_counter() - began
                index, table = (size / 2**20 for size in one(connection, SIZES))
                print(f"index in {spent:.0f} s, {index:,.0f} MB beside {table:,.0f} MB of vectors")
            print(" | ".join(f"{name:>12}" for name in COLUMNS))
            asked = queries(connection, options.queries)
            for row in measure(connection, asked, options.rounds):
                cells = (row.get(name, "") for name in COLUMNS)
                print(
                    " | ".join(f"{c:12.3f}" if isinstance(c, float) else f"{c:>12}" for c in cells),
                    flush=True,
                )


if __name__ == "__main__":
    main()
