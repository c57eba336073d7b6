"""What an embedding service is asked, and how its answers are read: OpenAI's API, and those like it.

OpenAI, Azure OpenAI, Ollama, vLLM and Hugging Face's TEI speak it. No error here holds the key or a text:
services quote both.
"""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from pydantic_core import from_json

from storekeeper.errors import ConfigurationError, MCPError, UnavailableError, ValidationError
from storekeeper.settings import Settings

URL_HINT = (
    "Set STOREKEEPER_EMBEDDING_URL to the service's address, for example https://api.openai.com/v1 or "
    "http://localhost:11434/v1."
)
KEY_HINT = "Set STOREKEEPER_EMBEDDING_API_KEY to a key of the service that may use the model."
MODEL_HINT = (
    "Check STOREKEEPER_EMBEDDING_URL, STOREKEEPER_EMBEDDING_MODEL and, for Azure, "
    "STOREKEEPER_EMBEDDING_API_VERSION."
)
ANSWER_HINT = "Check that STOREKEEPER_EMBEDDING_URL names a service with OpenAI's /v1/embeddings."
DIMENSION_HINT = (
    "Set STOREKEEPER_EMBEDDING_MODEL and STOREKEEPER_EMBEDDING_DIMENSION to those of the vectors that are "
    "there already."
)
TEXT_HINT = (
    "Make the text shorter. If the service refuses every text: does its model take "
    "STOREKEEPER_EMBEDDING_DIMENSION, and so many texts at once as STOREKEEPER_EMBEDDING_BATCH says?"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
CODE = re.compile(r"[A-Za-z_]{1,40}")  # of an error: a word, which holds no text
LONGEST_ANSWER = 256 * 2**20  # bytes
LONGEST_WAIT = 3600.0  # seconds that a service may ask for: what it says beyond may be a mistake
A_VECTOR = 16_000 * 25  # bytes of JSON: pgvector's most numbers, in their longest form


@dataclass(frozen=True)
class Service:
    """Where the service is, and as whom it is asked for which model."""

    url: str
    model: str
    dimension: int | None = None  # asked of the service; None: the model's own
    encoding: str = "float"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Service:
        if settings.embedding_url is None or not settings.embedding_model:
            missing = "MODEL" if settings.embedding_url else "URL"
            raise ConfigurationError(
                f"STOREKEEPER_EMBEDDING_{missing} is not set.",
                hint="An embedding service needs both its URL and the name of a model.",
            )
        given = _split(settings.embedding_url.get_secret_value().strip())
        version = settings.embedding_api_version
        if query := parse_qs(given.query, keep_blank_values=True):
            if query.keys() != {"api-version"}:
                raise _not_a_url("has a query")
            version = version or query["api-version"][-1]
        url = (
            f"{given.scheme}://{given.netloc}{_path(given.path, settings.embedding_model, version)}"
        )
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # or a small answer becomes a huge one
            "Content-Type": "application/json",
        }
        if settings.embedding_api_key is not None:
            key = settings.embedding_api_key.get_secret_value().strip()
            if not re.fullmatch(r"[!-~]+", key):
                raise ConfigurationError(
                    "STOREKEEPER_EMBEDDING_API_KEY holds what no key holds.", hint=KEY_HINT
                )
            headers |= {"api-key": key} if version else {"Authorization": f"Bearer {key}"}
        return cls(
            url + (f"?api-version={quote(version, safe='')}" if version else ""),
            settings.embedding_model,
            settings.embedding_dimension,
            settings.embedding_encoding,
            headers,
        )

    @property
    def host(self) -> str:
        """The part of the address that is shown."""
        return urlsplit(self.url).netloc

    @property
    def tells_key_in_clear(self) -> bool:
        parts = urlsplit(self.url)
        has_key = self.headers.keys() & {"Authorization", "api-key"}
        return bool(has_key) and parts.scheme == "http" and parts.hostname not in LOOPBACK

    def body(self, texts: Sequence[str]) -> bytes:
        asked: dict[str, Any] = {"model": self.model, "input": list(texts)}
        if self.dimension is not None:
            asked["dimensions"] = self.dimension
        if self.encoding != "float":
            asked["encoding_format"] = self.encoding
        return json.dumps(asked).encode()

    def longest_answer(self, count: int) -> int:
        """Bytes that an answer for so many texts may have."""
        return min(2**20 + count * A_VECTOR, LONGEST_ANSWER)

    def read(self, body: bytes | bytearray, count: int) -> list[array[float]]:
        """The vectors of an answer, in the order of the texts."""
        try:
            items = from_json(body)["data"]
            found = {item["index"]: _vector(item["embedding"]) for item in items}
        except (ValueError, LookupError, TypeError, OverflowError):
            raise self.garbage("is no list of vectors") from None
        if len(items) != count or found.keys() != set(range(count)):
            raise self.garbage(f"has {len(items)} vectors for {count} texts, or not one for each")
        vectors = [found[index] for index in range(count)]
        dimension = self.dimension or len(vectors[0])
        for vector in vectors:
            if len(vector) != dimension or not vector:
                raise ConfigurationError(
                    f"{self.host} gives vectors of {len(vector)} numbers, not {dimension}.",
                    hint=DIMENSION_HINT,
                )
            # One text makes a model stumble, and the others of its batch don't.
            if not any(vector) or not all(map(math.isfinite, vector)):
                raise ValidationError(
                    f"{self.host} finds no meaning in a text: its vector is of zeros, or of no numbers.",
                    hint="Say it in other words.",
                )
        return vectors

    def garbage(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"The answer of {self.host} {what}.", hint=ANSWER_HINT)

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> MCPError:
        """What an answer other than 200 means."""
        code = self._code(body)
        said = f"{self.host} answers {status}{f' ({code})' if code else ''}"
        if status >= 500 or status in {408, 424, 425, 429}:  # 424: TEI, when its model fails
            return UnavailableError(
                f"{said}.",
                hint="Its limit or quota is used up; later it may answer."
                if status == 429
                else "Try again later.",
                retry_after=retry_after(headers),
            )
        if 300 <= status < 400:
            return ConfigurationError(f"{said}: it is somewhere else.", hint=URL_HINT)
        if status in {400, 413, 422}:
            return ValidationError(f"{said}: it refuses a text.", hint=TEXT_HINT)
        return ConfigurationError(
            f"{said}: it refuses to embed.", hint=KEY_HINT if status in {401, 403} else MODEL_HINT
        )

    def _code(self, body: bytes) -> str | None:
        """The word by which the service names its error; its sentence quotes keys and texts."""
        try:
            said = from_json(body)
            error = (
                said["error"] if isinstance(said.get("error"), dict) else said
            )  # as vLLM and TEI
            codes = [str(error[name]) for name in ("code", "type", "error_type") if error.get(name)]
        except (ValueError, AttributeError):
            return None
        secret = self.headers.get("api-key", self.headers.get("Authorization", "")).split(" ")[-1]
        return next(
            (
                code
                for code in codes
                if CODE.fullmatch(code) and not (secret and (code in secret or secret in code))
            ),
            None,
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds for which the service asks to be left alone. The names in headers are of any case."""
    said = {name.lower(): value.strip() for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(said[name]) / unit
        except (LookupError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(said["retry-after"])
    except (LookupError, ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def _vector(given: Any) -> array[float]:
    """Numbers as a list, or as base64 of little-endian floats of four bytes."""
    if isinstance(given, str):
        vector = array("f")
        vector.frombytes(base64.b64decode(given, validate=True))
        if sys.byteorder == "big":
            vector.byteswap()
        return vector
    if not isinstance(given, list):
        raise TypeError
    # What is no number is null in JSON.
    return array("f", (math.nan if n is None else n for n in given) if None in given else given)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (fails where it is no number)
    except ValueError:
        raise _not_a_url("is none") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(
            "STOREKEEPER_EMBEDDING_URL holds a user or a password.",
            hint="Take them out; a key goes into STOREKEEPER_EMBEDDING_API_KEY.",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _not_a_url("begins with neither http:// nor https://")
    if not re.fullmatch(r"[!-~]+", url) or parts.fragment:
        raise _not_a_url("holds what no address of a service holds")
    return parts


def _not_a_url(why: str) -> ConfigurationError:
    return ConfigurationError(f"STOREKEEPER_EMBEDDING_URL {why}.", hint=URL_HINT)


def _path(given: str, model: str, version: str | None) -> str:
    """The path that is asked: a whole one as it is, else what belongs behind a base."""
    path = given.rstrip("/")
    if path.endswith("/embeddings"):
        return path
    # Azure's newer form of address, /openai/v1, names the deployment as everybody names the model.
    if version and "/deployments/" not in path and not path.endswith("/openai/v1"):
        path = f"{path.removesuffix('/openai')}/openai/deployments/{quote(model, safe='')}"
    return f"{path or '/v1'}/embeddings"
