"""Object files become migrations: what ship writes, what it refuses, and the repository as it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlparse
from click.testing import CliRunner
from yoyo.migrations import read_sql_migration

from conftest import TESTS
from storekeeper import migrations, shipping
from storekeeper.cli import main
from storekeeper.errors import ConfigurationError
from storekeeper.shipping import FOOTER, Half, ship

REPOSITORY = TESTS.parent / "sql"
GATEWAY, RETAIL = (Half(REPOSITORY / name) for name in shipping.HALVES)
OBJECTS = {
    half.root / path: text for half in (GATEWAY, RETAIL) for path, text in half.objects().items()
}
LEDGER = [path for half in (GATEWAY, RETAIL) for path in half.ledger()]
DIRECTIVE = re.compile(r"^\s*--\s*(depends|transactional)\s*:", re.MULTILINE)

FUNCTION = """\
-- Counts {what}.
-- drop: DROP FUNCTION {name};
CREATE OR REPLACE FUNCTION {name}({arguments})
RETURNS bigint
LANGUAGE sql
STABLE
AS $function$
    SELECT count(*) FROM {what}
$function$;

COMMENT ON FUNCTION {name} IS $comment$
How many {what} there are; it's exact.
$comment$;
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
"""

POLICIES = """\
-- Who sees which books.
-- drop: DROP POLICY readers ON library.books;
-- drop: DROP POLICY guard ON library.books;
DROP POLICY IF EXISTS readers ON library.books;
CREATE POLICY readers ON library.books TO readers USING (true);
DROP POLICY IF EXISTS guard ON library.books;
CREATE POLICY guard ON library.books AS RESTRICTIVE USING (branch_id = 1);
"""


def function(name: str, what: str = "books", arguments: str = "") -> str:
    return FUNCTION.format(name=name, what=what, arguments=arguments)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small pair of halves, each with a hand-written first migration."""
    sql = tmp_path / "sql"
    for half, number in (("gateway", "0001"), ("retail", "0002")):
        for folder in ("migrations", "functions"):
            (sql / half / folder).mkdir(parents=True)
        first = sql / half / "migrations" / f"{number}_{half}_tables.sql"
        depends = "" if half == "gateway" else "-- depends: 0001_gateway_tables\n"
        first.write_text(f"-- Tables.\n{depends}\nCREATE SCHEMA {half};\n")
        shipping.rollback_file(first).write_text(f"DROP SCHEMA {half};\n")
    return sql


def put(tree: Path, path: str, text: str) -> Path:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def contents(tree: Path) -> dict[str, bytes]:
    return {str(p.relative_to(tree)): p.read_bytes() for p in tree.rglob("*") if p.is_file()}


def sections(migration: Path) -> list[tuple[str, str]]:
    """The objects of a generated migration, read independently of the module under test."""
    body = migration.read_text().split(f"\n{FOOTER}\n")[0]
    parts = body.split("\n-- object: ")[1:]
    return [(path, text.strip()) for path, _, text in (part.partition("\n") for part in parts)]


def rollback_of(migration: Path) -> Path:
    return migration.with_name(f"{migration.stem}.rollback.sql")


# What is written


def test_a_new_object(tree: Path) -> None:
    text = function("tool.count_books")
    put(tree, "retail/functions/tool/count_books.sql", text)
    before = contents(tree)
    (written,) = ship(tree, "Add book tools")
    assert written == tree / "retail/migrations/0003_retail_add_book_tools.sql"
    assert contents(tree).keys() - before.keys() == {
        "retail/migrations/0003_retail_add_book_tools.sql",
        "retail/migrations/0003_retail_add_book_tools.rollback.sql",
        "retail/migrations/SHA256SUMS",
    }
    assert sections(written) == [("functions/tool/count_books.sql", text.strip())]
    assert sections(rollback_of(written)) == [
        ("functions/tool/count_books.sql", "DROP FUNCTION tool.count_books;")
    ]
    directives, _, statements = read_sql_migration(str(written))
    assert directives["depends"].split() == ["0001_gateway_tables", "0002_retail_tables"]
    assert statements[0] == "SET LOCAL ROLE storekeeper_owner;"
    assert statements[-1].endswith("NOTIFY storekeeper_catalog;")


