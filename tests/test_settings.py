"""Settings: defaults, errors that name the variable but never its value, and which server is meant."""

from __future__ import annotations

import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import TESTS, storekeeper
from storekeeper.database import connect_to
from storekeeper.errors import ConfigurationError, MCPError
from storekeeper.gateway import Gateway
from storekeeper.settings import LIBPQ_NAMES_A_SERVER, Settings, default_home

PASSWORD = "hunter2-secret"
KEY = "5ec3e7" * 11
URL = f"postgresql://somebody:{PASSWORD}@db.example:5432/shop"

UNSET = {
    *("database_url", "cache_url", "principal", "assertion_key", "sql", "log_level"),
    *("embedding_url", "embedding_model", "embedding_dimension", "embedding_rate"),
    *("embedding_api_key", "embedding_api_version", "embedding_proxy"),
}


def documented() -> dict[str, str]:
    """Setting → default, from the README's table; `…_MAX_SIZE` there is short for a whole name."""
    table = re.findall(
        r"^\| (`STOREKEEPER_[^|]*) \| ([^|]*)\|",
        (TESTS.parent / "README.md").read_text(),
        re.MULTILINE,
    )
    found = {}
    for names, defaults in table:
        words = re.findall(r"`(?:STOREKEEPER_|…_)(\w+)`", names)
        values = defaults.strip().split(", ") if len(words) > 1 else [defaults.strip()]
        for word, value in zip(words, values, strict=True):
            known, word = list(Settings.model_fields), word.lower()
            (name,) = [word] if word in known else [n for n in known if n.endswith(f"_{word}")]
            found[name] = value
    return found


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("STOREKEEPER_", "PG")):
            monkeypatch.delenv(name)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """For processes: a home in which an embedded server would leave its files."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "COLUMNS": "200",
        "STOREKEEPER_HOME": str(tmp_path / "home"),
    }


def test_defaults_are_as_documented() -> None:
    settings = Settings.read()
    assert settings.home == default_home()
    assert settings.assertion_key_file == default_home() / "assertion.key"
    assert not settings.names_a_server
    defaults = settings.model_dump(exclude={"home"})
    assert {name for name, value in defaults.items() if value is None} == UNSET
    texts = {
        name: f"{value:g}" if isinstance(value, float | bool) else str(value)
        for name, value in defaults.items()
    }
    page = documented()
    assert page.keys() == Settings.model_fields.keys()
    for name in defaults.keys() - UNSET:
        assert page[name] == texts[name], name


def test_the_environment_and_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_MAX_ROWS", "7")
    monkeypatch.setenv("STOREKEEPER_PRINCIPAL", "seattle@zava.example")
    settings = Settings.read(principal=None)
    assert (settings.max_rows, settings.principal) == (7, "seattle@zava.example")
    assert Settings.read(principal="bellevue@zava.example").principal == "bellevue@zava.example"
    monkeypatch.setenv("MAX_ROWS", "8")
    assert Settings.read().max_rows == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POOL_MAX_SIZE", "many-secret"),
        ("POOL_MAX_SIZE", "0"),
        ("POOL_MIN_SIZE", "-1"),
        ("RETRIES", "-3"),
        ("MAX_ROWS", "0"),
        ("MAX_BYTES", "1.5e-secret"),
        ("STATEMENT_TIMEOUT", "soon-secret"),
        ("EMBEDDED_VERSION", "eighteen-secret"),
        ("STATSD_PORT", "port-secret"),
    ],
)
def test_a_wrong_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"STOREKEEPER_{name}", value)
    monkeypatch.setenv("STOREKEEPER_DATABASE_URL", URL)
    with pytest.raises(ConfigurationError) as caught:
        Settings.read()
    assert f"STOREKEEPER_{name}:" in caught.value.message
    assert caught.value.hint
    shown = json.dumps(caught.value.as_dict()) + repr(caught.value)
    assert "secret" not in shown
    # The chain of causes is what a traceback shows.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_MAX_ROWS", "x")
    monkeypatch.setenv("STOREKEEPER_RETRIES", "y")
    with pytest.raises(ConfigurationError, match=r"STOREKEEPER_RETRIES.*STOREKEEPER_MAX_ROWS"):
        Settings.read()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_DATABASE_URL", URL)
    monkeypatch.setenv("STOREKEEPER_ASSERTION_KEY", KEY)
    settings = Settings.read()
    assert settings.read_assertion_key() == bytes.fromhex(KEY)
    for shown in (
        repr(settings),
        str(settings),
        f"{settings.model_dump()}",
        settings.model_dump_json(),
    ):
        assert PASSWORD not in shown
        assert KEY not in shown
    gateway = Gateway(URL, settings, settings.read_assertion_key())
    assert PASSWORD not in repr(gateway)


def test_a_wrong_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREKEEPER_ASSERTION_KEY", KEY + "zz")
    with pytest.raises(ConfigurationError, match="not hexadecimal") as caught:
        Settings.read().read_assertion_key()
    assert "openssl rand -hex 32" in str(caught.value.hint)
    assert KEY not in json.dumps(caught.value.as_dict())
    assert caught.value.__suppress_context__


# Which server


@pytest.mark.parametrize("name", [*LIBPQ_NAMES_A_SERVER, "STOREKEEPER_DATABASE_URL"])
def test_a_variable_that_names_a_server(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "somewhere")
    assert Settings.read().names_a_server
    if name != "STOREKEEPER_DATABASE_URL":
        monkeypatch.setenv(name, "")
        assert not Settings.read().names_a_server


@pytest.mark.parametrize("name", ["PGUSER", "PGPASSWORD", "PGSSLMODE", "PGAPPNAME"])
def test_a_variable_that_names_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "something")
    assert not Settings.read().names_a_server


def test_a_named_server_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    with connect_to(Settings.read()) as database:
        assert (database.server, database.dba, database.embedded) == ("", "", False)
    monkeypatch.setenv("STOREKEEPER_DATABASE_URL", URL)
    with connect_to(Settings.read()) as database:
        assert database.server == database.dba == URL
        assert PASSWORD not in repr(Settings.read())


MALFORMED = [
    f"postgresql://somebody:{PASSWORD}@[::1/shop",
    f"mysql://somebody:{PASSWORD}@db.example/shop",
    f"host=db.example passwort={PASSWORD}",
    f"{PASSWORD}",
    f"postgresql://somebody:{PASSWORD}@db.example/shop?nonsense=1",
]


@pytest.mark.parametrize(
    ("url", "command"),
    [
        *((url, ["migrate"]) for url in MALFORMED),
        *((MALFORMED[0], [name]) for name in ("init", "status", "doctor", "people")),
        (MALFORMED[0], ["call", "who_am_i"]),
        (MALFORMED[0], ["serve"]),
    ],
)
def test_a_malformed_url_never_means_the_embedded_server(
    environment: dict[str, str], tmp_path: Path, url: str, command: list[str]
) -> None:
    run = storekeeper(
        *command, environment=environment | {"STOREKEEPER_DATABASE_URL": url}, timeout=20
    )
    assert run.returncode == 1
    assert "STOREKEEPER_DATABASE_URL" in run.stderr
    assert "hint: " in run.stderr
    assert "Traceback" not in run.stderr
    assert PASSWORD not in run.stdout + run.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"STOREKEEPER_DATABASE_URL": f"postgresql://somebody:{PASSWORD}@localhost:1/shop"},
        {"PGHOST": "/nowhere", "PGPASSWORD": PASSWORD},
        {"PGSERVICE": "no_such_service"},
    ],
    ids=["url", "PGHOST", "PGSERVICE"],
)
def test_a_server_that_does_not_answer(
    environment: dict[str, str], tmp_path: Path, variables: dict[str, str]
) -> None:
    run = storekeeper("migrate", environment=environment | variables, timeout=20)
    assert run.returncode == 1
    assert "No connection to the database" in run.stderr
    assert "hint: " in run.stderr
    assert "Traceback" not in run.stderr
    assert PASSWORD not in run.stdout + run.stderr
    assert not (tmp_path / "home").exists()


# The assertion key's file


def test_the_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path / "new" / "home")
    with pytest.raises(ConfigurationError, match="No assertion key") as caught:
        settings.read_assertion_key()
    assert "storekeeper init" in str(caught.value.hint)
    before = os.umask(0)
    try:
        key = settings.make_assertion_key()
    finally:
        os.umask(before)
    assert len(key) == 32
    assert stat.S_IMODE(settings.assertion_key_file.stat().st_mode) == 0o600
    assert settings.make_assertion_key() == settings.read_assertion_key() == key
    assert settings.assertion_key_file.read_text().strip() == key.hex()
    another = Settings.read(home=tmp_path / "another")
    assert another.make_assertion_key() != key


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path / "home")
    with ThreadPoolExecutor(8) as pool:
        keys = {
            made.result() for made in [pool.submit(settings.make_assertion_key) for _ in range(32)]
        }
    assert keys == {settings.read_assertion_key()}
    assert list(settings.home.iterdir()) == [settings.assertion_key_file]


def test_a_key_that_is_given_is_not_written(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path / "home", assertion_key=KEY)
    assert settings.make_assertion_key() == bytes.fromhex(KEY)
    assert not settings.home.exists()


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(MCPError) as caught:
        Settings.read(home=tmp_path / "home").read_assertion_key()
    assert "assertion.key" in caught.value.message
