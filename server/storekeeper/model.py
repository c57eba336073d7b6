"""Loads the built-in embedding model into the database: the token vectors that the wordllama wheel brings.

Two files of it are read. The package is not imported: that costs time and memory, and looks for downloads.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from storekeeper.errors import ConfigurationError
from storekeeper.failures import explain
from storekeeper.progress import Progress

NAME = "wordllama l2_supercat 256"
COUNT, DIMENSION = 32000, 256
WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
TENSOR = "embedding.weight"
INSTALL = "pip install wordllama==0.2.2.post0"
LONGEST = 16  # characters of a piece: embedding.tokenise looks no further
FIRST_BYTE = 3  # the token of byte 0, of which embedding.tokenise knows as well

IS_THERE = "SELECT to_regclass('embedding.tokens') IS NOT NULL"
LOCK = "LOCK TABLE embedding.tokens IN SHARE ROW EXCLUSIVE MODE"
IS_LOADED = """
SELECT EXISTS (SELECT FROM embedding.tokens) AND EXISTS (SELECT FROM embedding.models WHERE name = %s)
"""
EMPTY = "DELETE FROM embedding.tokens"
COPY = "COPY embedding.tokens (token_id, piece, rank, vector) FROM STDIN (FORMAT binary)"
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)
REGISTER = """
INSERT INTO embedding.models (name, provider, dimension, is_active)
SELECT %s, 'built-in', %s, NOT EXISTS (SELECT FROM embedding.models WHERE is_active)
ON CONFLICT (name) DO NOTHING
"""


@dataclass(frozen=True)
class Token:
    token_id: int
    piece: str | None  # None: a control token or a byte
    rank: int | None  # None: no pair of pieces makes it


def load(conninfo: str, progress: Progress) -> int | None:
    """Loads the model in one transaction: how many tokens, or None when it is there already."""
    try:
        with psycopg.connect(conninfo) as connection:
            if connection.execute(IS_THERE).fetchone() != (True,):
                raise ConfigurationError(
                    "The database has no schema for embeddings.", hint="storekeeper migrate"
                )
            connection.execute("SET LOCAL ROLE storekeeper_definer")
            connection.execute(LOCK)
            if connection.execute(IS_LOADED, (NAME,)).fetchone() == (True,):
                return None
            folder = _folder()
            tokens = read_tokens(folder / TOKENIZER)
            vectors = read_vectors(folder / WEIGHTS)
            connection.execute(EMPTY)
            with connection.cursor().copy(COPY) as copy:
                copy.write(HEADER)
                for done, token in enumerate(tokens):
                    copy.write(_row(token, vectors[token.token_id]))
                    if done % 1000 == 0:
                        progress(done, len(tokens), "tokens")
                copy.write(TRAILER)
            connection.execute(REGISTER, (NAME, DIMENSION))
            connection.commit()
            # Readers need neither wait for a first look at each row nor guess how many there are.
            connection.autocommit = True
            connection.execute("SET ROLE storekeeper_definer")
            connection.execute("VACUUM (ANALYZE) embedding.tokens")
            progress(len(tokens), len(tokens), "")
            return len(tokens)
    except psycopg.Error as failure:
        raise explain(failure) from None


def _folder() -> Path:
    found = find_spec("wordllama")
    for place in (found.submodule_search_locations or ()) if found else ():
        if (Path(place) / WEIGHTS).is_file() and (Path(place) / TOKENIZER).is_file():
            return Path(place)
    raise ConfigurationError(
        "The files of the built-in embedding model are not installed.",
        hint=f"{INSTALL} in the environment of storekeeper, then storekeeper init.",
    )


def read_tokens(file: Path) -> list[Token]:
    """The tokens in the order of their ids."""
    try:
        model = json.loads(file.read_text(encoding="utf-8"))["model"]
        ids: dict[str, int] = model["vocab"]
        pairs = [pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"]]
        pieces = {token_id: piece for piece, token_id in ids.items()}
        ranks: dict[str, int] = {}
        for rank, pair in enumerate(pairs):
            ranks.setdefault("".join(pair), rank)
        bytes_ = range(FIRST_BYTE, FIRST_BYTE + 256)
        if (
            sorted(pieces) != list(range(COUNT))
            or [pieces[n] for n in bytes_] != [f"<0x{n - FIRST_BYTE:02X}>" for n in bytes_]
            or max(map(len, ranks)) > LONGEST
        ):
            raise _unknown(file)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _unknown(file) from None
    named = range(bytes_.stop, COUNT)
    return [
        Token(n, pieces[n], ranks.get(pieces[n])) if n in named else Token(n, None, None)
        for n in range(COUNT)
    ]


def read_vectors(file: Path) -> list[bytes]:
    """Each token's vector as PostgreSQL reads a halfvec: its size, then big-endian halves."""
    content = file.read_bytes()
    try:
        (size,) = struct.unpack_from("<Q", content)
        tensor = json.loads(content[8 : 8 + size])[TENSOR]
        begin, end = (8 + size + offset for offset in tensor["data_offsets"])
        halves = content[begin:end]
        if (
            tensor["dtype"] != "F16"
            or tensor["shape"] != [COUNT, DIMENSION]
            or len(halves) != 2 * COUNT * DIMENSION
        ):
            raise _unknown(file)
    except (struct.error, ValueError, KeyError, TypeError):
        raise _unknown(file) from None
    numbers = array("H", halves)
    if sys.byteorder == "little":
        numbers.byteswap()
    halves = numbers.tobytes()
    width = 2 * DIMENSION
    header = struct.pack("!hh", DIMENSION, 0)
    return [header + halves[at : at + width] for at in range(0, len(halves), width)]


def _row(token: Token, vector: bytes) -> bytes:
    return struct.pack("!h", 4) + b"".join(_fields(token, vector))


def _fields(token: Token, vector: bytes) -> Iterator[bytes]:
    yield struct.pack("!ii", 4, token.token_id)
    for value in (
        token.piece.encode() if token.piece is not None else None,
        struct.pack("!i", token.rank) if token.rank is not None else None,
        vector,
    ):
        yield struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value


def _unknown(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file} is not the built-in embedding model that this version reads.",
        hint=f"{INSTALL} in the environment of storekeeper.",
    )
