"""Object files are the source, migrations the ledger: `storekeeper ship` writes the one from the other.

Each generated migration carries the full text of the object files that changed, each under a line
`-- object: <path>`; so the last shipped text of an object is read from the migrations alone, and no
database is needed. The rollback file carries the texts that were shipped before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storekeeper.errors import ConfigurationError
from storekeeper.settings import Settings

HALVES = ("gateway", "retail")
KINDS = ("functions", "views", "triggers", "policies")  # in the order of what needs what
OWNERS = {"gateway": "storekeeper_definer"}
OWNER = "storekeeper_owner"
FOOTER = "-- end of objects"


def sql_folder(settings: Settings) -> Path:
    """The folder with gateway/ and retail/: the one set, the checkout's, or the installed one."""
    beside_yoyo = Path("sql") if Path("yoyo.ini").exists() else None
    installed = Path(__file__).parent / "sql"
    checkout = Path(__file__).parents[2] / "sql"
    for folder in (settings.sql, beside_yoyo, installed, checkout):
        if folder is not None and (folder / "gateway" / "migrations").is_dir():
            return folder
    raise ConfigurationError(
        "The folder with the SQL files was not found.",
        hint="Set STOREKEEPER_SQL to the folder that holds gateway/ and retail/.",
    )


def migration_ids(sql: Path) -> list[list[str]]:
    """The ids of the migrations, half by half, in order."""
    return [[path.stem for path in Half(sql / half).ledger()] for half in HALVES]


@dataclass(frozen=True)
class Half:
    """One of the two folders under sql/: object files beside the migrations made from them."""

    root: Path

    @property
    def migrations(self) -> Path:
        return self.root / "migrations"

    def ledger(self) -> list[Path]:
        """The migrations, oldest first."""
        return sorted(
            p for p in self.migrations.glob("*.sql") if not p.name.endswith(".rollback.sql")
        )

    def objects(self) -> dict[str, str]:
        """The object files as they are now: path → text, in an order that satisfies their needs."""
        return {
            path.relative_to(self.root).as_posix(): path.read_text().strip() + "\n"
            for kind in KINDS
            for path in sorted((self.root / kind).rglob("*.sql"))
        }

    def shipped(self, ledger: list[Path]) -> dict[str, str]:
        """The object files as these migrations left them: path → text."""
        texts: dict[str, str] = {}
        for migration in ledger:
            for path, text in _sections(migration.read_text()):
                if text.startswith("--"):
                    texts[path] = text
                else:  # the statements that drop it
                    texts.pop(path, None)
        return texts

    def unshipped(self) -> list[str]:
        """The object files that differ from what the migrations say."""
        before, now = self.shipped(self.ledger()), self.objects()
        return sorted(p for p in before.keys() | now.keys() if before.get(p) != now.get(p))

    def frozen(self) -> dict[str, str]:
        """SHA256SUMS as name → digest: the files that may not change any more."""
        sums = self.migrations / "SHA256SUMS"
        lines = sums.read_text().splitlines() if sums.exists() else []
        return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}

    def check_frozen(self) -> None:
        for name, expected in self.frozen().items():
            path = self.migrations / name
            if not path.exists() or digest(path) != expected:
                raise ConfigurationError(
                    f"{path} is not what SHA256SUMS says: a migration that others have applied was "
                    "changed.",
                    hint="Restore the file, and ship the change as a new migration.",
                )

    def freeze(self, ledger: list[Path]) -> None:
        """Writes the digests of these migrations and their rollbacks, as sha256sum -c reads them."""
        files = [f for path in ledger for f in (path, rollback_file(path))]
        (self.migrations / "SHA256SUMS").write_text(
            "".join(f"{digest(f)}  {f.name}\n" for f in files)
        )


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rollback_file(migration: Path) -> Path:
    return migration.with_suffix(".rollback.sql")


def halves(sql: Path) -> list[Half]:
    return [Half(sql / name) for name in HALVES if (sql / name / "migrations").is_dir()]


