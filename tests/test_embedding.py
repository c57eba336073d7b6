"""The model inside the database: the vectors of the Python model, whatever the text, and how it is loaded."""

from __future__ import annotations

import csv
import json
import random
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import SEATTLE, TESTS, Target, storekeeper
from storekeeper import model
from storekeeper.errors import ConfigurationError

PRODUCTS = TESTS.parent / "sql" / "retail" / "data" / "products.csv"
SEARCH = TESTS / "search"
SEED = 20260105
AS_ALIKE = 0.999  # cosine
VECTORS = """
SELECT embedding.embed(t.content)::real[]
FROM unnest(%s::text[]) WITH ORDINALITY AS t (content, n)
ORDER BY t.n
"""
ALL_VECTORS = "SELECT e.embedding::real[] FROM embedding.embed_all(%s) AS e ORDER BY e.ordinal"
TOKENS = """
SELECT embedding.tokenise(array_to_string(embedding.words(t.content), ''))
FROM unnest(%s::text[]) WITH ORDINALITY AS t (content, n) ORDER BY t.n
"""
AWKWARD = [
    *("a", "I", "?", "\n", "\t x", " leading", "trailing ", "two  spaces   three", "▁", "a▁b"),
    *(
        "1/4\"-20 x 2' ½",
        "50 lb.",
        "CLAW HAMMER",
        "Claw hammer",
        "watterproof electricle conectors",
    ),
    *("Größe für Löten", "молоток", "電動ドリル 18V", "مطرقة", "🔨", "🔨🔩 tools 🛠️", "👩\u200d🔧"),
    *("e\u0301", "\u00a0", "\u200b", "\x01\x7f", "<0x41>", "\U0010ffff"),
    *("x" * 300, "ab" * 200, "-" * 77, "=" * 16 + "x", " " * 40 + "x", "日本語" * 60),
]


class Python:
    """The model as the wordllama package runs it."""

    def __init__(self) -> None:
        from wordllama import WordLlama

        found = find_spec("wordllama")
        assert found is not None
        assert found.submodule_search_locations
        bundled = Path(found.submodule_search_locations[0]) / model.TOKENIZER

        class Offline(WordLlama):  # type: ignore[misc]
            """Where it looks for this file the wheel has none, and then it would download one."""

            @classmethod
            def check_and_download_tokenizer(cls, **_: Any) -> Path:
                return bundled

        self._model: Any = Offline.load(dim=model.DIMENSION, disable_download=True)

    def vectors(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self._model.embed(texts, norm=True)]

    def tokens(self, text: str) -> list[int]:
        return list(self._model.tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.fixture(scope="module")
def python() -> Python:
    return Python()


def texts_of_ours() -> list[str]:
    """Names and descriptions of all products, with the mistakes and cases that people type, and queries."""
    with PRODUCTS.open(newline="") as source:
        rows = list(csv.DictReader(source))
    chance = random.Random(SEED)
    names, descriptions = ([row[c] for row in rows] for c in ("product_name", "description"))
    texts = [*names, *descriptions, *map(str.lower, names), *(row["sku"] for row in rows[::20])]
    texts += [misspelt(name, chance) for name in names]
    texts += [f"{name}. {text}" for name, text in zip(names, descriptions, strict=True)]
    if (more := SEARCH / "texts.jsonl").exists():
        texts += map(json.loads, more.read_text(encoding="utf-8").splitlines())
    if (queries := SEARCH / "queries.csv").exists():
        with queries.open(newline="", encoding="utf-8") as source:
            texts += [row["query"] for row in csv.DictReader(source)]
    return [text for text in dict.fromkeys(texts) if text.strip()]


def misspelt(text: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(text))
    return chance.choice([text[: at - 1] + text[at:], text[:at] + text[at - 1] + text[at:]])


def cosine(one: list[float], other: list[float]) -> float:
    lengths = sum(a * a for a in one) * sum(b * b for b in other)
    return float(sum(a * b for a, b in zip(one, other, strict=True)) / lengths**0.5)


def ask(target: Target, statement: str, texts: list[str]) -> list[Any]:
    return [row[0] for row in target.execute(statement, texts)]


def test_as_the_python_model(with_model: Target, python: Python) -> None:
    texts = texts_of_ours()
    assert len(texts) >= 500
    for some in (texts[at : at + 500] for at in range(0, len(texts), 500)):
        expected = python.vectors(some)
        for statement in (VECTORS, ALL_VECTORS):
            found = ask(with_model, statement, some)
            nearness = [cosine(f, e) for f, e in zip(found, expected, strict=True)]
            worst = min(range(len(some)), key=nearness.__getitem__)
            assert nearness[worst] >= AS_ALIKE, (statement, some[worst], nearness[worst])


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_awkward_texts(with_model: Target, python: Python, text: str) -> None:
    assert ask(with_model, TOKENS, [text]) == [python.tokens(text)]
    if text.strip(" \n\t\u00a0\u200b"):
        (vector,) = ask(with_model, VECTORS, [text])
        assert cosine(vector, python.vectors([text])[0]) >= AS_ALIKE


def test_tokens_of_any_text(with_model: Target, python: Python) -> None:
    """Texts that nobody writes: runs, letters of many alphabets, pieces put together at random."""
    chance = random.Random(SEED)
    pieces = [row[0] for row in with_model.execute(
        "SELECT replace(piece, '▁', ' ') FROM embedding.tokens WHERE piece IS NOT NULL ORDER BY token_id"
    )]  # fmt: skip
    kinds = [
        "ab",
        "x =-_.",
        "abcdefghijklmnop rstuvwxyz",
        "аб日本語🙂éñü ß€ \n\tـع",
        "ABCDEF0123456789-/",
        pieces,
        " " * 3 + "a日",
    ]
    texts = [
        "".join(chance.choices(chance.choice(kinds), k=chance.randrange(1, 50)))
        for _ in range(1500)
    ]
    expected = [python.tokens(text) for text in texts]
    for text, found, wanted in zip(texts, ask(with_model, TOKENS, texts), expected, strict=True):
        assert found == wanted, text


def test_control_tokens_are_text(with_model: Target, python: Python) -> None:
    """Where the Python model differs: it would take these for its own."""
    assert python.tokens("a<s>b") == [263, 1, 289]
    (found,) = ask(with_model, TOKENS, ["a<s>b"])
    assert 1 not in found


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), (" \n\t ", "empty"), ("x" * 8001, "8001 characters, more than 8000")],
)
def test_what_is_refused(with_model: Target, text: str, words: str) -> None:
    with pytest.raises(psycopg.Error, match=words) as refused:
        ask(with_model, VECTORS, [text])
    assert refused.value.sqlstate == "SK400"
    assert refused.value.diag.message_hint


