"""Vectors from an embedding service: in batches, with patience for bulk work and little of it for a query.

Imported only where a service is configured. Nothing of the environment but SSL_CERT_FILE and SSL_CERT_DIR
counts for the connection: proxies are named by a setting, or there are none. Redirects are refused, since
they would take key and texts elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version

import httpx2

from storekeeper.circuit import Circuit
from storekeeper.delays import delays
from storekeeper.embedding_service import DIMENSION_HINT, URL_HINT, Service
from storekeeper.errors import ConfigurationError, MCPError, UnavailableError, ValidationError
from storekeeper.settings import Settings

log = logging.getLogger("storekeeper.embedder")

TRIES, QUERY_TRIES = 5, 2  # of one request
FIRST, LONGEST = 0.2, 10.0  # seconds between two of them, where the service names no time
IN_ALL = 4  # times the timeout of one request that all tries of it get
CONNECTIONS = 8  # and requests that may wait for their turn at once
ERROR_READ = 10_000  # bytes of an error that are looked at
QUERIES = 1000  # whose vectors are kept
PROBE = "storekeeper"  # the text by which a service that was down is tried


class Embedder:
    """A client of one service and one model. `async with` closes its connections."""

    def __init__(
        self,
        service: Service,
        *,
        timeout: float = 30,
        query_timeout: float = 2,
        batch: int = 32,
        rate: float | None = None,
        proxy: str | None = None,
    ) -> None:
        self.service = service
        self.batch = batch
        self._timeout, self._query_timeout = timeout, query_timeout
        self._pause = 60 / rate if rate else 0.0
        self._next_turn = 0.0
        self._dimension = service.dimension
        self._queries: OrderedDict[tuple[str, str], array[float]] = OrderedDict()
        self.failure: ConfigurationError | None = None  # of the last request, if it will last
        self.circuit = Circuit(self._probe, UnavailableError, subject="embedding service")
        try:
            trusted = httpx2.create_ssl_context()
        except OSError:
            raise ConfigurationError(
                "The certificates of the authorities can't be read.",
                hint="SSL_CERT_FILE names a file of them, and SSL_CERT_DIR a folder; or unset both.",
            ) from None
        try:
            self._client = httpx2.AsyncClient(
                verify=trusted,
                headers={**service.headers, "User-Agent": f"storekeeper/{version('storekeeper')}"},
                timeout=httpx2.Timeout(None),  # every request runs under one of ours
                limits=httpx2.Limits(max_connections=CONNECTIONS),
                proxy=proxy,
                trust_env=False,
                follow_redirects=False,
            )
            httpx2.URL(service.url)
        except (httpx2.InvalidURL, ValueError, TypeError, ImportError):  # may quote a password
            raise ConfigurationError(
                "STOREKEEPER_EMBEDDING_URL or STOREKEEPER_EMBEDDING_PROXY is no address.",
                hint=f"{URL_HINT} A proxy: http://user:password@host:port",
            ) from None

    @classmethod
    def of(cls, settings: Settings) -> Embedder:
        service = Service.of(settings)
        if service.tells_key_in_clear:
            log.warning("the key of %s goes through the network in clear: use https", service.host)
        proxy = settings.embedding_proxy
        return cls(
            service,
            timeout=settings.embedding_timeout,
            query_timeout=settings.embedding_query_timeout,
            batch=settings.embedding_batch,
            rate=settings.embedding_rate,
            proxy=proxy.get_secret_value() if proxy else None,
        )

    async def __aenter__(self) -> Embedder:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.circuit.close()
        await self._client.aclose()

    @property
    def in_all(self) -> float:
        """Seconds by which a batch of `embed` is done, or has failed."""
        return self._timeout * IN_ALL + self._pause * CONNECTIONS

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text. Takes the time that retries and the rate ask for.

        UnavailableError: later it may go. ValidationError: a text is at fault. ConfigurationError: neither.
        """
        for text in texts:
            _check(text)
        vectors: list[list[float]] = []
        for start in range(0, len(texts), self.batch):
            await asyncio.sleep(self._turn())
            some = texts[start : start + self.batch]
            found = await self._ask(some, self._timeout * IN_ALL, TRIES)
            vectors += [vector.tolist() for vector in found]
        return vectors

    async def answers(self) -> bool:
        """Whether there is a vector to be had of a text that nobody finds fault with."""
        self._turn()
        try:
            await self._ask([PROBE], self._query_timeout, 1)
        except MCPError:
            return False
        return True

    async def embed_query(self, text: str) -> list[float]:
        """A query's vector, soon or not at all; while the service is down, an error at once."""
        _check(text)
        key = (self.service.model, text)
        if key in self._queries:
            self._queries.move_to_end(key)
        else:
            await self.circuit.check()
            self._turn()
            (self._queries[key],) = await self._ask([text], self._query_timeout, QUERY_TRIES)
            while len(self._queries) > QUERIES:
                self._queries.popitem(last=False)
        return self._queries[key].tolist()

    def _turn(self) -> float:
        """Takes the next turn that the rate allows, and tells in how many seconds it is.

        Queries, and further tries, don't wait for theirs; yet they take one.
        """
        now = time.monotonic()
        turn = max(self._next_turn, now)
        self._next_turn = turn + self._pause
        return turn - now

    async def _ask(self, texts: Sequence[str], within: float, tries: int) -> list[array[float]]:
        """The answer, after some tries, in so many seconds at most."""
        deadline = time.monotonic() + within
        waits = delays(FIRST, LONGEST)
        tried = 0
        while True:
            try:
                vectors = await self._try(texts, min(self._timeout, deadline - time.monotonic()))
            except UnavailableError as failure:
                tried += 1
                wait = next(waits) + (failure.retry_after or 0)
                if tried == tries or time.monotonic() + wait >= deadline:
                    self.circuit.failed()
                    failure.retries = tried - 1
                    raise
            except ConfigurationError as failure:
                self.failure = failure
                raise
            else:
                self.circuit.succeeded()
                self.failure = None
                return vectors
            await asyncio.sleep(wait)
            self._turn()

    async def _try(self, texts: Sequence[str], patience: float) -> list[array[float]]:
        """One request; every failure of it is an error of ours, without the cause, which may quote."""
        service = self.service
        try:
            async with asyncio.timeout(patience):
                body = await self._post(texts)
        except TimeoutError:
            raise UnavailableError(
                f"{service.host} does not answer within {patience:.3g} s.",
                hint="Try again later; STOREKEEPER_EMBEDDING_TIMEOUT is what a batch gets, and "
                "STOREKEEPER_EMBEDDING_BATCH how many texts that is.",
            ) from None
        except httpx2.HTTPError as failure:
            if _is_about_trust(failure):
                raise ConfigurationError(
                    f"The certificate of {service.host} is not to be trusted.",
                    hint="SSL_CERT_FILE names a file with the certificates of your own authorities.",
                ) from None
            raise UnavailableError(
                f"{service.host} can't be reached, or breaks off ({type(failure).__name__}).",
                hint=f"Check that it runs. {URL_HINT}",
            ) from None
        vectors = service.read(body, len(texts))
        if self._dimension not in {None, len(vectors[0])}:
            raise ConfigurationError(
                f"{service.host} gives vectors of {len(vectors[0])} numbers, not {self._dimension}.",
                hint=DIMENSION_HINT,
            )
        self._dimension = len(vectors[0])
        return vectors

    async def _post(self, texts: Sequence[str]) -> bytearray:
        service = self.service
        longest = service.longest_answer(len(texts))
        body = bytearray()
        content = service.body(texts)
        async with self._client.stream("POST", service.url, content=content) as answer:
            good = answer.status_code == 200
            async for piece in answer.aiter_raw():
                body += piece
                if not good and len(body) > ERROR_READ:
                    break
                if len(body) > longest:
                    raise service.garbage(f"has more than {longest} bytes")
            if not good:
                raise service.refusal(answer.status_code, answer.headers, bytes(body))
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise service.garbage("is compressed, which nobody asked for")
        return body

    async def _probe(self) -> None:
        """Fails while the service is down. One that refuses is not."""
        self._turn()
        with suppress(ConfigurationError, ValidationError):
            await self._try([PROBE], self._query_timeout)


def _check(text: str) -> None:
    if not text.strip():
        raise ValidationError("There is no text to embed.", hint="Give some words.")


def _is_about_trust(failure: BaseException) -> bool:
    """Whether TLS failed for a reason that trying again does not mend."""
    while failure.__cause__ or failure.__context__:
        failure = failure.__cause__ or failure.__context__  # type: ignore[assignment]
        if isinstance(failure, ssl.SSLCertVerificationError):
            return True
    return False
