"""A database full of canaries, servers that attackers talk to, and what must be the same afterwards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from attacks.corpus import ENDS, FREE_SQL, LOGIN, NO_ROWS, OWN_ROWS, READING, WRITING, Attack
from conftest import BELLEVUE, DEACTIVATED, PUGET_SOUND, SEATTLE, Target
from wire import PATIENCE, Message, Wire, eventually

AUDITOR = "auditor@zava.example"
PERSONS = {"store_managers": SEATTLE, "regional_managers": PUGET_SOUND, "head_office": AUDITOR}
VICTIM = BELLEVUE
VICTIM_STORE = "Zava Retail Bellevue"
BOMB_PATIENCE = 15  # seconds
BOMB_MEMORY = 3 * 2**30
ANSWER_BYTES = 4 * 2**20  # of all that is said for one request
ANSWER_ROWS = 1000
FIGURES = "(cost="  # of a plan: they count everybody's rows
ENDINGS = ("57014", "54", "53200", "53400", "SK429", "LIMIT_EXCEEDED", "QUERY_TIMEOUT")
WINDOW = 8  # bytes of a key that nobody shows by chance
FOREVER = "100000"  # seconds, so that no connection is renewed between two looks at it

# Tables and the column that says whose a row is. Servers write the record at any time: verify_calls
# looks after it.
CONTENTS = """
    SELECT n.nspname || '.' || c.relname AS name,
           (
               SELECT a.attname FROM pg_attribute AS a
               WHERE a.attrelid = c.oid
                 AND (a.attname = 'store_id' OR c.relname = 'answers' AND a.attname = 'principal_id')
           ) AS whose
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('retail', 'gateway', 'fixture')
      AND c.relname !~ '^(calls_.*|seals|watermarks|impersonations)$'
    ORDER BY 1
"""
SNAPSHOT = """
    SELECT jsonb_build_object(
        'last transaction', pg_snapshot_xmax(pg_current_snapshot())::text,
        'sequences', (SELECT jsonb_agg(s ORDER BY s.schemaname, s.sequencename) FROM pg_sequences AS s
            WHERE s.sequencename <> 'calls_entry_seq'),
        'large objects', (SELECT count(*) FROM pg_largeobject_metadata),
        'advisory locks', (
            SELECT jsonb_agg(jsonb_build_array(l.pid, l.classid, l.objid, l.mode)) FROM pg_locks AS l
            WHERE l.locktype = 'advisory' AND l.pid = ANY (%(backends)s)
        ),
        'exported snapshots', ARRAY(SELECT f FROM pg_ls_dir('pg_snapshots') AS f ORDER BY f),
        'replication slots', (SELECT jsonb_agg(s.slot_name) FROM pg_replication_slots AS s),
        'prepared transactions', (SELECT jsonb_agg(x.gid) FROM pg_prepared_xacts AS x),
        'data folder', ARRAY(SELECT f FROM pg_ls_dir('.') AS f WHERE f NOT LIKE 'pg_stat%%' ORDER BY f),
        'backends', (
            SELECT jsonb_agg(jsonb_build_array(
                a.pid, a.backend_start, a.usename, a.application_name) ORDER BY a.pid)
            FROM pg_stat_activity AS a WHERE a.pid = ANY (%(backends)s)
        ),
        'at work', (
            SELECT count(*) FROM pg_stat_activity AS a
            WHERE a.pid = ANY (%(backends)s) AND a.state <> 'idle'
        )
    )::text
