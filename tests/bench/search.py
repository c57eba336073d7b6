"""What does searching products cost as the catalogue grows, and what does the vector index miss?

    python tests/bench/search.py CONNINFO [--products 425 100000] [--mixed] [--queries 40] [--rounds 3]

CONNINFO: a database with the embedding model and sample data, which is spoilt, as a superuser. The catalogue
is grown to each size by recombining the words of two products of a type. The triggers make their words and
vectors; with --mixed, which is quicker, they get the mix of the two products' vectors with some noise,
no words, and the tool is not measured.

For each size: how long the load and the index take, and what room; then, under filters that leave ever less,
medians of text in -> rows out (tool.semantic_search_products), of the vector search alone
(retail.nearest_products) and of comparing all that the filter leaves; and which part of the ten nearest is
found.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

Connection = psycopg.Connection[tuple[Any, ...]]
Vectors = NDArray[np.float32]

PERSON = "seattle@zava.example"
STORE = "00000000-0000-4000-8000-000000000001"
MADE = 1_000_000  # product_id of the first made product
BATCH = 20_000
TEXTS = (
    "waterproof electrical connectors",
    "containers for paint",
    "hang a heavy mirror",
    "quiet cordless drill for small hands",
    "stop a dripping tap",
    "something to cut metal pipe",
    "raised bed for tomatoes",
    "shelves for the garage",
    "exterior wood protection against rain",
    "light for the garden path",
    "glue for pvc",
    "screws for decking",
    "fill cracks in a plaster wall",
    "keep tools dry in the truck",
    "smooth rough timber",
    "insulate hot water pipes",
)
OF_POWER_TOOLS = (
    "quiet cordless drill for small hands",
    "smooth a wooden floor",
    "cut curves in plywood",
    "drive long screws into a deck",
    "grind down a weld",
    "saw for cutting tile",
    "spare battery for a drill",
    "cut boards to length",
)
OF_CATEGORY = (
    ", type_ids => (SELECT array_agg(type_id) FROM retail.product_types WHERE category_id = 2)"
)
OF_TOOL = ", category => 'Power Tools'"
# What remains of the catalogue: arguments of retail.nearest_products, those of the tool where it has them;
# what the queries' vectors are near to, and the texts.
FILTERS: dict[str, tuple[str, str | None, str, tuple[str, ...]]] = {
    "all": ("", "", "true", TEXTS),
    "in stock": (
        f", stocked_in => '{{{STORE}}}'",
        ", in_stock_only => true",
        "true",
        TEXTS,
    ),
    "its category": (OF_CATEGORY, OF_TOOL, "category_id = 2", OF_POWER_TOOLS),
    "another one": (OF_CATEGORY, OF_TOOL, "category_id <> 2", TEXTS[:3] + TEXTS[4:]),
    "one type": (", type_ids => '{17}'", None, "true", ()),
    "price 0.3 %": (
        ", price_min => 50, price_max => 50.50",
        ", price_min => 50, price_max => 50.50",
        "true",
        TEXTS,
    ),
}
COLUMNS = ("filter", "tool ms", "nearest ms", "exact ms", "rows", "recall@10")
TABLE = "retail.product_description_embeddings"
INDEXES = f"""
    SELECT i.indexrelid::regclass::text FROM pg_index AS i
    WHERE i.indrelid = '{TABLE}'::regclass AND NOT i.indisprimary
"""
SIZES = f"""
    SELECT pg_indexes_size('{TABLE}') - pg_relation_size('{TABLE}_pkey'), pg_table_size('{TABLE}')
"""
COPY_PRODUCTS = """
    COPY retail.products (product_id, sku, type_id, name, description, unit, cost, base_price) FROM STDIN
"""
COPY_VECTORS = f"COPY {TABLE} (product_id, description_embedding) FROM STDIN (FORMAT binary)"
STOCK = """
    INSERT INTO retail.inventory (store_id, product_id, stock_level)
    SELECT %s, product_id, hashint4(product_id) & 1 FROM retail.products WHERE product_id >= %s
    ON CONFLICT DO NOTHING
"""
# The same function where any number of candidates is compared one by one.
ALL_EXACT = """
    CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100000000
"""


def one(connection: Connection, statement: str, *parameters: Any) -> tuple[Any, ...]:
    row = connection.execute(statement, parameters or None).fetchone()
    assert row is not None
    return row


def real_vectors(connection: Connection) -> tuple[NDArray[np.int64], Vectors]:
    """The ids of the real products, and their vectors."""
    rows = connection.execute(
        f"SELECT product_id, description_embedding::text FROM {TABLE} WHERE product_id < {MADE}"
        " ORDER BY product_id"
    ).fetchall()
    assert rows, "storekeeper init loads the model and makes the vectors"
    vectors = [np.array(text[1:-1].split(","), dtype=np.float32) for _, text in rows]
    return np.array([row[0] for row in rows]), np.stack(vectors)


def store(connection: Connection, first: int, vectors: Vectors) -> None:
    """COPY of vectors, in pgvector's binary form."""
    head = struct.pack(">iHH", 4 + 4 * vectors.shape[1], vectors.shape[1], 0)
    with connection.cursor().copy(COPY_VECTORS) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">II", 0, 0))
        for product_id, vector in enumerate(vectors.astype(">f4"), first):
            copy.write(struct.pack(">hii", 2, 4, product_id) + head + vector.tobytes())
        copy.write(struct.pack(">h", -1))


