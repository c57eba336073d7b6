"""How good is a ranking of products? The labelled queries, and the measures over them.

queries.csv holds queries of our own over sql/retail/data/products.csv, judged by hand from the catalogue:

- kind: what makes the query hard. synonym (no word of it occurs in the name or description of a product
  that is exactly meant), use (a task), misspelling, size (units and sizes), plain (a shopper's own words),
  category, name (a name or part of one), sku, question (of a manager or a shop assistant), and sample:
  "containers for paint", "waterproof electrical connectors" and "what sells together with cordless drills"
  from the design, and ways to ask the same.
- part: dev or held, by `part_of`. Weights are settled on dev; held only tells whether they hold.
- exact (grade 3: what is asked for), good (grade 2: a good answer), related (grade 1: acceptable beside
  the others): SKUs, separated by spaces. Every product that a shop assistant would offer has a grade; all
  others have grade 0. A product that serves few or is discontinued ranks one grade lower, unless it is
  what is meant. Where nothing in the catalogue is exact, there is no grade 3.

To add a query, add a line at the end of its kind; a test tells which part it belongs to.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

QUERIES = Path(__file__).with_name("queries.csv")
GRADES = {"exact": 3, "good": 2, "related": 1}
RELEVANT = 2  # the least grade that recall and the reciprocal rank count
DEPTH = 10  # of a ranking, what is looked at
PARTS = ("dev", "held")

Ranker = Callable[[str], Sequence[str]]  # a query -> SKUs, best first


@dataclass(frozen=True)
class Query:
    text: str
    kind: str
    part: str
    grades: Mapping[str, int]  # by SKU


@dataclass(frozen=True)
class Measures:
    """Means over the queries."""

    queries: int
    recall_5: float
    recall_10: float
    mrr: float
    ndcg_10: float


@dataclass(frozen=True)
class Figures:
    """The measures of the queries of one kind and part; None stands for all."""

    kind: str | None
    part: str | None
    measures: Measures


def part_of(text: str) -> str:
    """Which part a query belongs to: by the lowest bit of the first byte of its SHA-256."""
    return PARTS[hashlib.sha256(text.encode()).digest()[0] & 1]


def read_queries(path: Path = QUERIES) -> list[Query]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Query(
                row["query"],
                row["kind"],
                row["part"],
                {sku: grade for column, grade in GRADES.items() for sku in row[column].split()},
            )
            for row in csv.DictReader(file)
        ]


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """The share of the relevant products among the first `depth`.

    Where more are relevant than fit, those that fit count as all of them, so that a perfect ranking has 1.
    """
    relevant = {sku for sku, grade in grades.items() if grade >= RELEVANT}
    return len(relevant.intersection(ranking[:depth])) / min(depth, len(relevant))


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """1 / the rank of the first relevant product; 0 where none is among the first ten."""
    ranks = (n for n, sku in enumerate(ranking[:DEPTH], 1) if grades.get(sku, 0) >= RELEVANT)
    return 1 / next(ranks, math.inf)


def gain(grades: Iterable[int]) -> float:
    """Discounted cumulative gain: 2^grade - 1 over log2(1 + rank)."""
    return math.fsum((2**grade - 1) / math.log2(1 + n) for n, grade in enumerate(grades, 1))


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """The gain of the first `depth`, as a share of that of the best order."""
    best = sorted(grades.values(), reverse=True)[:depth]
    return gain(grades.get(sku, 0) for sku in ranking[:depth]) / gain(best)


def measure_query(ranking: Sequence[str], query: Query) -> Measures:
    if len(set(ranking)) < len(ranking):
        raise ValueError(f"a product comes twice for {query.text!r}")
    return Measures(
        1,
        recall(ranking, query.grades, 5),
        recall(ranking, query.grades, 10),
        reciprocal_rank(ranking, query.grades),
        ndcg(ranking, query.grades),
    )


def mean(measures: Sequence[Measures]) -> Measures:
    return Measures(
        len(measures),
        fmean(m.recall_5 for m in measures),
        fmean(m.recall_10 for m in measures),
        fmean(m.mrr for m in measures),
        fmean(m.ndcg_10 for m in measures),
    )


def measure(ranker: Ranker, queries: Sequence[Query]) -> list[Figures]:
    """The ranker's measures: of all and by part, then of each kind and by part. It is asked once a query."""
    measured = [(query, measure_query(ranker(query.text), query)) for query in queries]
    figures = []
    for kind in (None, *dict.fromkeys(query.kind for query in queries)):
        for part in (None, *PARTS):
            group = [m for q, m in measured if kind in (None, q.kind) and part in (None, q.part)]
            if group:
                figures.append(Figures(kind, part, mean(group)))
    return figures


def select(
    figures: Iterable[Figures], kind: str | None = None, part: str | None = None
) -> Measures:
    """One of the figures; KeyError where no query is of that kind and part."""
    for one in figures:
        if (one.kind, one.part) == (kind, part):
            return one.measures
    raise KeyError((kind, part))


def rows(figures: Iterable[Figures]) -> list[dict[str, object]]:
    """As rows of a table."""
    return [
        {
            "kind": one.kind or "all",
            "part": one.part or "all",
            "queries": one.measures.queries,
            "recall@5": round(one.measures.recall_5, 3),
            "recall@10": round(one.measures.recall_10, 3),
            "MRR": round(one.measures.mrr, 3),
            "nDCG@10": round(one.measures.ndcg_10, 3),
        }
        for one in figures
    ]
