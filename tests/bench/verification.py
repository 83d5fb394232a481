"""`python -m tests.bench.verification`: how long the ledger's verification takes, on a ledger made up by SQL.

Nine tenths of the calls lie in the last two months, the rest in the last day. The verification itself shows that the
ledger so made is right; at the end one nanocredit is changed, which it must find.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import django
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core import clock, partitions
from config.embedded import postgres
from tests import databases
from tests.bench import cpu
from tests.bench.phases import say
from tests.live.site import ROOT

NAME = "sluice_bench_verification"
STATE = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "bench-verification"

WALLETS = """
    WITH w AS MATERIALIZED (
        SELECT n, wallet_open(1::smallint, NULL, 'wallet ' || n, NULL) AS id FROM generate_series(1, %(wallets)s) n
    )
    SELECT wallet_open(2::smallint, id, 'token', NULL), wallet_open(4::smallint, id, 'member', NULL) FROM w
"""
GRANTS = """
    WITH g AS (
        SELECT a.id AS wallet, k, wallet_new_id() AS transfer, now() - interval '60 days' AS at
        FROM wallet_account a CROSS JOIN generate_series(1, 3) k WHERE a.kind = 1
    ), lots AS (
        INSERT INTO wallet_lot (id, wallet_id, transfer_id, source, amount_nanos, spend_until, created_at)
        SELECT gen_random_uuid(), wallet, transfer, 'gift', %(grant)s, now() + make_interval(days => 30 * k), at FROM g
    ), keys AS (
        INSERT INTO wallet_posting (key, digest, transfer_id)
        SELECT 'grant:' || wallet || ':' || k, 'x', transfer FROM g
    ), posted AS (
        INSERT INTO wallet_transfer (id, wallet_id, kind, debit_account, credit_account, amount_nanos, at)
        SELECT transfer, wallet, 6, 2, wallet, %(grant)s, at FROM g
    )
    UPDATE wallet_account SET credits_posted = 3 * %(grant)s WHERE kind = 1
"""
CALLS = """
    WITH payer AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY w.id) - 1 AS n, w.id AS wallet, t.id AS token, m.id AS member
        FROM wallet_account w
            JOIN wallet_account t ON t.wallet_id = w.id AND t.kind = 2
            JOIN wallet_account m ON m.wallet_id = w.id AND m.kind = 4
    ), call AS MATERIALIZED (
        SELECT (left(wallet_uuid_floor(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid AS id,
            at, p.*, (1000 + n * 7919 %% 100000)::bigint AS charge
        FROM (
            SELECT i, %(begins)s::timestamptz + (%(ends)s::timestamptz - %(begins)s::timestamptz) * i / %(calls)s AS at
            FROM generate_series(0, %(calls)s - 1) i
        ) c JOIN payer p ON p.n = (c.i * 31) %% %(wallets)s
    ), recorded AS (
        INSERT INTO usage_record (
            id, at, settled_at, team_id, wallet_id, token_id, model_id, price_version_id, input_tokens, output_tokens,
            cached_tokens, cache_write_tokens, reasoning_tokens, charge_nanos, latency_ms, status, streamed, estimated,
            multiplier, model_code, access_group, endpoint, error_code)
        SELECT id, at, at, 1, wallet, token, 1, 1, 900, 200, 0, 0, 0, charge, 1200, 200, false, false, 1,
            'gpt-4o-mini', 'default', 'chat', ''
        FROM call ORDER BY at
    )
    INSERT INTO wallet_transfer (
        id, hold_id, wallet_id, kind, debit_account, credit_account, amount_nanos, held_nanos, accounts, at)
    SELECT id, id, wallet, 1, wallet, 1, charge, 2 * charge, ARRAY[token, member, wallet], at FROM call ORDER BY at
"""
BALANCES = """
    UPDATE wallet_account a SET debits_posted = t.total
    FROM (
        SELECT x.id, sum(amount_nanos) AS total FROM wallet_transfer, unnest(accounts) AS x (id)
        WHERE kind = 1 GROUP BY 1
    ) t WHERE t.id = a.id
"""
CLOCK = """
    CREATE OR REPLACE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT clock_timestamp() - interval '{} day' $$
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    parser.add_argument("--wallets", type=int, default=1_000)
    asked = parser.parse_args()
    with _database():
        _measure(asked.transfers, asked.wallets)


@contextmanager
def _database() -> Iterator[None]:
    """A migrated database of its own, and Django on it."""
    server = postgres.start(STATE)
    try:
        os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", REDIS_URL="redis://127.0.0.1:1")
        os.environ["DATABASE_URL"] = databases.copy(server.url("postgres"), NAME)
        django.setup()
        yield
        connection.close()
        databases.drop(server.url("postgres"), NAME)
    finally:
        server.stop()


def _measure(transfers: int, wallets: int) -> None:
    day = transfers // 10
    size = {"wallets": wallets, "grant": 100_000 * (transfers // wallets + 1)}
    _ask(CLOCK.format(1))  # the first check is one of yesterday
    _fill(size, calls=transfers - day, begins=60, ends=1.01)
    say(f"{transfers:,} calls of {wallets:,} wallets with two limits each, and their usage records")
    _timed("first run", transfers - day)
    _timed("nothing new", 0)
    _ask(CLOCK.format(0))
    _fill(size, calls=day, begins=1, ends=0.01)
    _timed("a day more", day)
    _timed("--full", transfers, full=True)
    _ask("UPDATE wallet_account SET debits_posted = debits_posted + 1 WHERE id = (SELECT max(id) FROM wallet_account)")
    try:
        _timed("one nanocredit off", 0)
    except CommandError as error:
        say(f"found: {error}")
    else:
        raise AssertionError("nobody noticed a false nanocredit")


def _fill(size: dict[str, int], *, calls: int, begins: float, ends: float) -> None:
    at = clock.now()
    span: dict[str, Any] = {"begins": at - timedelta(begins), "ends": at - timedelta(ends), "calls": calls, **size}
    for table in ("wallet_transfer", "usage_record"):
        partitions.ensure_monthly(table, 3, at=span["begins"])
    if not _ask("SELECT count(*) FROM wallet_account WHERE kind = 1"):
        _ask(WALLETS, span)
        _ask(GRANTS, span)
    _ask(CALLS, span)
    _ask(BALANCES)
    _ask("SELECT count(wallet_tend_lots(id)) FROM wallet_account WHERE kind = 1")
    _ask("ANALYZE")


def _timed(what: str, transfers: int, *, full: bool = False) -> None:
    began, used = time.monotonic(), _cpu_seconds()
    try:
        call_command("verify_ledger", full=full, stdout=StringIO(), stderr=StringIO())
    finally:
        took, used = time.monotonic() - began, _cpu_seconds() - used
        each = f"; a million: {took / transfers * 1e6:.0f} s, CPU {used / transfers * 1e6:.0f} s" if transfers else ""
        say(f"{what:>20}: {took:5.1f} s, CPU {used:5.1f} s{each}")


def _cpu_seconds() -> float:
    """Of PostgreSQL and of this process; steadier than the clock where other work is done besides."""
    postmaster = int((Path(str(_ask("SHOW data_directory"))) / "postmaster.pid").read_text().split()[0])
    return cpu.seconds(postmaster) + time.process_time()


def _ask(text: str, parameters: dict[str, Any] | None = None) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(text, parameters)
        row = cursor.fetchone() if cursor.description else None
        cursor.execute("SET statement_timeout = '15s'")
    return row[0] if row else None


if __name__ == "__main__":
    main()