def test_the_gateway_half_belongs_to_its_own_role(tree: Path) -> None:
    put(tree, "gateway/functions/gateway/mac.sql", function("gateway.mac"))
    (written,) = ship(tree, "mac")
    directives, _, statements = read_sql_migration(str(written))
    assert directives["depends"].split() == ["0001_gateway_tables"]
    assert statements[0] == "SET LOCAL ROLE storekeeper_definer;"


def test_both_halves_are_numbered_in_one_sequence(tree: Path) -> None:
    put(tree, "gateway/functions/gateway/mac.sql", function("gateway.mac"))
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    gateway, retail = ship(tree, "both")
    assert gateway.name == "0003_gateway_both.sql"
    assert retail.name == "0004_retail_both.sql"
    directives, _, _ = read_sql_migration(str(retail))
    assert directives["depends"].split() == ["0003_gateway_both", "0002_retail_tables"]


def test_only_what_changed(tree: Path) -> None:
    old = function("tool.count_books")
    new = old.replace("count(*)", "count(DISTINCT title)")
    changed = put(tree, "retail/functions/tool/count_books.sql", old)
    put(tree, "retail/functions/tool/count_pages.sql", function("tool.count_pages", "pages"))
    ship(tree, "tools")
    changed.write_text(new)
    (written,) = ship(tree, "count titles once")
    assert sections(written) == [("functions/tool/count_books.sql", new.strip())]
    assert sections(rollback_of(written)) == [("functions/tool/count_books.sql", old.strip())]


def test_a_changed_signature_drops_first(tree: Path) -> None:
    old, new = function("tool.count"), function("tool.count", arguments="since date DEFAULT NULL")
    file = put(tree, "retail/functions/tool/count.sql", old)
    ship(tree, "tools")
    file.write_text(new)
    (written,) = ship(tree, "count since")
    drop = ("functions/tool/count.sql", "DROP FUNCTION tool.count;")
    assert sections(written) == [drop, ("functions/tool/count.sql", new.strip())]
    assert sections(rollback_of(written)) == [drop, ("functions/tool/count.sql", old.strip())]
    assert Half(tree / "retail").unshipped() == []


def test_a_removed_object(tree: Path) -> None:
    text = function("tool.count_books")
    file = put(tree, "retail/functions/tool/count_books.sql", text)
    ship(tree, "tools")
    file.unlink()
    (written,) = ship(tree, "stop counting")
    path = "functions/tool/count_books.sql"
    assert sections(written) == [(path, "DROP FUNCTION tool.count_books;")]
    assert sections(rollback_of(written)) == [(path, text.strip())]
    assert Half(tree / "retail").unshipped() == []
    assert ship(tree, "again") == []
    file.write_text(text)
    assert Half(tree / "retail").unshipped() == [path]


def test_a_removed_object_whose_drop_is_in_lower_case(tree: Path) -> None:
    text = function("tool.count_books").replace("drop: DROP FUNCTION", "drop: drop function")
    file = put(tree, "retail/functions/tool/count_books.sql", text)
    ship(tree, "tools")
    file.unlink()
    ship(tree, "stop counting")
    assert Half(tree / "retail").unshipped() == []


def test_policies_are_dropped_together_and_one_taken_away_does_not_stay(tree: Path) -> None:
    file = put(tree, "retail/policies/books.sql", POLICIES)
    (first,) = ship(tree, "policies")
    drops = "DROP POLICY readers ON library.books;\nDROP POLICY guard ON library.books;"
    assert sections(rollback_of(first)) == [("policies/books.sql", drops)]
    kept = [line for line in POLICIES.splitlines() if "readers" not in line]
    file.write_text("\n".join(kept) + "\n")
    (written,) = ship(tree, "nobody reads")
    assert sections(written) == [
        ("policies/books.sql", drops),
        ("policies/books.sql", "\n".join(kept)),
    ]
    assert sections(rollback_of(written)) == [
        ("policies/books.sql", "DROP POLICY guard ON library.books;"),
        ("policies/books.sql", POLICIES.strip()),
    ]
    assert Half(tree / "retail").unshipped() == []


def test_a_view_is_dropped_first_for_its_columns_may_differ(tree: Path) -> None:
    view = "-- Titles.\n-- drop: DROP VIEW library.titles;\nCREATE OR REPLACE VIEW library.titles AS {};\n"
    file = put(
        tree, "retail/views/titles.sql", view.format("SELECT title, isbn FROM library.books")
    )
    ship(tree, "views")
    file.write_text(view.format("SELECT title FROM library.books"))
    (written,) = ship(tree, "fewer columns")
    assert [text.split("\n")[0] for _, text in sections(written)] == [
        "DROP VIEW library.titles;",
        "-- Titles.",
    ]


