"""What do the daily sales cost whoever writes, and who waits for whom: upserts against deltas?

    python tests/bench/rollups.py CONNINFO PGBENCH [--clients 8] [--seconds 8] [--rounds 3]

CONNINFO: a database with sample data that may be spoilt, as a superuser. Three forms in turn: none (the
triggers disabled), upsert (as shipped: one INSERT … ON CONFLICT DO UPDATE a statement, sorted), delta (the
same rows appended to a table without keys, folded in by a job later). Two kinds of writer, all of them on
three products of one store: `lines` inserts orders with three lines each, `tool` calls tool.record_order
as the store's manager. Prints transactions a second, and what share of samples found a client waiting for
a lock; for delta, how long folding what came up takes; last, whether the sums are exact.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

STORE = "00000000-0000-4000-8000-000000000001"
DELTAS = """
    CREATE TABLE IF NOT EXISTS retail.sales_deltas AS SELECT * FROM retail.daily_sales WITH NO DATA;
    GRANT INSERT ON retail.sales_deltas TO store_managers;
    CREATE OR REPLACE FUNCTION retail.append_deltas() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $function$
    BEGIN
        INSERT INTO retail.sales_deltas
        SELECT c.store_id, (o.order_date AT TIME ZONE retail.time_zone())::date, c.product_id, count(*),
            sum(c.quantity), sum(c.line_total), sum(c.quantity * c.unit_price - c.line_total)
        FROM changed_items AS c JOIN retail.orders AS o USING (store_id, order_id)
        WHERE retail.counts_as_revenue(o.status)
        GROUP BY 1, 2, 3;
        RETURN NULL;
    END
    $function$;
    CREATE OR REPLACE TRIGGER append_deltas AFTER INSERT ON retail.order_items
        REFERENCING NEW TABLE AS changed_items
        FOR EACH STATEMENT EXECUTE FUNCTION retail.append_deltas();
    ALTER TABLE retail.order_items DISABLE TRIGGER append_deltas
"""
FOLD = """
    WITH gone AS (DELETE FROM retail.sales_deltas RETURNING *)
    INSERT INTO retail.daily_sales AS d
    SELECT store_id, business_day, product_id, sum(order_lines), sum(units), sum(revenue), sum(discount)
    FROM gone GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (store_id, business_day, product_id) DO UPDATE SET
        order_lines = d.order_lines + excluded.order_lines, units = d.units + excluded.units,
        revenue = d.revenue + excluded.revenue, discount = d.discount + excluded.discount
"""
FORMS = {
    "none": ("DISABLE", "DISABLE"),
    "upsert": ("ENABLE", "DISABLE"),
    "delta": ("DISABLE", "ENABLE"),
}
EXACT = """
    SELECT count(*) FROM (
        SELECT store_id, business_day, product_id, sum(units) AS units, sum(revenue) AS revenue
        FROM (
            SELECT store_id, business_day, product_id, units, revenue FROM retail.daily_sales
            UNION ALL
            SELECT i.store_id, (o.order_date AT TIME ZONE retail.time_zone())::date, i.product_id,
                -i.quantity, -i.line_total
            FROM retail.orders AS o JOIN retail.order_items AS i USING (store_id, order_id)
            WHERE retail.counts_as_revenue(o.status)
        ) AS u GROUP BY 1, 2, 3
    ) AS s WHERE (units, revenue) <> (0, 0)
"""
WAITING = """
    SELECT count(*) FILTER (WHERE wait_event_type = 'Lock'), count(*)
    FROM pg_stat_activity WHERE application_name = 'pgbench' AND state = 'active'