"""
# Everything that DDL can change, without what maintenance changes.
CATALOGS = {
    "relations": "SELECT oid, relname, relnamespace, relowner, relkind, relacl, relrowsecurity, "
    "relforcerowsecurity, reloptions, relpersistence FROM pg_class",
    "columns": "SELECT attrelid, attname, atttypid, attacl FROM pg_attribute WHERE attrelid > 16000",
    "functions": "SELECT * FROM pg_proc",
    "schemas": "SELECT * FROM pg_namespace",
    "policies": "SELECT * FROM pg_policy",
    "operators": "SELECT * FROM pg_operator",
    "types": "SELECT oid, typname, typnamespace, typowner, typacl FROM pg_type",
    "casts": "SELECT * FROM pg_cast",
    "triggers": "SELECT * FROM pg_trigger",
    "event triggers": "SELECT * FROM pg_event_trigger",
    "languages": "SELECT * FROM pg_language",
    "extensions": "SELECT * FROM pg_extension",
    "roles": "SELECT * FROM pg_authid",
    "memberships": "SELECT * FROM pg_auth_members",
    "role settings": "SELECT * FROM pg_db_role_setting",
    "default rights": "SELECT * FROM pg_default_acl",
    "database": "SELECT datname, datacl, datdba FROM pg_database WHERE datname = current_database()",
    "subscriptions": "SELECT oid, subname FROM pg_subscription",
    "publications": "SELECT * FROM pg_publication",
    "comments": "SELECT * FROM pg_description WHERE objoid > 16000",
}


@dataclass(frozen=True)
class Outcome:
    """What came back for an attack."""

    raw: str  # everything that was said meanwhile: answers, notifications
    sqlstate: str | None = None  # of a failure, or its error code
    rows: list[Any] | None = None  # of a success
    seconds: float = 0

    def meets(self, expected: str) -> bool:
        if expected == OWN_ROWS:
            return self.rows is not None
        if expected == NO_ROWS:
            return self.rows == []
        if expected == ENDS:
            return self.rows is not None or (self.sqlstate or "").startswith(ENDINGS)
        return self.sqlstate == expected

    def __str__(self) -> str:
        return f"{self.sqlstate or 'an answer'}: {self.raw[:600]}"


@dataclass
class World:
    """The database, what nobody may learn, and what must stay as it is."""

    database: Target
    observer: psycopg.Connection[Any]
    canaries: dict[str, dict[str, Any]]  # by store name
    secrets: dict[str, str]  # the text → where it stands
    tables: list[tuple[str, str | None]]
    principal_ids: dict[str, str]  # by e-mail
    backends: list[int] = field(default_factory=list)  # that are looked after
    victim_pid: int = 0
    _contents: tuple[str, dict[str, Any]] = ("", {})

    def values(self, served: Served) -> dict[str, str]:
        """What the placeholders of a text stand for."""
        other, own = self.canaries[VICTIM_STORE], self.canaries[served.stores[0]]
        return {
            "other_store": str(other["store_id"]),
            "other_store_name": VICTIM_STORE,
            "other_customer": str(other["customer_id"]),
            "other_order": str(other["order_id"]),
            "other_email": f"canary-{other['mark']}@leak.example",
            "victim_pid": str(self.victim_pid),
            "own_pid": str(served.pid),
            "own_store": str(own["store_id"]),
            "own_customer": str(own["customer_id"]),
            "own_order": str(own["order_id"]),
            "own_store_name": served.stores[0],
            "sku": own["sku"],
            "scarce_sku": own["scarce_sku"],
            "other_key": other["key"],
            "other_principal_id": str(other["manager_id"]),
            "this_month": own["this_month"],
            "own_principal": served.principal,
            "other_principal": VICTIM,
            "own_assertion": self.assertion(served.principal),
            "stolen_assertion": self.assertion(VICTIM),
            "expired_assertion": self.assertion(VICTIM, lifetime=-10),
            "inactive_assertion": self.assertion(DEACTIVATED),
            "forged_assertion": self.assertion(VICTIM, key=bytes(32)),
        }

    def assertion(self, principal: str, lifetime: int = 600, key: bytes | None = None) -> str:
        claim = f"v1|{principal}|{int(time.time()) + lifetime}|{secrets.token_hex(8)}"
        key = bytes.fromhex(self.database.key) if key is None else key
        return f"{claim}|{hmac.digest(key, claim.encode(), hashlib.sha256).hex()}"

    def leaks(self, said: str, known: str, served: Served) -> list[str]:
        """Which secrets are in what was said, but for what the attacker said or may see."""
        return [
            f"leaked {secret!r}: {where}"
            for secret, where in self.secrets.items()
            if secret in said and secret not in known and secret not in served.own
        ]

    def look(self) -> dict[str, Any]:
        """What an attack must not change; contents by table and store."""
        seen: dict[str, Any] = eventually(self._snapshot)
        # Nothing is written without a transaction id, so contents are read only when one was given out.
        transaction = seen.pop("last transaction")
        if transaction != self._contents[0]:
            self._contents = transaction, self._read_contents()
        return seen | self._contents[1]

    def mend(self) -> None:
        """Undoes what an attack that is still open did to the server's roles."""
        for role in ("storekeeper_gateway", *PERSONS):
            self.observer.execute(f"ALTER ROLE {role} RESET ALL")
        if conninfo_to_dict(self.database.server.admin).get("password"):
            password = self.database.password
            self.observer.execute(f"ALTER ROLE storekeeper_gateway PASSWORD '{password}'")

    def _snapshot(self) -> dict[str, Any] | None:
        """None while a server is still at work: it reads the catalog anew when it is told to."""
        row = self.observer.execute(SNAPSHOT, {"backends": self.backends}).fetchone()
        assert row
        seen: dict[str, Any] = json.loads(row[0])
        return None if seen.pop("at work") else seen

    def _read_contents(self) -> dict[str, Any]:
        parts = [
            f"SELECT '{name}', {f'{whose}::text' if whose else 'NULL'},"
            f" count(*), sum(hashtextextended(t::text || t.xmin::text, 0))"
            f" FROM {name} AS t GROUP BY 2"
            for name, whose in self.tables
        ] + [
            f"SELECT '{name}', NULL, count(*), sum(hashtextextended(t::text, 0)) FROM ({query}) AS t"
            for name, query in CATALOGS.items()
        ]
        rows = self.observer.execute(" UNION ALL ".join(parts)).fetchall()
        return {f"{name} {store or ''}".strip(): facts for name, store, *facts in rows}