def test_functions_come_before_what_uses_them_and_leave_after(tree: Path) -> None:
    paths = [
        put(tree, f"retail/{path}", text).relative_to(tree / "retail").as_posix()
        for path, text in (
            ("functions/library/today.sql", function("library.today")),
            (
                "views/titles.sql",
                "-- A.\n-- drop: DROP VIEW a;\nCREATE OR REPLACE VIEW a AS SELECT 1;\n",
            ),
            (
                "triggers/books.sql",
                "-- B.\n-- drop: DROP TRIGGER b ON c;\nCREATE OR REPLACE TRIGGER b;\n",
            ),
            ("policies/books.sql", POLICIES),
        )
    ]
    (written,) = ship(tree, "all kinds")
    assert [path for path, _ in sections(written)] == paths
    assert [path for path, _ in sections(rollback_of(written))] == paths[::-1]
    for path in paths:
        (tree / "retail" / path).unlink()
    (written,) = ship(tree, "nothing left")
    assert [path for path, _ in sections(written)] == paths[::-1]
    assert [path for path, _ in sections(rollback_of(written))] == paths


# When it is written


@pytest.mark.parametrize("phrase", ["tools", "other words"])
def test_nothing_changed_writes_nothing(tree: Path, phrase: str) -> None:
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    ship(tree, "tools")
    before = contents(tree)
    assert len(ship(tree, phrase)) == (1 if phrase == "tools" else 0)
    assert contents(tree) == before


def test_the_same_phrase_writes_the_newest_anew(tree: Path) -> None:
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    (first,) = ship(tree, "tools")
    changed = function("tool.count_books").replace("count(*)", "sum(1)")
    file.write_text(changed)
    put(tree, "retail/functions/tool/count_pages.sql", function("tool.count_pages", "pages"))
    (second,) = ship(tree, "Tools")
    assert second == first
    assert sections(second)[0] == ("functions/tool/count_books.sql", changed.strip())
    assert len(sections(second)) == len(sections(rollback_of(second))) == 2
    assert all(text.startswith("DROP FUNCTION") for _, text in sections(rollback_of(second)))


def test_another_phrase_freezes_what_was_before(tree: Path) -> None:
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    (first,) = ship(tree, "tools")
    assert first.name not in Half(tree / "retail").frozen()
    file.write_text(function("tool.count_books").replace("count(*)", "sum(1)"))
    (second,) = ship(tree, "sums")
    assert second.name == "0004_retail_sums.sql"
    frozen = Half(tree / "retail").frozen()
    assert {first.name, rollback_of(first).name} <= frozen.keys()
    assert second.name not in frozen
    file.write_text(function("tool.count_books"))
    (third,) = ship(tree, "sums again")
    file.write_text(function("tool.count_books").replace("count(*)", "max(1)"))
    (fourth,) = ship(tree, "sums")
    assert [third.name, fourth.name] == ["0005_retail_sums_again.sql", "0006_retail_sums.sql"]


def test_a_release_freezes_the_newest_too(tree: Path) -> None:
    """As the handbook says: sha256sum *.sql > SHA256SUMS."""
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    (released,) = ship(tree, "tools")
    half = Half(tree / "retail")
    half.freeze(half.ledger())
    before = contents(tree)
    file.write_text(function("tool.count_books").replace("count(*)", "sum(1)"))
    (written,) = ship(tree, "tools")
    assert (released.name, written.name) == ("0003_retail_tools.sql", "0004_retail_tools.sql")
    del before["retail/functions/tool/count_books.sql"]
    assert before.items() <= contents(tree).items()


def test_a_hand_written_migration_of_that_name_is_left_alone(tree: Path) -> None:
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    before = contents(tree)
    (written,) = ship(tree, "tables")
    assert written.name == "0003_retail_tables.sql"
    assert before.items() <= contents(tree).items()


@pytest.mark.parametrize(
    ("phrase", "slug"),
    [
        ("Add Stock Tools!", "add_stock_tools"),
        ("  v2: half-price  ", "v2_half_price"),
        ("été; DROP TABLE x", "t_drop_table_x"),
        ("../../etc", "etc"),
    ],
)
def test_phrases(tree: Path, phrase: str, slug: str) -> None:
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    (written,) = ship(tree, phrase)
    assert written.name == f"0003_retail_{slug}.sql"
    assert ship(tree, phrase) == [written]


