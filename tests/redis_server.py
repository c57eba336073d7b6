"""A Redis of a test's own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

PASSWORD = "hunter2-of-redis"
PATIENCE = 20  # seconds for a process to start or end, on a machine that is busy
REDIS_SERVER = shutil.which("redis-server")


@contextmanager
def own_redis() -> Iterator[RedisServer]:
    """A server that runs; where Redis is not installed, the test is skipped."""
    if REDIS_SERVER is None:
        pytest.skip("redis-server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="storekeeper-redis-"))  # a socket's path must be short
    server = RedisServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


class RedisServer:
    """A redis-server at a socket in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://:{PASSWORD}@{self._socket}"

    @property
    def client(self) -> Redis:
        return Redis(unix_socket_path=str(self._socket), password=PASSWORD)

    def start(self, *options: str) -> None:
        assert REDIS_SERVER
        self._process = subprocess.Popen(
            [
                *(REDIS_SERVER, "--port", "0", "--unixsocket", str(self._socket)),
                *("--save", "", "--appendonly", "no", "--requirepass", PASSWORD),
                *("--dir", str(self._folder), *options),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self.client as client:
                    client.ping()
            except (RedisError, OSError):
                assert time.monotonic() < deadline
                assert self._process.poll() is None
                time.sleep(0.02)
            else:
                return

    def send(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def names(self) -> set[str]:
        with self.client as client:
            found: list[bytes] = client.keys("*")
        return {name.decode() for name in found}