def ship(sql: Path, phrase: str) -> list[Path]:
    """Writes the next migration of each half whose object files changed; returns the new files.

    The newest generated migration is written anew when it bears the same phrase and is not frozen
    in SHA256SUMS yet; a new one freezes those before it.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", phrase.lower()).strip("_")
    if not slug:
        raise ConfigurationError(
            f"The phrase {phrase!r} has no letters.", hint='storekeeper ship "add stock tools"'
        )
    return [written for half in halves(sql) if (written := _ship_half(sql, half, slug)) is not None]


def _ship_half(sql: Path, half: Half, slug: str) -> Path | None:
    ledger = half.ledger()
    name = f"{half.root.name}_{slug}"
    newest = ledger[-1] if ledger else None
    again = (
        newest is not None
        and newest.stem[5:] == name
        and newest.name not in half.frozen()
        and FOOTER in newest.read_text()
    )
    if again:
        ledger.pop()
    half.check_frozen()
    before, now = half.shipped(ledger), half.objects()
    changed = [path for path in now if before.get(path) != now[path]]
    gone = [path for path in before if path not in now]
    if not changed and not gone:
        return None
    _check_form(now, {path: before[path] for path in gone})

    numbers = [int(path.name[:4]) for other in halves(sql) for path in other.ledger()]
    number = int(newest.name[:4]) if again and newest else max(numbers, default=0) + 1
    depends = [path.stem for path in ledger[-1:]]
    if half.root.name != "gateway":
        depends = [halves(sql)[0].ledger()[-1].stem, *depends]

    apply = [_replacement(path, before.get(path), now[path]) for path in changed]
    apply += [_section(path, _drop(path, before[path])) for path in reversed(gone)]
    rollback = [_section(path, before[path]) for path in gone]
    rollback += [
        _replacement(path, now[path], before[path])
        if path in before
        else _section(path, _drop(path, now[path]))
        for path in reversed(changed)
    ]
    target = half.migrations / f"{number:04}_{name}.sql"
    target.write_text(_migration(half, slug, depends, apply))
    rollback_file(target).write_text(_migration(half, slug, [], rollback))
    half.freeze(ledger)
    return target


def _migration(half: Half, slug: str, depends: list[str], sections: list[str]) -> str:
    header = [
        f"-- {slug.replace('_', ' ')}: written by storekeeper ship from the object files named below."
    ]
    header += [f"-- depends: {' '.join(depends)}"] if depends else []
    body = [
        f"SET LOCAL ROLE {OWNERS.get(half.root.name, OWNER)};",
        # Functions may call each other: their bodies are checked when they run.
        "SET LOCAL check_function_bodies = off;",
        "",
        *sections,
        FOOTER,
        "NOTIFY storekeeper_catalog;",
    ]
    return "\n".join([*header, "", *body]) + "\n"


def _section(path: str, text: str) -> str:
    return f"-- object: {path}\n{text}"


def _check_form(now: dict[str, str], gone: dict[str, str]) -> None:
    """Refuses object files from which the migrations could not be written, or read back."""
    drops: dict[str, str] = {}
    for path, text in {**now, **gone}.items():
        if not text.startswith("--"):
            raise ConfigurationError(
                f"{path} does not begin with a comment line.",
                hint="Say in its first line what the object is: -- One sentence.",
            )
        if FOOTER in text or re.search(r"^-- object: ", text, re.MULTILINE):
            raise ConfigurationError(
                f"{path} has a line that marks objects in migrations.",
                hint=f"Write “-- object: …” and “{FOOTER}” in another way.",
            )
        drop = _drop(path, text)
        if drop in drops:
            raise ConfigurationError(
                f"{drops[drop]} and {path} drop the same object: {drop.strip()}",
                hint="One file makes an object. To move it to another file, ship the removal of the "
                "one before you add the other.",
            )
        drops[drop] = path


def _replacement(path: str, old: str | None, new: str) -> str:
    """The new text; preceded by the drop where CREATE OR REPLACE would refuse, make an overload or
    leave a policy in force."""
    if old is None or (_signature(old) == _signature(new) and _drop(path, old) == _drop(path, new)):
        return _section(path, new)
    return _section(path, _drop(path, old)) + _section(path, new)


def _signature(text: str) -> str:
    """What CREATE OR REPLACE can't change: functions up to LANGUAGE, and a view."""
    found = re.findall(
        r"^CREATE OR REPLACE (FUNCTION.*?^LANGUAGE|VIEW.*)", text, re.DOTALL | re.MULTILINE
    )
    return " ".join(" ".join(found).split())


def _drop(path: str, text: str) -> str:
    lines = re.findall(r"^-- drop: (.*)$", text, re.MULTILINE)
    if not lines:
        raise ConfigurationError(
            f"{path} does not say how to drop its object.",
            hint="Add a line like: -- drop: DROP FUNCTION tool.name;",
        )
    return "\n".join(lines) + "\n"


def _sections(migration: str) -> Iterator[tuple[str, str]]:
    """The objects of a generated migration: (path, text)."""
    body, found, _ = migration.partition(FOOTER)
    if not found:
        return
    _, *parts = re.split(r"^-- object: ", body, flags=re.MULTILINE)
    for part in parts:
        path, _, text = part.partition("\n")
        yield path, text.strip() + "\n"
