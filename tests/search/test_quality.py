"""The measures on cases worked out by hand, and what holds for the labelled queries."""

from __future__ import annotations

import csv
import re
from collections import Counter
from math import log2
from pathlib import Path

import pytest

from search.quality import (
    GRADES,
    PARTS,
    QUERIES,
    RELEVANT,
    Query,
    measure,
    ndcg,
    part_of,
    read_queries,
    recall,
    reciprocal_rank,
    rows,
    select,
)

PRODUCTS = Path(__file__).parents[2] / "sql" / "retail" / "data" / "products.csv"

QUERIES_AT_LEAST = 260
OF_EACH_KIND = 25
KINDS = ("name", "synonym", "use", "misspelling", "size", "plain", "category", "question")
FEW = {"sample": 6, "sku": 5}  # kinds that need no more
JOINING = {"a", "and", "for", "in", "of", "on", "the", "to"}

GRADED = {"a": 3, "b": 2, "c": 1}


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - JOINING


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    return read_queries()


@pytest.fixture(scope="module")
def products() -> dict[str, str]:
    """Name and description by SKU."""
    with PRODUCTS.open(encoding="utf-8", newline="") as file:
        return {
            row["sku"]: f"{row['product_name']} {row['description']}"
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize(
    ("ranking", "depth", "expected"),
    [
        ("ab", 5, 1.0),
        ("cxabz", 5, 1.0),  # the order is nothing to recall
        ("cxayz", 5, 0.5),
        ("cxyza", 4, 0.0),  # too late
        ("c", 5, 0.0),  # merely related
        ("", 5, 0.0),
        ("a", 1, 1.0),  # more do not fit
    ],
)
def test_recall(ranking: str, depth: int, expected: float) -> None:
    assert recall(list(ranking), GRADED, depth) == expected


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("bxa", 1.0),
        ("cxab", 1 / 3),  # what is merely related does not count
        ("xyz", 0.0),
        ("", 0.0),
        ("012345678a", 0.1),
        ("0123456789a", 0.0),  # beyond the tenth
    ],
)
def test_reciprocal_rank(ranking: str, expected: float) -> None:
    assert reciprocal_rank(list(ranking), GRADED) == expected


BEST = 7 + 3 / log2(3) + 1 / 2  # of the order a, b, c


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("abc", 1.0),
        ("abcxyz", 1.0),
        ("cba", (1 + 3 / log2(3) + 7 / 2) / BEST),
        ("xa", (7 / log2(3)) / BEST),
        ("xyz", 0.0),
        ("", 0.0),
        ("0123456789a", 0.0),  # beyond the tenth
    ],
)
def test_ndcg(ranking: str, expected: float) -> None:
    assert ndcg(list(ranking), GRADED) == pytest.approx(expected, abs=1e-12)


def test_ndcg_of_more_than_fit() -> None:
    grades = {str(n): 3 for n in range(12)}
    assert ndcg([str(n) for n in range(2, 12)], grades) == pytest.approx(1)


def test_means_by_kind_and_part() -> None:
    queries = [
        Query("first", "use", "dev", {"a": 3}),
        Query("second", "use", "held", {"a": 3, "b": 2}),
        Query("third", "name", "dev", {"c": 2}),
    ]
    answers = {"first": ["a"], "second": ["x", "b"], "third": []}
    figures = measure(answers.__getitem__, queries)
    everything = select(figures)
    assert everything.queries == 3
    assert everything.recall_5 == everything.recall_10 == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert everything.mrr == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert everything.ndcg_10 == pytest.approx(
        (1 + (3 / log2(3)) / (7 + 3 / log2(3)) + 0) / 3, abs=1e-12
    )
    assert select(figures, part="dev").mrr == 0.5
    assert select(figures, "use").recall_10 == 0.75
    assert select(figures, "use", "held").mrr == 0.5
    assert [(f.kind, f.part, f.measures.queries) for f in figures] == [
        (None, None, 3),
        (None, "dev", 2),
        (None, "held", 1),
        ("use", None, 2),
        ("use", "dev", 1),
        ("use", "held", 1),
        ("name", None, 1),
        ("name", "dev", 1),
    ]
    assert rows(figures)[4] == {
        "kind": "use",
        "part": "dev",
        "queries": 1,
        "recall@5": 1.0,
        "recall@10": 1.0,
        "MRR": 1.0,
        "nDCG@10": 1.0,
    }
    with pytest.raises(KeyError):
        select(figures, "name", "held")


def test_ranking_with_a_product_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="comes twice for 'first'"):
        measure(lambda _: ["a", "b", "a"], [Query("first", "use", "dev", {"a": 3})])


def test_labels_are_a_perfect_ranking_of_themselves(queries: list[Query]) -> None:
    labels = {q.text: sorted(q.grades, key=lambda sku, q=q: -q.grades[sku]) for q in queries}  # type: ignore[misc]
    for one in measure(labels.__getitem__, queries):
        found = one.measures
        assert (found.recall_5, found.recall_10, found.mrr) == (1, 1, 1)
        assert found.ndcg_10 == pytest.approx(1)


def test_there_are_enough_queries_of_each_kind(queries: list[Query]) -> None:
    assert len(queries) >= QUERIES_AT_LEAST
    kinds = Counter(query.kind for query in queries)
    assert set(kinds) == {*KINDS, *FEW}
    wanted = dict.fromkeys(KINDS, OF_EACH_KIND) | FEW
    assert {kind: n for kind, n in kinds.items() if n < wanted[kind]} == {}


def test_no_query_comes_twice(queries: list[Query]) -> None:
    texts = Counter(" ".join(query.text.lower().split()) for query in queries)
    assert [text for text, n in texts.items() if n > 1] == []
    assert [query.text for query in queries if query.text != query.text.strip()] == []


def test_every_answer_is_a_product_and_has_one_grade(products: dict[str, str]) -> None:
    with QUERIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            skus = [sku for column in GRADES for sku in row[column].split()]
            assert [sku for sku in skus if sku not in products] == [], row["query"]
            assert len(set(skus)) == len(skus), row["query"]


def test_every_query_has_an_answer(queries: list[Query]) -> None:
    assert [q.text for q in queries if max(q.grades.values(), default=0) < RELEVANT] == []


def test_the_parts_are_what_the_hash_says(queries: list[Query]) -> None:
    assert [(q.text, part_of(q.text)) for q in queries if q.part != part_of(q.text)] == []
    assert part_of("sku HWSC002902") == "dev"  # ec…, even
    assert part_of("hang a heavy mirror") == "held"  # cf…, odd


def test_the_parts_are_about_halves(queries: list[Query]) -> None:
    parts = Counter(query.part for query in queries)
    assert min(parts[part] for part in PARTS) >= 0.4 * len(queries)
    of_kinds = Counter((query.kind, query.part) for query in queries)
    assert [(k, p) for k in KINDS for p in PARTS if of_kinds[k, p] < OF_EACH_KIND // 3] == []


def test_a_synonym_is_no_word_of_what_is_meant(
    queries: list[Query], products: dict[str, str]
) -> None:
    shared = [
        (query.text, sku)
        for query in queries
        if query.kind == "synonym"
        for sku, grade in query.grades.items()
        if grade == 3 and words(query.text) & words(products[sku])
    ]
    assert shared == []


def test_a_misspelling_is_no_word_of_the_catalogue(
    queries: list[Query], products: dict[str, str]
) -> None:
    known = set().union(*map(words, products.values()))
    spelt = [q.text for q in queries if q.kind == "misspelling" and words(q.text) <= known]
    assert spelt == []
