"""`python -m tests.bench [--quick]`: measures, prints a table and writes `docs/benchmarks.md`. Linux only (/proc)."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import listing
from tests.bench.phases import PHASES, held_memory, measure, say
from tests.bench.report import page, rows_of, table
from tests.bench.targets import running
from tests.live.site import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
NOTES = "\n## What the gaps are made of"


def _notes() -> str:
    """What somebody wrote about an earlier run: kept, to be read again against the new figures."""
    _, heading, notes = PAGE.read_text().partition(NOTES) if PAGE.exists() else ("", "", "")
    return heading + notes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round; writes no page")
    quick = parser.parse_args().quick
    rounds = 1 if quick else 3
    phases = [phase.quick() for phase in PHASES] if quick else PHASES
    state = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "bench"
    load_before = os.getloadavg()[0]
    with running(state) as targets:
        found = measure(targets, phases, rounds)
        held = {target.name: held_memory(target) for target in targets}
    rows = rows_of(found, held) + listing.rows_of(listing.listing_figures(state, rounds=40 if quick else 200))
    say("\n" + table(rows))
    if not quick:
        measured = page(rows, rounds=rounds, on=datetime.now(UTC).date(), load_before=load_before)
        PAGE.write_text(measured + _notes())
        say("\nWritten to docs/benchmarks.md")


if __name__ == "__main__":
    main()