@pytest.mark.parametrize("phrase", ["", " ", "!?", "日本"])
def test_a_phrase_without_letters(tree: Path, phrase: str) -> None:
    with pytest.raises(ConfigurationError, match="no letters") as caught:
        ship(tree, phrase)
    assert caught.value.hint


# What holds for what is written


def test_sha256sum_agrees(tree: Path) -> None:
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    ship(tree, "tools")
    file.unlink()
    ship(tree, "no tools")
    folder = tree / "retail" / "migrations"
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    if shutil.which("sha256sum") is None:  # macOS
        command = ["shasum", "-a", "256", "--strict", "-c", "SHA256SUMS"]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=20
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(": OK") == 4


@pytest.mark.parametrize("name", ["0002_retail_tables.sql", "0002_retail_tables.rollback.sql"])
@pytest.mark.parametrize("change", ["edit", "remove"])
def test_a_changed_frozen_migration_is_refused(tree: Path, name: str, change: str) -> None:
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    ship(tree, "tools")
    frozen = tree / "retail" / "migrations" / name
    if change == "edit":
        frozen.write_text(frozen.read_text() + "-- one line more\n")
    else:
        frozen.unlink()
    # Refused before any connection is made: this address answers nobody.
    with pytest.raises(ConfigurationError, match=f"{name} is not what SHA256SUMS says") as caught:
        migrations.migrate("host=/nowhere", tree)
    assert caught.value.hint
    # And ship does not bless it.
    file.write_text(function("tool.count_books", "titles"))
    with pytest.raises(ConfigurationError, match="SHA256SUMS"):
        ship(tree, "titles")


def test_crlf_is_no_change(tree: Path) -> None:
    file = put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    (written,) = ship(tree, "tools")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert Half(tree / "retail").unshipped() == []
    before = written.read_bytes()
    assert ship(tree, "tools") == [written]
    assert written.read_bytes() == before
    assert b"\r" not in before


def test_statements_survive_the_splitting_that_yoyo_does(tree: Path) -> None:
    body = """\
DECLARE
    v_text text := 'a; b';  -- it's a "comment"; with a semicolon
BEGIN
    IF v_text = $text$; END; it's$text$ THEN
        BEGIN
            v_text := CASE WHEN true THEN 'x''; y' ELSE E'\\\\'; END;
        EXCEPTION WHEN division_by_zero THEN
            NULL; /* ; */
        END;
    END IF;
    FOR i IN 1..2 LOOP
        EXECUTE 'CREATE TEMP TABLE t (); DROP TABLE t;';
    END LOOP;
    RETURN 1;
END
"""
    text = function("tool.tricky").replace("    SELECT count(*) FROM books\n", body)
    assert body in text
    put(tree, "retail/functions/tool/tricky.sql", text)
    put(tree, "retail/functions/tool/ulterior.sql", function("tool.ulterior"))
    (written,) = ship(tree, "tricky")
    _, _, statements = read_sql_migration(str(written))
    first_words = [_first_word(statement) for statement in statements]
    assert first_words == ["SET", "SET", *["CREATE", "COMMENT", "REVOKE"] * 2, "NOTIFY"]
    assert body in statements[2]


# What is refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (function("tool.a").replace("-- drop: ", "-- "), "does not say how to drop"),
        (
            function("tool.a").replace("-- Counts books.\n-- drop", "SELECT 1;\n-- drop"),
            "comment line",
        ),
        (function("tool.a").replace("it's exact", "so\n-- object: tool.b"), "marks objects"),
        (function("tool.a").replace("it's exact", f"so\n{FOOTER}"), "marks objects"),
        (function("tool.count_books"), "drop the same object"),
    ],
)
def test_an_object_file_that_could_not_be_read_back(tree: Path, text: str, says: str) -> None:
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    ship(tree, "tools")
    put(tree, "retail/functions/tool/a.sql", text)
    before = contents(tree)
    with pytest.raises(ConfigurationError, match=says) as caught:
        ship(tree, "more tools")
    assert "functions/tool/a.sql" in caught.value.message
    assert caught.value.hint
    assert contents(tree) == before