class Served:
    """A person's `storekeeper serve` with one connection, as an attacker uses it."""

    def __init__(self, world: World, principal: str, **settings: str) -> None:
        self.world = world
        self.principal = principal
        self._environment = world.database.environment(
            principal,
            **{
                "STOREKEEPER_POOL_MIN_SIZE": "1",
                "STOREKEEPER_POOL_MAX_SIZE": "1",
                "STOREKEEPER_POOL_MAX_LIFETIME": FOREVER,
                "STOREKEEPER_STATEMENT_TIMEOUT": "5",
                **settings,
            },
        )
        self.start()

    def start(self) -> None:
        self.wire = Wire(self._environment)
        self.wire.greet()
        self._logged = 0
        who = self.wire.call("who_am_i")["structuredContent"]
        self.who = who
        self.stores: list[str] = who["stores"]
        own = [self.world.canaries[name] for name in self.stores]
        self.own = json.dumps([who, *own], default=str)
        self.state = self.look()
        self.pid: int = self.state["backend"]
        self.world.backends.append(self.pid)

    def end(self) -> None:
        self.world.backends.remove(self.pid)
        self.wire.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def look(self) -> dict[str, Any]:
        """What the connection carries."""
        result = self.wire.call("session_state")
        assert not result["isError"], result
        state: dict[str, Any] = result["structuredContent"]
        # The call's own, which differ from one to the next: the second is what is left of the time.
        state["settings"].pop("storekeeper.context", None)
        left = int(state["settings"].pop("statement_timeout"))
        assert 0 < left <= 1000 * float(self._environment["STOREKEEPER_STATEMENT_TIMEOUT"]), left
        return state

    def send(self, attack: Attack, patience: float) -> Outcome:
        said = len(self.wire.lines)
        started = time.monotonic()
        if attack.through == LOGIN:
            outcome = self._as_login(attack.text)
        else:
            method, params = request_of(attack)
            answer = self.wire.answer(self.wire.request(method, params), patience)
            outcome = outcome_of(answer)
        seconds = time.monotonic() - started
        raw = outcome.raw + b"".join(self.wire.lines[said:]).decode() + self._news()
        return Outcome(raw, outcome.sqlstate, outcome.rows, seconds)

    def _as_login(self, text: str) -> Outcome:
        """As if SQL had become the server's own account."""
        with psycopg.connect(self.world.database.gateway, autocommit=True) as connection:
            try:
                cursor = connection.execute(text.encode())
                rows: list[Any] = []
                while True:
                    if cursor.description:
                        rows = cursor.fetchall()
                    if not cursor.nextset():
                        break
            except psycopg.Error as failure:
                return Outcome(str(failure), failure.sqlstate)
        # Functions that return nothing are no rows.
        rows = [row for row in rows if any(value not in (None, "") for value in row)]
        return Outcome(repr(rows), rows=rows)

    def _news(self) -> str:
        """What stderr has got since the last time. pread: the file's offset is the process' own."""
        file = self.wire._errors.fileno()
        data = os.pread(file, os.fstat(file).st_size - self._logged, self._logged)
        self._logged += len(data)
        return data.decode(errors="replace")


