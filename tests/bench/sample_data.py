"""How fast is sample.load, against copying the same rows from table to table?

    python tests/bench/sample_data.py "<conninfo of a superuser>" [--scales 0.1 1] [--rounds 3]

The yardstick is a bare INSERT … SELECT of the very rows that were generated, into tables of the same
definition whose indexes and constraints are in place: the least that a loader has to do that does
not take them off. Each scale gets a scratch database of its own, which is dropped afterwards.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from storekeeper import migrations, sample
from storekeeper.settings import Settings

SCRATCH = "storekeeper_bench"
TABLES = ("customers", "orders", "order_items")  # in the order of their foreign keys
LOAD = "SELECT sum(row_count) FROM sample.load(%s, %s, %s)"
EMPTY = """
    TRUNCATE retail.customers, retail.orders, retail.order_items, retail.inventory, retail.products,
        retail.product_types, retail.categories, retail.stores, retail.regions,
        retail.product_description_embeddings
"""
FOREIGN_KEYS = """
    SELECT c.conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint AS c
    WHERE c.conrelid = %s::regclass AND c.contype = 'f'
"""
