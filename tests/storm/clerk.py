"""Acts beside the calls, through the services, in a process of its own inside the site's environment.

Reads one act as JSON a line, answers one line. An act whose answer the database did not give is asked again under the
same key, as a payment provider's notification would be.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

django.setup()

from celery import Celery  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import InterfaceError, OperationalError, connection  # noqa: E402
from kombu.exceptions import OperationalError as BrokerAway  # noqa: E402

from apps.wallet import services as wallet  # noqa: E402
from apps.wallet.types import LotTerms  # noqa: E402
from config.celery import app  # noqa: E402

PAUSE_SECONDS = 0.2
LONGEST_SECONDS = 60
TASKS = ("relay.expire_holds", "wallet.drop_echoes", "usage.roll_up")

assert isinstance(app, Celery)


def grant(*, wallet_id: int, nanos: int, key: str, until: str | None) -> None:
    terms = LotTerms(spend_until=datetime.fromisoformat(until) if until else None)
    wallet.grant_lot(wallet_id, nanos, "gift", idempotency_key=key, reason="storm", actor=None, terms=terms)


def set_limit(*, account_id: int, nanos: int) -> None:
    wallet.set_limit(account_id, limit_nanos=nanos)


def hurry() -> None:
    """What beat would queue once a minute."""
    for name in TASKS:
        app.send_task(name, retry=False)


def verify() -> list[str]:
    told = io.StringIO()
    try:
        call_command("verify_ledger", stdout=told, stderr=told)
    except CommandError:
        return [line for line in told.getvalue().splitlines() if line.startswith("Wrong: ")]
    return []


ACTS: dict[str, Callable[..., Any]] = {"grant": grant, "set_limit": set_limit, "hurry": hurry, "verify": verify}


def insisted(act: str, told: dict[str, Any]) -> Any:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            return ACTS[act](**told)
        except BrokerAway:
            return None
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def main() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        answer = insisted(told.pop("act"), told)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
