"""Loads the built-in embedding model into the database: the token vectors that the wordllama wheel brings.

Only its two files are read. The package itself is not imported: it takes a second and is not needed.
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
from typing import Any

import psycopg

from storekeeper.errors import ConfigurationError
from storekeeper.failures import explain
from storekeeper.gateway import Progress

NAME = "wordllama l2_supercat 256"
DIMENSION = 256
WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
TENSOR = "embedding.weight"
SPACE = "▁"
LONGEST = 16  # characters of a piece: embedding.tokenise looks no further
FIRST_BYTE = 3  # the token of byte 0, of which embedding.tokenise knows as well

IS_THERE = "SELECT to_regclass('embedding.tokens') IS NOT NULL"
LOCK = "LOCK TABLE embedding.tokens IN SHARE ROW EXCLUSIVE MODE"
IS_LOADED = """
SELECT count(*) = %s FROM embedding.tokens
HAVING EXISTS (SELECT FROM embedding.models WHERE name = %s)
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
            folder = _folder()
            tokens = read_tokens(folder / TOKENIZER)
            connection.execute(LOCK)
            if connection.execute(IS_LOADED, (len(tokens), NAME)).fetchone() == (True,):
                return None
            vectors = read_vectors(folder / WEIGHTS, len(tokens))
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
        hint="pip install 'wordllama>=0.2.2' in the environment of storekeeper, then storekeeper init. Without "
        "them search goes by words alone.",
    )


def read_tokens(file: Path) -> list[Token]:
    """The tokens in the order of their ids."""
    model = json.loads(file.read_text(encoding="utf-8"))["model"]
    ids: dict[str, int] = model["vocab"]
    made: dict[str, int] = {}
    for rank, pair in enumerate(model["merges"]):
        made.setdefault("".join(pair.split(" ") if isinstance(pair, str) else pair), rank)
    pieces = {token_id: piece for piece, token_id in ids.items()}
    bytes_ = range(FIRST_BYTE, FIRST_BYTE + 256)
    if (
        sorted(pieces) != list(range(len(pieces)))
        or [pieces[n] for n in bytes_] != [f"<0x{n - FIRST_BYTE:02X}>" for n in bytes_]
        or max(map(len, made)) > LONGEST
    ):
        raise _unknown(file)
    return [
        Token(n, pieces[n], made.get(pieces[n])) if n not in bytes_ and n >= FIRST_BYTE else Token(n, None, None)
        for n in range(len(pieces))
    ]


def read_vectors(file: Path, count: int) -> list[bytes]:
    """Each token's vector as PostgreSQL reads a halfvec: its size, then big-endian halves."""
    content = file.read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    tensor: dict[str, Any] = json.loads(content[8 : 8 + size]).get(TENSOR, {})
    if tensor.get("dtype") != "F16" or tensor.get("shape") != [count, DIMENSION]:
        raise _unknown(file)
    begin, end = (8 + size + offset for offset in tensor["data_offsets"])
    numbers = array("H", content[begin:end])
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
        hint="pip install 'wordllama>=0.2.2,<0.5'",
    )
