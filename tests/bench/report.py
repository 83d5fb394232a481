"""The figures as a table, in words that say what they mean, and as `docs/benchmarks.md`."""

from datetime import date
from typing import Any

from tests.bench import cpu
from tests.bench.phases import HELD, Measured, middle
from tests.bench.targets import CAN_PIN

OURS, BARE = "Sluice", "forwarder"
Row = tuple[str, str, str, str, str]
"""What, ours, the forwarder's, the relation, the target."""


def rows_of(found: Measured, held: dict[str, dict[str, Any]]) -> list[Row]:
    busy, rows = "64 callers", list[Row]()
    rows.append(_ratio(found, busy, "web CPU a plain call, 64 callers", "≤ 4 ×"))
    postgres = middle(found[busy][OURS], "cpu_us", "postgres")
    rows.append(("PostgreSQL CPU a plain call, 64 callers", f"{postgres:.0f} µs", "", "", "≤ 100 µs"))
    for phase in ("32 callers", busy):
        rows.append(_rate(found, phase, "calls_per_second", f"plain calls a second, {phase}"))
    for phase, p50, p99 in (("1 caller", "≤ 8 ms", ""), ("32 callers", "≤ 5 ms", "≤ 20 ms"), (busy, "", "")):
        rows += [_added(found, phase, "p50", p50), _added(found, phase, "p99", p99)]
    for phase in ("40-chunk streams", "200-chunk streams"):
        rows.append(_ratio(found, phase, f"web CPU a stream, {phase}", "≤ 1.4 ×"))
    rows.append(_rate(found, "200-chunk streams", "events_per_second", "streamed chunks a second, paced at 5 ms"))
    rows.append(_chunks_a_core(found))
    ours, bare = held[OURS], held[BARE]
    what = f"memory with {ours['open']} streams open ({HELD} asked)"
    rows.append((what, f"{ours['mib']:.0f} MiB", f"{bare['mib']:.0f} MiB", "", "≤ 150 MiB"))
    rows.append(("memory before", f"{ours['mib_before']:.0f} MiB", f"{bare['mib_before']:.0f} MiB", "", ""))
    return rows


def _ratio(found: Measured, phase: str, what: str, target: str) -> Row:
    ours, bare = (middle(found[phase][name], "cpu_us", "web") for name in (OURS, BARE))
    return what, f"{ours:.0f} µs", f"{bare:.0f} µs", f"{ours / bare:.2f} ×", target


def _rate(found: Measured, phase: str, key: str, what: str) -> Row:
    ours, bare = (middle(found[phase][name], key) for name in (OURS, BARE))
    return what, f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f} ×", ""


def _added(found: Measured, phase: str, quantile: str, target: str) -> Row:
    ours, bare = (middle(found[phase][name], f"{quantile}_ms") for name in (OURS, BARE))
    return f"latency {quantile}, {phase}", f"{ours:.2f} ms", f"{bare:.2f} ms", f"{ours - bare:+.2f} ms", target


def _chunks_a_core(found: Measured) -> Row:
    """What one core could carry, from the CPU of a 200-chunk stream."""
    ours, bare = (203e6 / middle(found["200-chunk streams"][name], "cpu_us", "web") for name in (OURS, BARE))
    return "streamed chunks a second and core, from CPU", f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f} ×", ""


def table(rows: list[Row]) -> str:
    head = ("", "Sluice", "bare forwarder", "relation", "target")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(5)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
             for row in [head, *rows]]  # fmt: skip
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def page(rows: list[Row], *, rounds: int, on: date, load_before: float) -> str:
    pinned = (
        "The server under test has one core; upstream double and load generator share the other. PostgreSQL runs where "
        "the system puts it."
        if CAN_PIN
        else "Nothing was pinned to a core: the latencies are those of a crowded machine."
    )
    return f"""# Benchmarks

`./sluice bench` measures what a call costs in Sluice beside a bare forwarder: uvicorn and the least HTTP client that
can forward, without a key, a check, a limit or a charge. Both forward to the same upstream double under the same load,
in turns within one run, so that the relations hold although the figures are those of one machine.

{on:%d %B %Y}, {cpu.machine()}; load average before the run: {load_before:.1f} (above 0.5, other work took part in
the latencies). One web process, {rounds} rounds, medians. {pinned}
Sluice runs as in production: DEBUG off, every call authenticated, held, limited by requests and tokens a minute and by
concurrency, charged, and recorded with all usage columns, in PostgreSQL with `fsync` and `synchronous_commit` on; an
answer's end leaves after the commit of its charge. CPU is user and system time from `/proc`, children included.

{table(rows)}

Latencies are those of one whole call; the relation column shows what Sluice adds. "Streamed chunks a second" is
bounded by the pace of the upstream; the row after it says what a core could carry.
"""
