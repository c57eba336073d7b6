"""A PostgreSQL server that may be killed: on TCP, with a password, its files in a folder of its own."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from conftest import Server
from storekeeper.embedded import Embedded
from wire import eventually

HOST = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000)  # no outgoing connection has such a port while we are down
OPTIONS = {
    "listen_addresses": HOST,
    "fsync": "off",  # the machine is not killed
    "deadlock_timeout": "100ms",
    "max_connections": "60",
    "autovacuum": "off",
    "wal_level": "replica",
    "hot_standby": "on",
}
# Only the server's own login has a password; the tests are superuser.
LOGINS = """
local all         postgres                         trust
host  all         postgres            127.0.0.1/32 trust
local replication postgres                         trust
host  replication postgres            127.0.0.1/32 trust
local all         all                              scram-sha-256
host  all         all                 127.0.0.1/32 scram-sha-256
"""


class Cluster:
    """Our own child, unlike the embedded server, which belongs to everybody who uses it."""

    def __init__(self, home: Path, version: int) -> None:
        self._embedded = Embedded(home, version)  # its programs, and the account they run as
        self._embedded._make_home()
        self._binaries = self._embedded._binaries()
        self.data = self._embedded.data
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def server(self) -> Server:
        return Server(self.conninfo(), str(self._embedded.bin / "psql"))

    def conninfo(self, user: str = "postgres", dbname: str = "postgres") -> str:
        return make_conninfo(host=HOST, port=self.port, user=user, dbname=dbname)

    def make(self) -> None:
        self._embedded._initdb(self._binaries)
        (self.data / "pg_hba.conf").write_text(LOGINS)

    def copy_to(self, other: Cluster) -> None:
        """Of a server that is stopped."""
        subprocess.run(["cp", "-a", str(self.data), str(other.data)], check=True, timeout=60)

    def clone_to(self, other: Cluster) -> None:
        """As a standby of this one, which runs."""
        other.data.mkdir(0o700)
        other.give(other.data)
        done = self._embedded._run(
            str(self._binaries / "pg_basebackup"),
            *("-d", self.conninfo(), "-D", str(other.data), "-R", "-X", "stream", "-c", "fast"),
        )
        assert done.returncode == 0, done.stderr

    def give(self, path: Path) -> None:
        """To the account that PostgreSQL runs as."""
        self._embedded._give(path)

    def start(self) -> None:
        self.launch()
        eventually(lambda: self.accepts(), 60)

    def launch(self) -> None:
        """Does not wait until it answers."""
        assert self.process is None
        given = [f"{name}={value}" for name, value in OPTIONS.items()]
        options = [part for setting in given for part in ("-c", setting)]
        options += ["-D", str(self.data), "-k", str(self.data), "-p", str(self.port)]
        with (self.data.parent / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._binaries / "postgres"), *options],
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
                user=self._embedded._uid,
                group=self._embedded._gid,
                extra_groups=None if self._embedded._uid is None else [],
            )

    def accepts(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log_text()
        question = make_conninfo(self.conninfo(), connect_timeout=2)
        return PGconn.ping(question.encode()) == Ping.OK

    def recoveries(self) -> int:
        """How often it has begun anew because one of its processes was killed."""
        return self.log_text().count("all server processes terminated; reinitializing")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast, SIGQUIT: immediate, which leaves it to crash recovery."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """All its processes at once, as a machine that loses its power."""
        assert self.process
        postmaster = psutil.Process(self.process.pid)
        with suppress(psutil.Error):
            postmaster.suspend()  # or it starts new ones meanwhile
        family = [*postmaster.children(), postmaster]
        for member in family:
            with suppress(psutil.Error):
                member.kill()
        self.process.wait(30)
        psutil.wait_procs(family, 30)
        self.process = None

    def restart(self, how: signal.Signals = signal.SIGQUIT) -> None:
        self.stop(how)
        self.start()

    def promote(self) -> None:
        done = self._embedded._run(
            str(self._binaries / "pg_ctl"), "promote", "-D", str(self.data), "-w", "-t", "30"
        )
        assert done.returncode == 0, done.stderr

    def log_text(self) -> str:
        return (self.data.parent / "log").read_text(errors="replace")


@contextmanager
def cluster(version: int) -> Iterator[Cluster]:
    """Without files as yet, and gone afterwards."""
    # Not pytest's own folder: as root, PostgreSQL runs as an account that may not enter it.
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    home.chmod(0o711)
    made = None
    try:
        made = Cluster(home, version)
        yield made
    finally:
        if made and made.process:
            made.kill()
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
