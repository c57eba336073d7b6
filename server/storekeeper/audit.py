"""The commands that read the record of calls: audit, audit verify, and stats."""

from __future__ import annotations

import click

from storekeeper.command import explained, json_option, ready
from storekeeper.dba import as_dba

PERFORMANCE = "SELECT gateway.performance(make_interval(secs => 3600 * %s)) AS report"
RECORDED = """
SELECT to_jsonb(c) AS call
FROM (
    SELECT * FROM gateway.calls
    WHERE at > now() - %s::interval AND (%s::text IS NULL OR principal = %s)
      AND (%s::text IS NULL OR tool = %s) AND (%s OR outcome <> 'ok')
    ORDER BY at DESC, entry DESC
    LIMIT 1000
) AS c
ORDER BY at, entry
"""
SHOWN = ("at", "tool", "principal", "outcome", "duration_ms", "row_count", "request_id")
VERIFY = "SELECT to_jsonb(v) AS problem FROM gateway.verify_calls() AS v"
NEWEST_SEAL = """
SELECT jsonb_build_object('seal_id', seal_id, 'digest', encode(digest, 'hex'), 'sealed_at', sealed_at) AS seal
FROM gateway.seals ORDER BY seal_id DESC LIMIT 1
"""


@click.group(invoke_without_command=True)
@click.option("--since", default="24h", show_default=True, metavar="SPAN", help="30m, 24h, 7d, …")
@click.option("--principal", metavar="PERSON", help="Calls of this person alone.")
@click.option("--tool", metavar="TOOL", help="Calls of this tool alone.")
@click.option("--errors", is_flag=True, help="Failed calls alone.")
@json_option
@click.pass_context
@explained
def audit(
    context: click.Context,
    since: str,
    principal: str | None,
    tool: str | None,
    errors: bool,
    as_json: bool,
) -> None:
    """The record of calls, the newest 1000 of them, oldest first (auditor or superuser only)."""
    from storekeeper.console import show_json, show_rows

    if context.invoked_subcommand is not None:
        return
    with ready() as (_, database):
        rows = as_dba(database, RECORDED, since, principal, principal, tool, tool, not errors)
    calls = [row["call"] for row in rows]
    if as_json:
        show_json(calls)
    else:
        show_rows([{n: v for n, v in c.items() if n in SHOWN} for c in calls], title="Calls")


@audit.command()
@json_option
@explained
def verify(as_json: bool) -> None:
    """Whether the record is as it was sealed; exit code 1 when it is not."""
    from storekeeper.console import show_json, show_rows

    with ready() as (_, database):
        problems = [row["problem"] for row in as_dba(database, VERIFY)]
        seals = [row["seal"] for row in as_dba(database, NEWEST_SEAL)]
    newest = seals[0] if seals else None
    if as_json:
        show_json({"ok": not problems, "newest_seal": newest, "problems": problems})
    else:
        if problems:
            show_rows(problems)
        click.echo("The record is not as it was sealed." if problems else "The record holds.")
        if newest:
            click.echo("Newest seal: {seal_id}, {digest}, {sealed_at}".format_map(newest))
        else:
            click.echo("Nothing is sealed yet: a server that runs does it within a minute.")
    raise SystemExit(1 if problems else 0)


@click.command()
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=24, show_default=True)
@json_option
@explained
def stats(hours: float, as_json: bool) -> None:
    """Calls, errors, times and slow queries by tool, of all servers (DBA only)."""
    from storekeeper.console import show, show_json, show_rows

    with ready() as (_, database):
        found = as_dba(database, PERFORMANCE, hours)[0]["report"]
    if as_json:
        show_json(found)
    elif not found["tools"]:
        show_rows([], title=f"Calls of the last {hours:g} hours")
    else:
        tools = [{**t, "errors_by_code": t["errors_by_code"] or None} for t in found["tools"]]
        show({"totals": found["totals"], "tools": tools, "slow queries": found["slow_queries"]})
