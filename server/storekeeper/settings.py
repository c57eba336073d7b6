"""Settings: STOREKEEPER_* in the environment. The connection itself may be libpq's PG* variables."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from storekeeper.errors import ConfigurationError

LIBPQ_NAMES_A_SERVER = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE")


def default_home() -> Path:
    """The user's data folder; root's is outside /root, which the server's account can't enter."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/storekeeper")
    return platformdirs.user_data_path("storekeeper")


class Settings(BaseSettings):
    """Every setting with its default; times in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="STOREKEEPER_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr | None = None  # libpq URL or conninfo; PG* variables do as well
    principal: str | None = None  # id or e-mail of the person whom this process serves
    assertion_key: SecretStr | None = None  # hex; default: the file home/assertion.key
    home: Path = Field(default_factory=default_home)
    embedded_version: int = 18
    sql: Path | None = None  # the folder with gateway/ and retail/; default: ./sql beside yoyo.ini

    pool_min_size: Annotated[int, Field(ge=0)] = 2
    pool_max_size: Annotated[int, Field(ge=1)] = 10
    pool_max_lifetime: float = 300
    pool_timeout: float = 10  # how long a call waits for a connection
    prepare_threshold: int | None = 5  # -1 or less: never prepare (PgBouncer older than 1.21)

    statement_timeout: float = 30
    lock_timeout: float = 5
    idle_in_transaction_session_timeout: float = 60
    work_mem: str = "4MB"
    random_page_cost: float = 1.1  # PostgreSQL's own 4.0 is for spinning disks
    retries: Annotated[int, Field(ge=0)] = 3
    max_calls_per_person: Annotated[int, Field(ge=1)] = 10  # at once; in all, the pool's size
    max_waiting: Annotated[int, Field(ge=0)] = 100  # calls that wait for a place
    shutdown_grace: Annotated[float, Field(ge=0)] = 1  # for calls that run when the end comes
    max_rows: Annotated[int, Field(ge=1)] = 1000
    max_bytes: Annotated[int, Field(ge=1)] = 1_048_576  # of a result's JSON

    cache_url: SecretStr | None = None  # memory://, off, or the URL of a Redis; default: memory://
    cache_max_entries: Annotated[int, Field(ge=1)] = 1000  # in memory
    cache_max_bytes: Annotated[int, Field(ge=1)] = 33_554_432

    embedding_url: SecretStr | None = (
        None  # an OpenAI-compatible service; default: the built-in model
    )
    embedding_model: str | None = None  # its name; in Azure, the deployment's
    embedding_dimension: Annotated[int, Field(ge=1, le=16_000)] | None = (
        None  # asked of the service
    )
    embedding_encoding: Literal["float", "base64"] = "float"  # asked of it; both are understood
    embedding_api_key: SecretStr | None = None
    embedding_api_version: str | None = None  # of Azure OpenAI
    embedding_proxy: SecretStr | None = None  # the environment's proxies don't count
    embedding_timeout: Annotated[float, Field(gt=0, le=3600)] = 30  # of one request for products
    embedding_query_timeout: Annotated[float, Field(gt=0, le=3600)] = 2  # then words alone
    embedding_batch: Annotated[int, Field(ge=1, le=2048)] = 32  # texts a request
    embedding_rate: Annotated[float, Field(gt=0)] | None = None  # requests a minute

    statsd_host: str = "127.0.0.1"
    statsd_port: int = 8125
    slow_call: float = 1  # from which on the log warns of a call
    slow_plans: bool = False  # whether the record keeps the plans of slow calls
    log_level: str | None = None  # default: INFO when serving, ERROR otherwise

    @classmethod
    def read(cls, **given: object) -> Settings:
        """The settings, or a ConfigurationError that names the variable at fault (never its value)."""
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as invalid:
            problems = [
                f"STOREKEEPER_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}"
                for e in invalid.errors()
            ]
            raise ConfigurationError(
                "; ".join(problems), hint="Correct the environment variable."
            ) from None

    @property
    def names_a_server(self) -> bool:
        """Whether a PostgreSQL server is named; otherwise the embedded one is used."""
        return self.database_url is not None or any(os.environ.get(v) for v in LIBPQ_NAMES_A_SERVER)

    @property
    def prepare_after(self) -> int | None:
        """psycopg's prepare_threshold."""
        threshold = self.prepare_threshold
        return None if threshold is not None and threshold < 0 else threshold

    def session_conninfo(self, conninfo: str) -> str:
        """The conninfo with what holds for each session of the server."""
        milliseconds = {
            "statement_timeout": self.statement_timeout,
            "lock_timeout": self.lock_timeout,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_session_timeout,
        }
        session = {
            "jit": "off",
            "work_mem": self.work_mem,
            "random_page_cost": self.random_page_cost,
            "timezone": "UTC",
            "synchronize_seqscans": "off",  # or the order of rows tells where others are reading
            "intervalstyle": "iso_8601",
            "client_connection_check_interval": "2s",
            **{name: f"{round(seconds * 1000)}ms" for name, seconds in milliseconds.items()},
        }
        options = [
            str(conninfo_to_dict(conninfo).get("options") or ""),
            *(f"-c {name}={value}" for name, value in session.items()),
        ]
        given = conninfo_to_dict(conninfo)
        # A host that has gone without a word is noticed in 15 seconds.
        network = {
            "connect_timeout": "5",
            "keepalives_idle": "5",
            "keepalives_interval": "5",
            "keepalives_count": "2",
            "tcp_user_timeout": "15000",
        }
        return make_conninfo(
            make_conninfo(conninfo, **{n: v for n, v in network.items() if n not in given}),
            application_name="storekeeper",
            client_encoding="utf8",
            options=" ".join(options).strip(),
        )

    @property
    def assertion_key_file(self) -> Path:
        return self.home / "assertion.key"

    def read_assertion_key(self) -> bytes:
        """The key by which this server proves whom it speaks for; 32 to 64 bytes."""
        if self.assertion_key is not None:
            text = self.assertion_key.get_secret_value()
        else:
            try:
                text = self.assertion_key_file.read_text()
            except OSError as failure:
                raise ConfigurationError(
                    f"No assertion key: {self.assertion_key_file} can't be read ({failure.strerror}).",
                    hint="Run storekeeper init as the DBA on this machine, or set STOREKEEPER_ASSERTION_KEY "
                    "to the key that the database knows.",
                ) from None
        try:
            return bytes.fromhex(text.strip())
        except ValueError:
            raise ConfigurationError(
                "The assertion key is not hexadecimal.",
                hint="Use 64 hexadecimal digits: openssl rand -hex 32",
            ) from None

    def make_assertion_key(self) -> bytes:
        """The assertion key; made first, readable by this user alone, where there is none."""
        if self.assertion_key is None and not self.assertion_key_file.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            # Whole or not there at all, and never over another process's: two may start at once.
            descriptor, name = tempfile.mkstemp(dir=self.home)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
            with suppress(FileExistsError):
                os.link(name, self.assertion_key_file)
            Path(name).unlink()
        return self.read_assertion_key()
