"""JSON-RPC over the pipes of a real `storekeeper serve`, for what the SDK's client would not send."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

LEGACY = "legacy"
MODERN = "2026-07-28"
MODES = (LEGACY, MODERN)
PATIENCE = 20  # seconds for an answer, on a machine that is busy
META = "io.modelcontextprotocol/"

Message = dict[str, Any]


class Wire:
    """The process, what it has said on stdout, and on stderr."""

    def __init__(self, environment: dict[str, str], mode: str = LEGACY) -> None:
        self.mode = mode
        self.lines: list[bytes] = []  # all of stdout
        self.messages: list[Message] = []  # those that nobody has asked for yet
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._incoming: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._number = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "storekeeper", "serve"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.end()
        finally:
            self.process.kill()
            self.process.wait()
            self.stdout.close()
            self._errors.close()

    def end(self) -> int:
        """Closes stdin, waits, and holds every line that came to be JSON-RPC."""
        with suppress(BrokenPipeError):  # it is gone, and hears no more
            self.stdin.close()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for line in self.lines:
            assert json.loads(line)["jsonrpc"] == "2.0", line
        return code

    def write(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def send(self, method: str, params: Message | None = None, **more: Any) -> None:
        """A notification, or a request where `id` is given."""
        if self.mode == MODERN:
            params = {"_meta": self.meta(), **(params or {})}
        message = {"jsonrpc": "2.0", "method": method, **more}
        if params is not None:
            message["params"] = params
        self.write(json.dumps(message).encode() + b"\n")

    def meta(self) -> Message:
        """What a request of the newer protocol says in its _meta."""
        return {META + "protocolVersion": MODERN, META + "clientCapabilities": {}}

    def request(self, method: str, params: Message | None = None) -> int:
        self._number += 1
        self.send(method, params, id=self._number)
        return self._number

    def answer(self, number: int | str, patience: float = PATIENCE) -> Message:
        """The answer to a request of this id; what else comes meanwhile is kept."""
        deadline = time.monotonic() + patience
        while True:
            for message in self.messages:
                if message.get("id") == number:
                    self.messages.remove(message)
                    return message
            try:
                self.messages.append(self._take(deadline - time.monotonic()))
            except TimeoutError:
                raise TimeoutError(f"no answer to {number}: {self.messages}") from None
            except EOFError:
                raise EOFError(f"no answer to {number}; {self.log_text()}") from None

    def next(self, patience: float = PATIENCE) -> Message:
        """Whatever comes next; EOFError when the process has ended."""
        return self.messages.pop(0) if self.messages else self._take(patience)

    def _take(self, patience: float) -> Message:
        try:
            line = self._incoming.get(timeout=max(0, patience))
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            self._incoming.put(None)  # for who asks again
            raise EOFError
        message: Message = json.loads(line)
        return message

    def ask(self, method: str, params: Message | None = None) -> Message:
        return self.answer(self.request(method, params))

    def greet(self, version: str = "2025-11-25") -> Message:
        """The handshake of the older protocols; the result."""
        if self.mode == MODERN:
            discovered: Message = self.ask("server/discover")["result"]
            return discovered
        answer = self.ask(
            "initialize",
            {
                "protocolVersion": version,
                "capabilities": {},
                "clientInfo": {"name": "wire", "version": "1"},
            },
        )
        self.send("notifications/initialized")
        result: Message = answer["result"]
        return result

    def call(self, tool: str, **arguments: Any) -> Message:
        """A tool's result."""
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert "result" in answer, answer
        result: Message = answer["result"]
        return result

    def log_text(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def log(self) -> list[Message]:
        """stderr, every line of which is a JSON object. A call's line is written after its answer."""
        if self.process.poll() is None and not self.stdin.closed:
            self.ask("wire/settled")  # whatever the answer, it comes after those lines
        return [json.loads(line) for line in self.log_text().splitlines()]

    def calls(self) -> list[Message]:
        return [line for line in self.log() if line["logger"] == "storekeeper.call"]

    def _read(self) -> None:
        for line in self.stdout:
            self.lines.append(line)
            self._incoming.put(line)
        self._incoming.put(None)


def eventually(check: Any, patience: float = PATIENCE) -> Any:
    """What the check returns once it is true; fails when it never is."""
    deadline = time.monotonic() + patience
    while not (found := check()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return found