class Attackers(ExitStack):
    """One server for each role, and for bombs another, made when first asked for."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._servers: dict[tuple[str, bool], Served] = {}

    def server(self, role: str, bombs: bool = False) -> Served:
        if (role, bombs) not in self._servers:
            timeout = {"STOREKEEPER_STATEMENT_TIMEOUT": "1"} if bombs else {}
            served = Served(self._world, PERSONS[role], **timeout)
            self._servers[role, bombs] = self.enter_context(served)
        return self._servers[role, bombs]


def run(attack: Attack, served: Served, world: World) -> list[str]:
    """What went wrong when this was attacked; nothing, when every protection held."""
    attack = attack.filled(world.values(served))
    before = world.look()
    with watched_memory(served.pid) as memory:
        try:
            outcome = served.send(attack, BOMB_PATIENCE if attack.is_bomb else PATIENCE)
        except (TimeoutError, EOFError, BrokenPipeError) as failure:
            served.end()
            served.start()
            return [f"the server gave no answer: {failure}"]
    known = attack.text + attack.through
    faults = world.leaks(outcome.raw, known, served)
    if not any(outcome.meets(expected) for expected in attack.expected):
        faults.append(f"expected {', '.join(attack.expected)}, got {outcome}")
    if len(outcome.raw) > ANSWER_BYTES or len(outcome.rows or ()) > ANSWER_ROWS:
        faults.append(f"the answer has {len(outcome.raw)} bytes, {len(outcome.rows or ())} rows")
    if FIGURES in outcome.raw and FIGURES not in known:
        faults.append(f"the planner's figures show: {outcome}")
    if attack.is_bomb and memory.peak > BOMB_MEMORY:
        faults.append(f"the backend took {memory.peak / 2**30:.1f} GiB")
    after = world.look()
    if attack.is_bomb:  # what can't be interrupted may cost its own connection: see _left_behind
        for state in (before, after):
            state["backends"] = [b for b in state["backends"] if b[0] != served.pid]
    faults += _changes(before, after, _own_keys(served, world) if attack.writes else ())
    return faults + _left_behind(served, attack)


def _own_keys(served: Served, world: World) -> tuple[str, ...]:
    stores = (str(world.canaries[name]["store_id"]) for name in served.stores)
    return (*stores, world.principal_ids[served.principal])


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], own: tuple[str, ...] = ()
) -> list[str]:
    """own: the stores and the person whose rows may change."""
    return [
        f"{name} changed from {before.get(name)} to {after.get(name)}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name) and not (own and name.endswith(own))
    ]


def _left_behind(served: Served, attack: Attack) -> list[str]:
    """What the attack left on the connection; a bomb may have broken that."""
    try:
        state, before = served.look(), served.state
        who = served.wire.call("who_am_i")["structuredContent"]
    except (AssertionError, KeyError, TimeoutError, EOFError, BrokenPipeError) as failure:
        served.end()
        served.start()
        return [f"the next call fails: {failure}"]
    if attack.is_bomb and state["backend"] != served.pid:
        served.end()
        served.start()
        return []
    served.state = state
    faults = [f"left behind: {change}" for change in _changes(before, state)]
    if who != served.who:
        faults.append(f"the next call is {who}")
    return faults


@dataclass
class Memory:
    peak: int = 0


@contextmanager
def watched_memory(pid: int) -> Iterator[Memory]:
    """The most that a backend takes meanwhile, in bytes; 0 where that can't be read."""
    memory, done = Memory(), threading.Event()
    status = Path(f"/proc/{pid}/status")

    def watch() -> None:
        while not done.wait(0.02):
            try:
                lines = status.read_text().splitlines()
            except OSError:
                return
            memory.peak = max(
                memory.peak,
                *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")),
                0,
            )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        done.set()
        watcher.join()


def request_of(attack: Attack) -> tuple[str, Message]:
    """The MCP request that brings the attack in."""
    kind, _, rest = attack.through.partition(" ")
    if attack.through == FREE_SQL:
        arguments: Any = {"postgresql_query": attack.text}
        return "tools/call", {"name": "execute_sales_query", "arguments": arguments}
    if attack.through in (READING, WRITING):
        name = "buggy_read" if attack.through == READING else "buggy_write"
        return "tools/call", {"name": name, "arguments": {"argument": attack.text}}
    if kind == "resource":
        return "resources/read", {"uri": rest.replace("{attack}", quote(attack.text, safe=""))}
    name, _, given = rest.partition(" ")
    if kind == "completion":
        place = "uri" if "://" in name else "name"
        ref = {"type": "ref/resource" if place == "uri" else "ref/prompt", place: name}
        argument = {"name": given, "value": attack.text}
        return "completion/complete", {"ref": ref, "argument": argument}
    arguments = _put(json.loads(given or "{}"), attack.text)
    if kind == "prompt":
        return "prompts/get", {"name": name, "arguments": arguments}
    if kind == "tool":
        return "tools/call", {"name": name, "arguments": arguments}
    raise ValueError(f"{attack.name} goes through nothing known: {attack.through}")