def test_a_moved_file_does_not_drop_the_function_that_it_makes(tree: Path) -> None:
    file = put(tree, "retail/functions/tool/count_book.sql", function("tool.count_books"))
    ship(tree, "tools")
    moved = file.rename(file.with_name("count_books.sql"))
    with pytest.raises(ConfigurationError, match="drop the same object"):
        ship(tree, "file name")
    text = moved.read_text()
    moved.unlink()
    ship(tree, "one step")
    moved.write_text(text)
    (written,) = ship(tree, "another step")
    assert sections(written) == [("functions/tool/count_books.sql", text.strip())]


def test_the_command(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no database: none answers at this address."""
    monkeypatch.setenv("STOREKEEPER_SQL", str(tree))
    monkeypatch.setenv("STOREKEEPER_DATABASE_URL", "host=/nowhere")
    monkeypatch.chdir(tree)
    put(tree, "retail/functions/tool/count_books.sql", function("tool.count_books"))
    run = CliRunner().invoke(main, ["ship", "add book tools"])
    assert run.exit_code == 0, run.output
    assert run.output.split() == [str(tree / "retail/migrations/0003_retail_add_book_tools.sql")]
    run = CliRunner().invoke(main, ["ship", "nothing more"])
    assert (run.exit_code, run.output) == (0, "No object file has changed.\n")


# The repository as it stands


@pytest.mark.parametrize("half", [GATEWAY, RETAIL], ids=lambda half: half.root.name)
def test_everything_is_shipped(half: Half) -> None:
    unshipped = half.unshipped()
    assert not unshipped, f'run storekeeper ship "phrase" for: {", ".join(unshipped)}'


@pytest.mark.parametrize("half", [GATEWAY, RETAIL], ids=lambda half: half.root.name)
def test_frozen_migrations_are_unchanged(half: Half) -> None:
    half.check_frozen()


def test_ship_in_a_copy_writes_nothing(tmp_path: Path) -> None:
    copy = shutil.copytree(REPOSITORY, tmp_path / "sql")
    assert ship(copy, "nothing has changed") == []


@pytest.mark.parametrize("migration", LEDGER, ids=lambda path: path.stem)
def test_migration(migration: Path) -> None:
    assert re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", migration.name)
    _, _, undo = read_sql_migration(str(rollback_of(migration)))
    assert undo, "a migration without a rollback is “rolled back” by changing nothing"
    for file in (migration, rollback_of(migration)):
        text = file.read_text()
        assert "\r" not in text
        assert not re.search(r"BEGIN\s+ATOMIC", text, re.IGNORECASE), "yoyo splits it wrongly"
        assert not re.search(r"\bAS\$", text, re.IGNORECASE), "sqlparse splits it wrongly"
        assert not re.search(r"/\*(?:(?!\*/).)*/\*", text, re.DOTALL), (
            "nested comments are split wrongly"
        )
        leading = re.match(r"(?:[ \t]*(?:--[^\n]*)?\n)*", text)
        assert leading
        assert not DIRECTIVE.search(text[leading.end() :]), "a directive that yoyo does not read"
        assert "/*" not in leading.group()


@pytest.mark.parametrize("half", [GATEWAY, RETAIL], ids=lambda half: half.root.name)
def test_migrations_are_chained(half: Half) -> None:
    """rollback follows only `-- depends:`, so each names the one before it."""
    known = {path.stem for path in LEDGER}
    for before, migration in zip([None, *half.ledger()], half.ledger(), strict=False):
        directives, _, _ = read_sql_migration(str(migration))
        depends = set(directives.get("depends", "").split())
        assert depends <= known, migration.name
        if before is not None:
            assert before.stem in depends, migration.name
        elif half is RETAIL:
            assert depends, migration.name
    numbers = [path.name[:4] for path in LEDGER]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize(
    "file",
    [f for m in LEDGER if FOOTER in m.read_text() for f in (m, rollback_of(m))],
    ids=lambda path: path.name,
)
def test_yoyo_splits_it_into_the_statements_of_the_objects(file: Path) -> None:
    _, _, found = read_sql_migration(str(file))
    expected = [
        statement
        for _, text in sections(file)
        for statement in sqlparse.split(text, strip_semicolon=False)
    ]
    assert [_first_word(s) for s in found[:2]] == ["SET", "SET"]
    assert _first_word(found[-1]) == "NOTIFY"
    assert [_bare(s) for s in found[2:-1]] == [_bare(s) for s in expected]
    words = {_first_word(statement) for statement in expected}
    # SET LOCAL ROLE: what the gateway's half publishes belongs to the owner of what is published.
    # DO: rights of each persona that is there.
    assert words <= {"CREATE", "COMMENT", "REVOKE", "GRANT", "DROP", "ALTER", "SET", "DO"}
    assert all(
        s.startswith("SET LOCAL ROLE ") for s in map(_bare, expected) if _first_word(s) == "SET"
    )


@pytest.mark.parametrize("file", OBJECTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_object_file(file: Path) -> None:
    text = OBJECTS[file]
    kind = file.relative_to(REPOSITORY).parts[1]
    first, *_ = text.split("\n")
    assert re.match(r"-- \S", first), "the first line says what the object is"
    drops = re.findall(r"^-- drop: (DROP .+;)$", text, re.MULTILINE)
    made = re.findall(r"^CREATE (?:OR REPLACE )?(\w+) ([\w.\"^]+)", text, re.MULTILINE)
    if any("(" in drop for drop in drops):
        _check_overloads(file, text, drops)
    elif kind == "policies":
        table = f"{file.relative_to(REPOSITORY).parts[0]}.{file.stem}"
        assert {word for word, _ in made} == {"POLICY"}
        assert [f"DROP POLICY {name} ON {table};" for _, name in made] == drops
    elif kind == "triggers":
        assert [(word, d.split()[2]) for (word, _), d in zip(made, drops, strict=True)] == [
            ("TRIGGER", name) for _, name in made
        ]
    else:
        word = {"functions": "FUNCTION", "views": "VIEW"}[kind]
        name = (
            f"{file.parent.name}.{file.stem}"
            if kind == "functions"
            else made[0][1].replace('"', "")
        )
        assert [(w, n.replace('"', "")) for w, n in made] == [(word, name)], (
            "one, named as the file"
        )
        assert drops == [f"DROP {word} {made[0][1]};"]
        assert name.rpartition(".")[2] == file.stem
    if kind == "functions":
        for function in [d.split(" ", 2)[2][:-1] for d in drops if d.startswith("DROP FUNCTION")]:
            assert re.search(rf"^COMMENT ON FUNCTION {re.escape(function)} IS ", text, re.MULTILINE)
            assert f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC;" in text
        assert re.search(r"^(VOLATILE|STABLE|IMMUTABLE)\b", text, re.MULTILINE), (
            "volatility is stated"
        )


def _check_overloads(file: Path, text: str, drops: list[str]) -> None:
    """Only in schema guard, where a name has the overloads of the built-in function: all in its file."""
    assert file.parent == GATEWAY.root / "functions" / "guard"
    declared = re.findall(r"^CREATE OR REPLACE FUNCTION ([\w.]+)\((.*)\)$", text, re.MULTILINE)
    assert declared[0][0] == f"guard.{file.stem}", "named as the file"
    dropped = re.findall(r"^DROP FUNCTION ([\w.]+)\((.*)\);$", "\n".join(drops), re.MULTILINE)
    assert len(dropped) == len(declared)
    for name, types in dropped:
        same = [a.split(", ") for n, a in declared if (n, a.count(",")) == (name, types.count(","))]
        assert any(
            all(a.endswith(t) for a, t in zip(arguments, types.split(", "), strict=True))
            for arguments in same
        ), f"{name}({types}) is not made"
    operators = re.findall(r"^CREATE OPERATOR (\S+)", text, re.MULTILINE)
    assert operators == re.findall(r"^DROP OPERATOR (\S+)", "\n".join(drops), re.MULTILINE)


def test_a_name_is_made_in_one_file() -> None:
    made: dict[str, set[Path]] = {}
    for file, text in OBJECTS.items():
        for name in re.findall(r"^CREATE OR REPLACE FUNCTION ([\w.]+)", text, re.MULTILINE):
            made.setdefault(name, set()).add(file)
    assert [name for name, files in made.items() if len(files) > 1] == []


def test_the_repository_is_looked_at() -> None:
    """The tests above run over lists: an empty one would hold."""
    assert len(OBJECTS) > 30
    assert len(LEDGER) >= 5
    assert sum(FOOTER in m.read_text() for m in LEDGER) >= 2


def _bare(statement: str) -> str:
    """Without the comment lines before it, which the splitting may give to either side."""
    return re.sub(r"\A(?:\s*--[^\n]*\n)*\s*", "", statement).strip()


def _first_word(statement: str) -> str:
    return _bare(statement).split(maxsplit=1)[0].rstrip(";")