def test_one_vector_from_psql_and_in_parallel(with_model: Target) -> None:
    """The plan is a generic one, made before the session knew of any text, and workers may make it too."""
    with psycopg.connect(with_model.dba) as connection:
        seen = {
            connection.execute("SELECT embedding.embed(%s)::text", (text,)).fetchone()
            for text in ["claw hammer"] * 10
        }
        connection.execute("SET LOCAL debug_parallel_query = on")
        seen.add(connection.execute("SELECT embedding.embed('claw hammer')::text").fetchone())
    assert len(seen) == 1


def test_without_the_model(shared: Target) -> None:
    assert ask(shared, VECTORS, ["claw hammer", "日本"]) == [None, None]
    assert ask(shared, ALL_VECTORS, ["claw hammer", "日本"]) == [None, None]


# Loading


def model_of(target: Target) -> list[tuple[Any, ...]]:
    return target.execute(
        "SELECT name, provider, dimension, distance, is_active, (SELECT count(*) FROM embedding.tokens)"
        " FROM embedding.models ORDER BY model_id"
    )


def test_loading(own: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, float]] = []
    assert model.load(own.dba, lambda done, total, _: told.append((done, total))) == 32000
    assert told == sorted(told)
    assert (told[0], told[-1]) == ((0, 32000), (32000, 32000))
    expected = [(model.NAME, "built-in", 256, "cosine", True, 32000)]
    assert model_of(own) == expected
    (vector,) = ask(own, VECTORS, ["claw hammer"])
    # Again: nothing is done, and the files are not needed.
    monkeypatch.setattr(model, "find_spec", lambda _: None)
    assert model.load(own.dba, lambda *_: pytest.fail("work")) is None
    assert model_of(own) == expected
    # What is half there, as after a restore without the data, is loaded anew.
    monkeypatch.undo()
    own.execute("DELETE FROM embedding.tokens WHERE token_id > 5")
    own.execute("DELETE FROM embedding.models")
    assert model.load(own.dba, lambda *_: None) == 32000
    assert model_of(own) == expected
    assert ask(own, VECTORS, ["claw hammer"]) == [vector]


def test_another_model_stays_the_one_in_use(own: Target) -> None:
    own.execute(
        "INSERT INTO embedding.models (name, provider, dimension, is_active)"
        " VALUES ('theirs', 'openai', 1536, true)"
    )
    model.load(own.dba, lambda *_: None)
    assert [(name, active) for name, _, _, _, active, _ in model_of(own)] == [
        ("theirs", True),
        (model.NAME, False),
    ]


def test_the_files_are_missing(
    shared: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = find_spec("wordllama")
    assert found is not None
    assert found.submodule_search_locations
    installed = Path(found.submodule_search_locations[0])

    class Elsewhere:
        submodule_search_locations = [str(tmp_path)]  # noqa: RUF012

    for spec in (None, Elsewhere):
        monkeypatch.setattr(model, "find_spec", lambda _, spec=spec: spec)
        with pytest.raises(ConfigurationError, match="not installed") as refused:
            model.load(shared.dba, lambda *_: None)
        assert "pip install" in str(refused.value.hint)
    # Nor is another model taken for it.
    for file in (model.WEIGHTS, model.TOKENIZER):
        (tmp_path / file).parent.mkdir()
        shutil.copy(installed / file, tmp_path / file)
    weights = tmp_path / model.WEIGHTS
    whole = weights.read_bytes()
    for wrong in (whole.replace(b"[32000,256]", b"[64000,128]", 1), whole[:-1], b"", b"\xff" * 100):
        weights.write_bytes(wrong)
        with pytest.raises(ConfigurationError, match="l2_supercat_256"):
            model.load(shared.dba, lambda *_: None)
    weights.write_bytes(whole)
    for text in ("", "{}", '{"model": {"vocab": {"a": 0}, "merges": []}}'):
        (tmp_path / model.TOKENIZER).write_text(text)
        with pytest.raises(ConfigurationError, match="tokenizer"):
            model.load(shared.dba, lambda *_: None)
    assert model_of(shared) == []


def test_a_person_has_it(with_model: Target) -> None:
    """From the DBA's loading to free SQL of a manager, over the path that MCP uses."""
    query = "SELECT embedding.embed('claw hammer') <=> embedding.embed('hammer') AS distance"
    run = storekeeper(
        "call",
        "execute_sales_query",
        f"postgresql_query={query}",
        "--json",
        environment=with_model.environment(SEATTLE),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert 0 < json.loads(run.stdout)["rows"][0]["distance"] < 0.8
