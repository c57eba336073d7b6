"""The SQL tests: each file of tests/sql is one test here, the very one that psql and prove run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from conftest import TESTS, Target

FILES = sorted(p for p in (TESTS / "sql").rglob("*.sql") if p.name != "tap.sql")
# Folders and functions whose tests need the embedding model.
WITH_MODEL = {
    "embedding",
    "doctor",
    "rank_products",
    "refresh_products",
    "semantic_search_products",
}


@pytest.mark.parametrize(
    "file", FILES, ids=lambda p: p.relative_to(TESTS / "sql").with_suffix("").as_posix()
)
def test_sql(file: Path, request: pytest.FixtureRequest) -> None:
    named = "with_model" if {file.stem, file.parent.name} & WITH_MODEL else "shared"
    database: Target = request.getfixturevalue(named)
    run = subprocess.run(
        [database.server.psql, "-XAtq", "-d", database.dba, "-f", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    planned = re.search(r"^1\.\.(\d+)$", run.stdout, re.MULTILINE)
    passed = re.findall(r"^ok \d+", run.stdout, re.MULTILINE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "not ok" not in run.stdout, run.stdout
    assert planned is not None, "the file plans no tests"
    assert len(passed) == int(planned[1]), run.stdout
