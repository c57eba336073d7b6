"""A published function's comment: what it says to clients, and what it asks of the server.

A comment is prose, then tags, each on lines of its own:

    @title Top products                  @param name text        @return column text
    @example name=value other=value      @destructive            @sql argument (it holds free SQL)
    @uri retail://schema/{table}         @mime application/json
    @cache 5m schema.table, schema.table
    @secret argument (kept out of the record)
    @embeds vector model text (arguments: the vector of the third by the model that the second names;
                               the server gives both, where a service makes the vectors)
    @max_rows 50    @max_bytes 100000    @retries 0    @concurrency 2   (this function's own limits)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Comment:
    """A function's comment, taken apart."""

    prose: str
    tags: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> Comment:
        prose, *tagged = re.split(r"^@", text.strip(), flags=re.MULTILINE)
        tags: dict[str, tuple[str, ...]] = {}
        for tag in tagged:
            name, _, value = tag.strip().partition(" ")
            tags[name] = (*tags.get(name, ()), " ".join(value.split()))
        return cls(prose.strip(), tags)

    def one(self, tag: str) -> str | None:
        return self.tags.get(tag, (None,))[0]

    def named(self, tag: str) -> dict[str, str]:
        """`@param name text` lines as name → text."""
        return {
            name: text.strip()
            for name, _, text in (v.partition(" ") for v in self.tags.get(tag, ()))
        }
