"""What the README says is so."""

from __future__ import annotations

import json
import re

import pytest

from conftest import HEAD_OFFICE, TESTS, Target, storekeeper
from storekeeper.cli import main
from storekeeper.settings import Settings

README = (TESTS.parent / "README.md").read_text()


def test_every_command_is_named() -> None:
    usage = re.search(r"## Commands\n\n```\n(.*?)```", README, re.DOTALL)
    assert usage is not None
    named = set(re.findall(r"\b[a-z]+\b", usage[1]))
    assert set(main.commands) <= named


def test_every_setting_is_named() -> None:
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    named = set(re.findall(r"STOREKEEPER_([A-Z_]+)", table)) | {"POOL_MAX_SIZE"}
    assert named == {name.upper() for name in Settings.model_fields}
    assert "`…_MAX_SIZE`" in table


@pytest.mark.parametrize(
    "block",
    [
        *re.findall(r"```json\n(.*?)```", README, re.DOTALL),
        (TESTS.parent / ".mcp.json").read_text(),
    ],
)
def test_client_configurations_are_json(block: str) -> None:
    servers = json.loads(block)
    (server,) = (servers.get("mcpServers") or servers["servers"]).values()
    assert server["args"] == ["serve"]
    assert json.loads((TESTS.parent / ".mcp.json").read_text())["mcpServers"]["storekeeper"][
        "args"
    ] == ["serve"]


def test_tool_table_is_the_catalog(shared: Target) -> None:
    tools = json.loads(
        storekeeper("tools", "--json", environment=shared.environment(HEAD_OFFICE)).stdout
    )
    table = README.partition("## The tools of Zava Retail")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == {
        t["name"] for t in tools["tools"]
    }


def test_the_example_is_a_tool(own: Target) -> None:
    example = re.search(r"```sql\n(.*?)```", README, re.DOTALL)
    assert example is not None
    own.execute("SET ROLE storekeeper_owner;" + example[1])
    answer = storekeeper(
        "call", "stock_of", "sku=HTHA000101", "--json", environment=own.environment(HEAD_OFFICE)
    )
    result = json.loads(answer.stdout)
    assert result["row_count"] == 8
    assert result["rows"][0]["store_name"] == "Zava Retail Bellevue"