def _put(value: Any, text: str) -> Any:
    """The text in place of {attack}, wherever that stands."""
    match value:
        case str():
            return value.replace("{attack}", text)
        case list():
            return [_put(item, text) for item in value]
        case dict():
            return {_put(key, text): _put(item, text) for key, item in value.items()}
        case _:
            return value


def outcome_of(answer: Message) -> Outcome:
    raw = json.dumps(answer)
    if "error" in answer:
        data = answer["error"].get("data") or {}
        return Outcome(raw, data.get("sqlstate") or data.get("error_code") or "PROTOCOL")
    result = answer["result"]
    if result.get("isError"):
        facts = result["_meta"]["storekeeper/error"]
        return Outcome(raw, facts.get("sqlstate") or facts["error_code"])
    if "structuredContent" in result:
        content = result["structuredContent"]
        return Outcome(raw, rows=content.get("rows", [content]))
    rows = result.get("contents") or result.get("messages") or result["completion"]["values"]
    return Outcome(raw, rows=rows)


@contextmanager
def world_of(database: Target) -> Iterator[World]:
    """The world of a database in which world.sql has run."""
    with psycopg.connect(database.dba, autocommit=True) as observer:
        observer.execute("SET enable_seqscan = on; SET max_parallel_workers_per_gather = 0")
        canaries = {
            row["name"]: row
            for (row,) in observer.execute("SELECT to_jsonb(c) FROM fixture.canaries AS c")
        }
        world = World(
            database=database,
            observer=observer,
            canaries=canaries,
            secrets=dict(_secrets(observer, canaries.values(), database.key)),
            tables=observer.execute(CONTENTS).fetchall(),
            principal_ids=dict(
                observer.execute(
                    "SELECT email, principal_id::text FROM gateway.principals"
                ).fetchall()
            ),
        )
        with Served(world, VICTIM) as victim:
            world.victim_pid = victim.pid
            yield world


def plant(database: Target) -> None:
    """Makes the world in a fresh copy of the template."""
    database.execute((Path(__file__).parent / "world.sql").read_text())


def patched(folder: Path, patch: str) -> dict[str, str]:
    """The environment of a server in which this Python runs first, with the modules that it names."""
    modules = "import storekeeper.connection as c, storekeeper.gateway as g"
    (folder / "sitecustomize.py").write_text(f"{modules}\n{patch}\n")
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    }


def _secrets(
    observer: psycopg.Connection[Any], canaries: Iterable[dict[str, Any]], key: str
) -> Iterator[tuple[str, str]]:
    for canary in canaries:
        for name in (
            "mark",
            "store_id",
            "customer_id",
            "order_id",
            "amount",
            "price",
            "stock",
            "name",
        ):
            yield str(canary[name]), f"{name} of {json.dumps(canary)}"
    for person in observer.execute("SELECT email, display_name FROM gateway.principals"):
        for text in person:
            yield text, f"of the person {person}"
    pads = observer.execute("SELECT name, inner_pad, outer_pad FROM gateway.keys").fetchall()
    for name, *both in pads:
        for pad in both:
            yield from _pieces(pad, f"a pad of the key {name}")
    yield from _pieces(bytes.fromhex(key), "the assertion key")


def _pieces(key: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Each stretch of the key's own 32 bytes as hex, base64 and escaped text show it."""
    for start in range(32 - WINDOW + 1):
        piece = key[start : start + WINDOW]
        yield piece.hex(), where
        # Of base64, the letters that the neighbours have no part in.
        for lead in range(3):
            letters = base64.b64encode(bytes(lead) + piece).decode()
            yield letters[-(-lead * 8 // 6) : (lead + WINDOW) * 8 // 6], where
        escaped = "".join(
            "\\\\" if b == 92 else chr(b) if 32 <= b < 127 else f"\\{b:03o}" for b in piece
        )
        yield escaped, where
        yield json.dumps(escaped)[1:-1], where
