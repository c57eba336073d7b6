"""texts.jsonl: texts of products and of shoppers, one JSON string a line, to compare two ways to embed."""

from __future__ import annotations

import json
import re
from pathlib import Path

TEXTS = Path(__file__).with_name("texts.jsonl")
TEXTS_AT_LEAST = 560


def test_the_texts_are_many_and_of_many_sorts() -> None:
    with TEXTS.open(encoding="utf-8") as file:
        texts: list[str] = [json.loads(line) for line in file]
    assert len(texts) >= TEXTS_AT_LEAST
    assert len(set(texts)) == len(texts)
    assert [text for text in texts if not text.strip() or "\0" in text] == []
    sorts = {
        "accents": "[à-ÿ]",
        "Cyrillic": "[\u0430-\u044f]",
        "Greek": "[\u03b1-\u03c9]",
        "Han": "[一-鿿]",
        "kana": "[ぁ-ヿ]",
        "Hangul": "[가-힣]",
        "Arabic": "[ء-ي]",
        "Hebrew": "[א-ת]",
        "Devanagari": "[अ-ह]",
        "Thai": "[ก-ฮ]",
        "emoji": "[\U0001f300-\U0001faff]",
        "combining marks": "[\u0300-\u036f]",
        "odd spaces": "[\u00a0\u2003\u200b\u3000]",
        "line breaks and tabs": "[\n\r\t]",
        "apostrophes": "\\w['\u2019]\\w",
        "hyphens": r"\w-\w",
        "numbers": r"\d",
        "capitals": r"^[^a-z]*[A-Z]{4}[^a-z]*$",
    }
    found = {name: sum(bool(re.search(p, text)) for text in texts) for name, p in sorts.items()}
    assert [name for name, n in found.items() if n < 3] == []