"""


def scripts(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, str]:
    row = connection.execute(
        "SELECT customer_id FROM retail.customers WHERE store_id = %s LIMIT 1", (STORE,)
    ).fetchone()
    assert row
    customer = row[0]
    products = connection.execute(
        "SELECT product_id, sku FROM retail.products WHERE is_active ORDER BY 1 LIMIT 3"
    ).fetchall()
    ids = ", ".join(str(p) for p, _ in products)
    items = ", ".join(f"ROW('{sku}', 1, NULL, NULL)" for _, sku in products)
    return {
        "lines": f"""
            BEGIN;
            SELECT gen_random_uuid() AS id \\gset
            INSERT INTO retail.orders (store_id, order_id, customer_id)
                VALUES ('{STORE}', :id::uuid, '{customer}');
            INSERT INTO retail.order_items
                SELECT '{STORE}'::uuid, :id::uuid, n, p, 1, 10, 0, 10
                FROM unnest(ARRAY[{ids}]) WITH ORDINALITY AS u (p, n);
            COMMIT;
        """,
        "tool": f"""
            BEGIN;
            SELECT gateway.impersonate('seattle@zava.example');
            SELECT tool.record_order('{customer}', ARRAY[{items}]::retail.order_line[]);
            COMMIT;
        """,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conninfo")
    parser.add_argument("pgbench")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    folds: list[str] = []
    with (
        psycopg.connect(given.conninfo, autocommit=True) as connection,
        tempfile.TemporaryDirectory() as folder,
    ):
        connection.execute(DELTAS)
        connection.execute(
            "UPDATE retail.inventory SET stock_level = 1000000000 WHERE store_id = %s", (STORE,)
        )
        for name, text in scripts(connection).items():
            script = Path(folder) / f"{name}.sql"
            script.write_text(re.sub(r"\s*\n\s*", "\n", text))
        for _ in range(given.rounds):
            for form, (upsert, delta) in FORMS.items():
                for kind in ("lines", "tool"):
                    connection.execute(
                        f"ALTER TABLE retail.order_items {upsert} TRIGGER roll_up_inserted"
                    )
                    connection.execute(
                        f"ALTER TABLE retail.order_items {delta} TRIGGER append_deltas"
                    )
                    connection.execute(
                        "VACUUM ANALYZE retail.daily_sales, retail.orders, retail.order_items"
                    )
                    run = subprocess.Popen(
                        [
                            *(given.pgbench, "-n", "-M", "prepared", "-j", "1"),
                            *("-c", str(given.clients), "-T", str(given.seconds)),
                            *("-f", f"{folder}/{kind}.sql", given.conninfo),
                        ],
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                    waiting = active = 0
                    while run.poll() is None:
                        row = connection.execute(WAITING).fetchone()
                        assert row
                        waiting, active = waiting + int(str(row[0])), active + int(str(row[1]))
                        time.sleep(0.02)
                    output, _ = run.communicate()
                    assert run.returncode == 0
                    speed = re.search(r"tps = ([\d.]+)", output)
                    assert speed
                    found.setdefault((kind, form), []).append(
                        (float(speed.group(1)), 100 * waiting / max(1, active))
                    )
                    if form == "delta":
                        rows = connection.execute("SELECT count(*) FROM retail.sales_deltas")
                        (count,) = rows.fetchone() or (0,)
                        started = time.monotonic()
                        connection.execute(FOLD)
                        folds.append(f"{count} deltas in {time.monotonic() - started:.2f} s")
                    if form == "none":  # what it left out
                        connection.execute("SET ROLE storekeeper_loader")
                        connection.execute("SELECT retail.rebuild_daily_sales()")
                        connection.execute("RESET ROLE")
                    print(kind, form, found[kind, form][-1], flush=True)
                    assert connection.execute(EXACT).fetchone() == (0,)
        connection.execute("DROP TABLE retail.sales_deltas")
        connection.execute("DROP FUNCTION retail.append_deltas CASCADE")
        connection.execute("ALTER TABLE retail.order_items ENABLE TRIGGER roll_up_inserted")
    for kind in ("lines", "tool"):
        for form in FORMS:
            speeds, waits = zip(*found[kind, form], strict=True)
            print(
                f"{kind:6} {form:7} {statistics.median(speeds):8.0f} a second"
                f" {statistics.median(waits):5.0f} % waiting"
            )
    print("folding:", "; ".join(folds))
    print("exact: each form, after each run")


if __name__ == "__main__":
    main()
