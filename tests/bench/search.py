"""What does searching by vector cost as the catalogue grows, and what does the index miss?

    python tests/bench/search.py CONNINFO [--products 424 100000] [--queries 40] [--rounds 3]

CONNINFO: a database with sample data that may be spoilt, as a superuser. The catalogue is grown to each
size by recombining the words of two products of a type; a made product's vector is the mix of theirs with
some noise, which is what the built-in model would say of the mixed words. Where nobody has filled the
products' vectors yet, the package wordllama makes them.

For each size: how long the load, the index and what it takes on disk; then, under filters that leave ever
less, the median of text in -> rows out (tool.semantic_search_products), of the vector search alone
(retail.nearest_products) and of an exact scan, and which part of the ten nearest the index finds.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
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
QUERIES = (
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
OF_CATEGORY = (
    ", type_ids => (SELECT array_agg(type_id) FROM retail.product_types WHERE category_id = 2)"
)
# What remains of the catalogue: the arguments of retail.nearest_products after how_many; and what is asked for.
FILTERS = {
    "all": ("", "true"),
    "in stock": (f", stocked_in => '{{{STORE}}}'", "true"),
    "its category": (OF_CATEGORY, "category_id = 2"),
    "another one": (OF_CATEGORY, "category_id <> 2"),
    "one type": (", type_ids => '{17}'", "true"),
    "price 0.3 %": (", price_min => 50, price_max => 50.50", "true"),
}


def base_vectors(connection: Connection) -> tuple[NDArray[np.int64], Vectors]:
    """The ids of the real products, and their vectors."""
    rows = connection.execute(
        "SELECT product_id, description_embedding::text FROM retail.product_description_embeddings"
        " WHERE product_id < %s ORDER BY product_id",
        (MADE,),
    ).fetchall()
    if rows:
        texts = [np.array(text[1:-1].split(","), dtype=np.float32) for _, text in rows]
        return np.array([row[0] for row in rows]), np.stack(texts)
    products = connection.execute(
        "SELECT product_id, name || '. ' || description FROM retail.products"
        " WHERE product_id < %s ORDER BY product_id",
        (MADE,),
    ).fetchall()
    vectors = model([text for _, text in products])
    ids = np.array([row[0] for row in products])
    store(connection, ids, vectors)
    return ids, vectors


def model(texts: list[str]) -> Vectors:
    """The sum of the tokens' vectors, at length 1: what the package wordllama computes, without its downloads."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    found = find_spec("wordllama")
    assert found and found.origin, "pip install wordllama"
    package = Path(found.origin).parent
    (table,) = load_file(package / "weights" / "l2_supercat_256.safetensors").values()
    tokenizer = Tokenizer.from_file(
        str(package / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    sums = np.stack(
        [table[tokenizer.encode(t, add_special_tokens=False).ids].sum(axis=0) for t in texts]
    )
    return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


def store(connection: Connection, ids: NDArray[np.int64], vectors: Vectors) -> None:
    """COPY of vectors, in pgvector's binary form."""
    head = struct.pack(">HH", vectors.shape[1], 0)
    size = struct.pack(">i", 4 + 4 * vectors.shape[1])
    statement = (
        "COPY retail.product_description_embeddings (product_id, description_embedding)"
        " FROM STDIN (FORMAT binary)"
    )
    with connection.cursor().copy(statement) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack(">II", 0, 0))
        for product_id, vector in zip(ids, vectors.astype(">f4"), strict=True):
            copy.write(struct.pack(">hii", 2, 4, product_id) + size + head + vector.tobytes())
        copy.write(struct.pack(">h", -1))


def grow(connection: Connection, size: int) -> float:
    """Makes products until there are so many; how long that took."""
    began = time.perf_counter()
    ids, vectors = base_vectors(connection)
    types = connection.execute(
        "SELECT product_id, type_id, name, description, unit FROM retail.products WHERE product_id < %s"
        " ORDER BY product_id",
        (MADE,),
    ).fetchall()
    place = {product_id: at for at, product_id in enumerate(ids.tolist())}
    mates: dict[int, list[tuple[Any, ...]]] = {}
    for row in types:
        mates.setdefault(row[1], []).append(row)
    (made,) = one(connection, f"SELECT count(*) FROM retail.products WHERE product_id >= {MADE}")
    chance = np.random.default_rng(42 + made)
    for start in range(made, size - len(types), BATCH):
        stop = min(start + BATCH, size - len(types))
        first = chance.integers(0, len(types), stop - start)
        mixed = np.empty((stop - start, vectors.shape[1]), dtype=np.float32)
        with connection.cursor().copy(
            "COPY retail.products (product_id, sku, type_id, name, description, unit, cost, base_price)"
            " FROM STDIN"
        ) as copy:
            for at, (number, a) in enumerate(
                zip(range(start, stop), (types[i] for i in first), strict=True)
            ):
                b = mates[a[1]][chance.integers(0, len(mates[a[1]]))]
                name, text = words(a[2], b[2], chance), words(a[3], b[3], chance)
                price = round(3 + 177 * float(chance.random()) ** 2, 2)
                sku = f"Z{number:09}"
                copy.write_row(
                    (
                        MADE + number,
                        sku,
                        a[1],
                        f"{name[:105]} no. {number}",
                        text,
                        a[4],
                        round(price * 0.67, 2),
                        price,
                    )
                )
                part = 0.2 + 0.6 * chance.random()
                mixed[at] = part * vectors[place[a[0]]] + (1 - part) * vectors[place[b[0]]]
        mixed += chance.normal(0, 0.25 / np.sqrt(mixed.shape[1]), mixed.shape).astype(np.float32)
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        store(connection, np.arange(MADE + start, MADE + stop), mixed)
    connection.execute(
        "INSERT INTO retail.inventory (store_id, product_id, stock_level)"
        " SELECT %s, product_id, hashint4(product_id) & 1 FROM retail.products WHERE product_id >= %s"
        " ON CONFLICT DO NOTHING",
        (STORE, MADE + made),
    )
    return time.perf_counter() - began


def words(one_text: str, other: str, chance: np.random.Generator) -> str:
    """A text with words of both, in their order."""
    both = one_text.split() + other.split()
    keep = chance.random(len(both)) < 0.6
    return " ".join(word for word, kept in zip(both, keep, strict=True) if kept) or one_text


def one(connection: Connection, statement: str, *parameters: Any) -> tuple[Any, ...]:
    row = connection.execute(statement, parameters or None).fetchone()
    assert row is not None
    return row


def median(connection: Connection, statement: str, values: list[str], rounds: int) -> float:
    """Milliseconds."""
    times = []
    for _ in range(rounds):
        for value in values:
            began = time.perf_counter()
            connection.execute(statement, (value,)).fetchall()
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def measure(connection: Connection, count: int, rounds: int) -> Iterator[dict[str, Any]]:
    """One row a filter. The texts are searched by the tool, vectors like those of products by the function."""
    (has_tool,) = one(connection, "SELECT to_regproc('tool.semantic_search_products') IS NOT NULL")
    for name, (arguments, near) in FILTERS.items():
        queries = query_vectors(connection, count, near)
        nearest = (
            f"SELECT product_id, distance FROM retail.nearest_products(%s::vector, 10{arguments})"
        )
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            connection.execute(nearest, (queries[0],))
            spent = median(connection, nearest, queries, rounds)
            found = [connection.execute(nearest, (query,)).fetchall() for query in queries]
            row = {"filter": name, "nearest ms": spent}
            if has_tool and name == "all":
                tool = "SELECT * FROM tool.semantic_search_products(%s, 10)"
                row["tool ms"] = median(connection, tool, list(QUERIES), rounds)
        with connection.transaction(force_rollback=True):
            # The same function where every number of candidates is searched one by one.
            connection.execute(
                "CREATE OR REPLACE FUNCTION retail.exact_search_limit(dimension integer) RETURNS integer"
                " LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 100000000"
            )
            connection.execute("SELECT gateway.impersonate(%s)", (PERSON,))
            connection.execute(nearest, (queries[0],))
            row["exact ms"] = median(connection, nearest, queries[:12], 1)
            truth = [connection.execute(nearest, (query,)).fetchall() for query in queries]
        # By distance, not by name: products at the same distance stand for each other.
        hits = [
            sum(distance <= exact[-1][1] + 1e-9 for _, distance in rows)
            for rows, exact in zip(found, truth, strict=True)
            if exact
        ]
        row["rows"] = statistics.mean(len(rows) for rows in found)
        row["recall@10"] = sum(hits) / max(1, sum(len(exact) for exact in truth))
        yield row


def query_vectors(connection: Connection, count: int, near: str) -> list[str]:
    """Vectors not far from those of real products."""
    ids, vectors = base_vectors(connection)
    rows = connection.execute(
        f"SELECT product_id FROM retail.products JOIN retail.product_types USING (type_id) WHERE {near}"
    ).fetchall()
    vectors = vectors[np.isin(ids, [row[0] for row in rows])]
    chance = np.random.default_rng(7)
    picked = vectors[chance.integers(0, len(vectors), count)]
    picked = picked + chance.normal(0, 0.7 / np.sqrt(picked.shape[1]), picked.shape)
    return [f"[{','.join(f'{x:.6f}' for x in vector)}]" for vector in picked]


def main(report: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("conninfo")
    parser.add_argument("--products", type=int, nargs="+", default=[424, 100_000])
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="256MB", help="maintenance_work_mem of the build")
    options = parser.parse_args()
    with psycopg.connect(options.conninfo, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica"
        )  # no triggers: the vectors are made here
        for size in options.products:
            spent = grow(connection, size)
            connection.execute(
                "VACUUM ANALYZE retail.products, retail.product_description_embeddings, retail.inventory"
            )
            (count,) = one(connection, "SELECT count(*) FROM retail.product_description_embeddings")
            report(f"\n{count:,} products, made in {spent:.0f} s")
            for (ddl,) in connection.execute("SELECT retail.wanted_embedding_index()").fetchall():
                connection.execute(f"SET maintenance_work_mem = '{options.memory}'")
                began = time.perf_counter()
                connection.execute(ddl)
                (on_disk, table) = one(
                    connection,
                    "SELECT pg_indexes_size(t) - pg_relation_size('retail.product_description_embeddings_pkey'),"
                    " pg_table_size(t) FROM (SELECT 'retail.product_description_embeddings'::regclass) AS x (t)",
                )
                report(
                    f"index in {time.perf_counter() - began:.0f} s, {on_disk / 2**20:,.0f} MB"
                    f" beside {table / 2**20:,.0f} MB of vectors"
                )
            columns = ("filter", "tool ms", "nearest ms", "exact ms", "rows", "recall@10")
            report(" | ".join(f"{name:>12}" for name in columns))
            for row in measure(connection, options.queries, options.rounds):
                cells = (row.get(name, "") for name in columns)
                report(
                    " | ".join(f"{c:12.3f}" if isinstance(c, float) else f"{c:>12}" for c in cells)
                )


if __name__ == "__main__":
    main()
