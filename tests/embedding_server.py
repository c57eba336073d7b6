"""An embedding service of a test's own: it speaks OpenAI's API over HTTP, and fails as it is told."""

from __future__ import annotations

import base64
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

KEY = "sk-hunter2-of-the-service"
MODEL = "test-model"
DIMENSION = 8


def vector_of(text: str, model: str = MODEL, dimension: int = DIMENSION) -> list[float]:
    """The same vector for the same text and model, and as good as never for another; exact in four bytes."""
    dice = random.Random(f"{model} {text}")
    return [dice.randint(-1000, 1000) / 1024 for _ in range(dimension)]


@dataclass
class Asked:
    """A request as the service got it."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)

    @property
    def texts(self) -> list[str]:
        return list(self.body["input"])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> EmbeddingServer:
        return cast("_Server", self.server).service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        with self.service.lock:
            self.service.asked.append(asked)
            fault = self.service.faults.popleft() if self.service.faults else self.service.always
        if fault is not None:
            fault(self, asked)
        elif self.service.key and f"Bearer {self.service.key}" != asked.headers.get(
            "authorization"
        ):
            self.say(401, {"error": {"code": "invalid_api_key", "message": "Incorrect key"}})
        else:
            self.answer(asked)

    def answer(self, asked: Asked, **changed: Any) -> None:
        self.say(200, self.good(asked) | changed)

    def good(self, asked: Asked) -> dict[str, Any]:
        dimension = asked.body.get("dimensions", self.service.dimension)
        found: list[Any] = [vector_of(t, asked.body["model"], dimension) for t in asked.texts]
        if asked.body.get("encoding_format") == "base64":
            found = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in found]
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(found)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "data": data, "model": asked.body["model"], "usage": usage}

    def say(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.begin(status, len(text), headers)
        self.wfile.write(text)

    def begin(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def reset(self) -> None:
        """Breaks the connection as a crash would."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


Fault = Callable[[Handler, Asked], None]


def status(code: int, headers: dict[str, str] | None = None, body: Any = None) -> Fault:
    return lambda handler, _: handler.say(code, body or {"error": {}}, headers)


def says(text: bytes) -> Fault:
    return lambda handler, _: handler.say(200, text)


def slow(seconds: float) -> Fault:
    def fault(handler: Handler, asked: Asked) -> None:
        handler.service.ended.wait(seconds)
        handler.answer(asked)

    return fault


def reset(handler: Handler, _: Asked) -> None:
    handler.reset()


def reset_in_the_body(handler: Handler, asked: Asked) -> None:
    text = json.dumps(handler.good(asked)).encode()
    handler.begin(200, len(text))
    handler.wfile.write(text[: len(text) // 2])
    handler.reset()


def truncated(handler: Handler, asked: Asked) -> None:
    text = json.dumps(handler.good(asked)).encode()
    handler.begin(200, len(text))
    handler.wfile.write(text[:-10])
    handler.close_connection = True


def drips(handler: Handler, _: Asked) -> None:
    """A byte now and then, so that no read ever waits for long."""
    handler.begin(200, 10_000)
    while not handler.service.ended.wait(0.02):
        try:
            handler.wfile.write(b" ")
        except OSError:
            return


def huge(handler: Handler, _: Asked) -> None:
    handler.begin(200, 2**40)
    try:
        while not handler.service.ended.is_set():
            handler.wfile.write(b" " * 2**20)
    except OSError:
        handler.close_connection = True


class EmbeddingServer:
    """The service. `faults` come one a request, in order; then it answers well, or `always` does."""

    def __init__(self, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.key: str | None = None
        self.dimension = DIMENSION
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", port), Handler)
        self._server.service = self
        self.port: int = self._server.server_address[1]
        self.scheme = "http"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def texts(self) -> list[str]:
        """All that was asked, in order."""
        return [text for asked in self.asked for text in asked.texts]

    def secure(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https"

    def fail(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    service: EmbeddingServer

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is no news."""


@contextmanager
def embedding_server(faults: Sequence[Fault] = ()) -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    server.fail(*faults)
    server.start()
    try:
        yield server
    finally:
        server.stop()