def words(one_text: str, other: str, chance: np.random.Generator) -> str:
    """A text with words of both, in their order."""
    both = one_text.split() + other.split()
    keep = chance.random(len(both)) < 0.6
    return " ".join(word for word, kept in zip(both, keep, strict=True) if kept) or one_text


def grow(connection: Connection, size: int, mix: bool) -> None:
    """Makes products until there are so many, in batches: a few seconds each."""
    ids, vectors = real_vectors(connection)
    place = {product_id: at for at, product_id in enumerate(ids.tolist())}
    real = connection.execute(
        "SELECT product_id, type_id, name, description, unit FROM retail.products"
        f" WHERE product_id < {MADE} ORDER BY product_id"
    ).fetchall()
    mates: dict[int, list[tuple[Any, ...]]] = {}
    for row in real:
        mates.setdefault(row[1], []).append(row)
    (made,) = one(connection, f"SELECT count(*) FROM retail.products WHERE product_id >= {MADE}")
    chance = np.random.default_rng(42 + made)
    for start in range(made, size - len(real), BATCH):
        count = min(BATCH, size - len(real) - start)
        mixed = np.empty((count, vectors.shape[1]), dtype=np.float32)
        with connection.cursor().copy(COPY_PRODUCTS) as copy:
            for at in range(count):
                a = real[chance.integers(0, len(real))]
                b = mates[a[1]][chance.integers(0, len(mates[a[1]]))]
                name = f"{words(a[2], b[2], chance)[:105]} no. {start + at}"
                price = round(3 + 177 * float(chance.random()) ** 2, 2)
                text, cost = words(a[3], b[3], chance), round(price * 0.67, 2)
                copy.write_row(
                    (MADE + start + at, f"Z{start + at:09}", a[1], name, text, a[4], cost, price)
                )
                part = 0.2 + 0.6 * chance.random()
                mixed[at] = part * vectors[place[a[0]]] + (1 - part) * vectors[place[b[0]]]
        if mix:
            mixed += chance.normal(0, 0.25 / np.sqrt(mixed.shape[1]), mixed.shape)
            mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
            store(connection, MADE + start, mixed)
    connection.execute(STOCK, (STORE, MADE + made))


def queries(connection: Connection, count: int, near: str) -> list[str]:
    """Vectors not far from those of real products."""
    ids, vectors = real_vectors(connection)
    rows = connection.execute(
        "SELECT product_id FROM retail.products JOIN retail.product_types USING (type_id)"
        f" WHERE {near}"
    ).fetchall()
    vectors = vectors[np.isin(ids, [row[0] for row in rows])]
    chance = np.random.default_rng(7)
    picked = vectors[chance.integers(0, len(vectors), count)].astype(np.float64)
    picked += chance.normal(0, 0.7 / np.sqrt(picked.shape[1]), picked.shape)
    return [f"[{','.join(f'{x:.6f}' for x in vector)}]" for vector in picked]


def median(connection: Connection, statement: str, values: list[str], rounds: int) -> float:
    """Milliseconds a statement; the first does not count."""
    connection.execute(statement, (values[0],))
    times = []
    for _ in range(rounds):
        for value in values:
            began = time.perf_counter()
            connection.execute(statement, (value,)).fetchall()
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def measure(
    connection: Connection, count: int, rounds: int, with_tool: bool
) -> Iterator[dict[str, Any]]:
    """One row a filter. The tool is given texts, the function vectors."""
    for name, (arguments, of_tool, near, texts) in FILTERS.items():
        asked = queries(connection, count, near)
        nearest = (
            f"SELECT product_id, distance FROM retail.nearest_products(%s::vector, 10{arguments})"
        )
        row: dict[str, Any] = {"filter": name}
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            row["nearest ms"] = median(connection, nearest, asked, rounds)
            found = [connection.execute(nearest, (query,)).fetchall() for query in asked]
            if with_tool and of_tool is not None:
                tool = f"SELECT * FROM tool.semantic_search_products(%s, 10{of_tool})"
                row["tool ms"] = median(connection, tool, list(texts), rounds)
        with connection.transaction(force_rollback=True):
            connection.execute(ALL_EXACT)
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            row["exact ms"] = median(connection, nearest, asked[:12], 1)
            truth = [connection.execute(nearest, (query,)).fetchall() for query in asked]
        # By distance, not by name: products at the same distance stand for each other.
        hits = sum(
            distance <= exact[-1][1] + 1e-9
            for rows, exact in zip(found, truth, strict=True)
            for _, distance in rows
        )
        row["rows"] = statistics.mean(len(rows) for rows in found)
        row["recall@10"] = hits / max(1, sum(map(len, truth)))
        yield row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("conninfo")
    parser.add_argument("--products", type=int, nargs="+", default=[425, 100_000])
    parser.add_argument("--mixed", action="store_true")
    parser.add_argument("--queries", type=int, default=40)
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
            role = "replica" if options.mixed else "origin"
            connection.execute(f"SET session_replication_role = {role}")
            grow(connection, size, options.mixed)
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
            for row in measure(connection, options.queries, options.rounds, not options.mixed):
                cells = (row.get(name, "") for name in COLUMNS)
                print(
                    " | ".join(f"{c:12.3f}" if isinstance(c, float) else f"{c:>12}" for c in cells),
                    flush=True,
                )


if __name__ == "__main__":
    main()
