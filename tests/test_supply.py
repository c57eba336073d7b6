"""What the server is built from: declared, used, without known holes, and none of it by dangerous means."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import storekeeper
from conftest import TESTS

SERVER = Path(storekeeper.__file__).parent
PROJECT = tomllib.loads((TESTS.parent / "pyproject.toml").read_text())["project"]
NOT_IMPORTED = {
    "pgvector": "for embeddings, which no tool makes yet",
    "wordllama": "its files are the built-in embedding model; model.py reads them without its code",
}
COMES_WITH = {
    "psycopg-pool": "psycopg",
    "pydantic-core": "pydantic",
}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "marshal.loads",
    "pickle.load", "pickle.loads", "subprocess.getoutput", "subprocess.getstatusoutput", "tempfile.mktemp",
}  # fmt: skip
FORBIDDEN_MODULES = {"pickle", "cPickle", "marshal", "shelve", "yaml", "ctypes", "telnetlib"}
AUDIT_PATIENCE = 120  # seconds


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


def declared(requirements: list[str]) -> set[str]:
    return {name_of(requirement) for requirement in requirements}


def imported_distributions() -> set[str]:
    """What the server imports of others, by the names that they are installed under."""
    known = packages_distributions()
    modules = {
        name.partition(".")[0]
        for file in SERVER.rglob("*.py")
        for name in imports(ast.parse(file.read_text()))
    }
    others = modules - set(sys.stdlib_module_names) - {"storekeeper"}
    return {name_of(known.get(module, [module])[0]) for module in others}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def dangers(source: str) -> Iterator[str]:
    """What in a source could turn a text into code or a command."""
    tree = ast.parse(source)
    for name in imports(tree):
        if name.partition(".")[0] in FORBIDDEN_MODULES:
            yield f"import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if (name := ast.unparse(node.func)) in FORBIDDEN_CALLS:
                yield name
            for keyword in node.keywords:
                if keyword.arg == "shell" and ast.unparse(keyword.value) != "False":
                    yield f"{name}(shell=…)"


def test_every_dependency_is_used() -> None:
    unused = declared(PROJECT["dependencies"]) - imported_distributions()
    assert unused == set(NOT_IMPORTED)


def test_every_import_is_declared() -> None:
    extras = PROJECT["optional-dependencies"]
    allowed = declared(PROJECT["dependencies"] + extras["embedded"] + extras["redis"])
    undeclared = imported_distributions() - allowed
    assert {name: COMES_WITH.get(name) for name in undeclared} == COMES_WITH
    assert set(COMES_WITH.values()) <= allowed


def test_no_text_becomes_code_or_a_command() -> None:
    found = {
        (file.relative_to(SERVER).as_posix(), danger)
        for file in SERVER.rglob("*.py")
        for danger in dangers(file.read_text())
    }
    assert found == set()


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "subprocess.Popen([text], shell=chosen)",
        "import pickle",
        "from yaml import load",
        "if True:\n    exec(text)",
    ],
)
def test_a_danger_would_be_found(line: str) -> None:
    assert list(dangers(line))


def test_subprocesses_without_a_shell_pass() -> None:
    assert list(dangers("subprocess.run([text], shell=False)\nre.compile(text)")) == []


def test_no_dependency_has_a_known_hole() -> None:
    if importlib.util.find_spec("pip_audit") is None:
        pytest.skip("pip-audit is not installed")
    try:
        audit = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip_audit",
                "--format=json",
                "--progress-spinner=off",
                "--timeout=10",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=AUDIT_PATIENCE,
        )
        dependencies = json.loads(audit.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        pytest.skip("no index of vulnerabilities answers")
    audited = {d["name"].lower().replace("_", "-"): d for d in dependencies if "vulns" in d}
    if not audited:
        pytest.skip("the index that answers knows none of these packages")
    holes = {
        name: [hole["id"] for hole in found["vulns"]]
        for name, found in audited.items()
        if found["vulns"]
    }
    assert holes == {}
    assert declared(PROJECT["dependencies"]) <= audited.keys()
