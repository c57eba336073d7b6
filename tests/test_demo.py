"""`storekeeper demo` on a home that has nothing yet: the whole tour, every check."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import SEATTLE, storekeeper


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    home = Path(tempfile.mkdtemp(prefix="storekeeper-demo-"))
    home.chmod(0o711)
    yield {"STOREKEEPER_HOME": str(home), "PATH": os.environ["PATH"]}
    shutil.rmtree(home, ignore_errors=True)


def test_demo_holds_and_leaves_a_working_database(environment: dict[str, str]) -> None:
    tour = storekeeper("demo", "--scale", "0.02", environment=environment, timeout=120)
    assert tour.returncode == 0, tour.stdout + tour.stderr
    assert tour.stdout.count("✓") == 3 * 4 + 5 + 1
    assert "✗" not in tour.stdout
    for person in (
        "Store manager, Seattle",
        "Regional manager, Puget Sound",
        "Head-office analyst",
    ):
        assert person in tour.stdout

    again = storekeeper("demo", environment=environment, timeout=120)
    assert again.returncode == 0, again.stdout + again.stderr
    call = storekeeper("call", "who_am_i", "--principal", SEATTLE, environment=environment)
    assert "Zava Retail Seattle" in call.stdout


def test_first_call_makes_the_embedded_database_ready(environment: dict[str, str]) -> None:
    call = storekeeper(
        "call", "list_stores", "--principal", SEATTLE, environment=environment, timeout=120
    )
    assert call.returncode == 0, call.stderr
    assert "Zava Retail Seattle" in call.stdout
