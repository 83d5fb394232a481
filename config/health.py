"""For who watches the processes: alive, ready, and what they counted. No user reads these."""

import hmac
import math
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import metrics as counted
from apps.core import partitions
from apps.core.clock import now
from apps.journal import queries as journal
from apps.journal.types import OutboxState, Run
from apps.relay import runtime
from apps.wallet import queries as wallet

LEDGER_JOB = "verify_ledger"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing about its stores: restarting us would not mend those."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this process should get calls now; names what is missing."""
    found = {name: _holds(is_ready) for name, is_ready in READINESS.items()}
    return JsonResponse({"ready": all(found.values()), "checks": found}, status=200 if all(found.values()) else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, of all processes of this machine when they share PROMETHEUS_MULTIPROC_DIR."""
    if not _may_read_metrics(request):
        return HttpResponseNotFound("not found\n", content_type="text/plain")
    return HttpResponse(counted.as_text() + _books_as_text(), content_type=counted.CONTENT_TYPE)


class Probes(MiddlewareMixin):
    """Answers who asks from inside, by address and without TLS, before hosts are compared and redirects made."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        view = PROBES.get(request.path_info)
        return view(request) if view else None


PROBES: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def _holds(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except DatabaseError:
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _has_room_next_month() -> bool:
    return not partitions.missing_next_month(at=now())


READINESS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _is_migrated,
    "partitions": _has_room_next_month,
    "snapshots": runtime.is_ready,
}


def _books_as_text() -> bytes:
    """What the database knows, asked anew each time; left out while it does not answer."""
    try:
        figures: dict[str, tuple[str, float]] = {
            "sluice_open_holds": ("Calls that hold money now.", wallet.open_holds()),
            "sluice_open_alerts": ("Operator alerts that nobody closed.", journal.open_alerts()),
            **_mail(journal.outbox_state("mail", at=now())),
            **_verification(journal.last_ended_run(LEDGER_JOB), journal.last_finished_run(LEDGER_JOB)),
        }
    except DatabaseError:
        return b""
    lines = [f"# HELP {name} {text}\n# TYPE {name} gauge\n{name} {_shown(n)}\n" for name, (text, n) in figures.items()]
    return "".join(lines).encode()


def _mail(state: OutboxState) -> dict[str, tuple[str, float]]:
    return {
        "sluice_mails_waiting": ("Mails that are neither sent nor given up.", state.waiting),
        "sluice_mail_oldest_seconds": ("Since the oldest of these was written.", state.oldest_seconds),
        "sluice_mails_given_up": ("Mails given up within 24 hours.", state.given_up),
    }


def _verification(last: Run | None, last_right: Run | None) -> dict[str, tuple[str, float]]:
    """What the ledger's last verification said, for alerts: without one, nothing is verified and it is overdue."""
    age = (now() - last.ended_at).total_seconds() if last and last.ended_at else math.inf
    through = datetime.fromisoformat(last_right.details["through"]).timestamp() if last_right else 0
    return {
        "sluice_ledger_broken": ("1 if the last verification found a rule broken.", bool(last and last.has_failed)),
        "sluice_ledger_violations": ("Rows that the last verification found wrong.", _violations_of(last)),
        "sluice_ledger_verified_through": ("Unix time before which all transfers are verified.", through),
        "sluice_ledger_verification_age_seconds": ("Since the last verification that came to its end.", age),
    }


def _shown(figure: float) -> str:
    return "+Inf" if figure == math.inf else str(int(figure))


def _violations_of(run: Run | None) -> int:
    return int(run.details.get("violations", 0)) if run else 0


def _may_read_metrics(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return bool(settings.DEBUG)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
