"""What the processes count, for `/metrics`. Counted where it happens, read in `config.health`; no money depends on it.

A label has few values: never an id, a model or a team.
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST

CALLS = Counter("sluice_calls", "Relayed calls by the HTTP status that the caller got.", ["status"])
REFUSALS = Counter("sluice_refusals", "Calls refused before they were sent, by error code.", ["code"])
SETTLE_LATE = Counter("sluice_settle_late", "End marks sent before their charge was committed.")
LOSSES = Counter("sluice_losses", "Charges that could not be taken in full and were booked as loss.")
LEDGER_BATCH_CALLS = Histogram(
    "sluice_ledger_batch_calls",
    "Calls that one ledger statement carried, by kind (authorise, settle).",
    ["kind"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200),
)
LEDGER_BATCH_SECONDS = Histogram(
    "sluice_ledger_batch_seconds",
    "From sending a ledger statement to its commit, by kind.",
    ["kind"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def as_text() -> bytes:
    """All of it in Prometheus' format; of every process of this machine when they share PROMETHEUS_MULTIPROC_DIR."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
