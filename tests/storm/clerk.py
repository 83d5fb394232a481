"""Acts beside the calls, through the services, in a process of its own inside the site's environment.

Reads one act as JSON a line, answers one line. An act whose answer the database did not give is asked again under the
same key, as a payment provider's notification would be.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import django

django.setup()

from celery import Celery  # noqa: E402
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import InterfaceError, OperationalError, connection  # noqa: E402
from kombu.exceptions import OperationalError as BrokerAway  # noqa: E402

from apps.core import clock  # noqa: E402
from apps.wallet import services as wallet  # noqa: E402
from apps.wallet.errors import IdempotencyConflict, WalletError  # noqa: E402
from apps.wallet.models import TransferKind  # noqa: E402
from apps.wallet.types import LotTerms, Mandate  # noqa: E402
from config.celery import app  # noqa: E402

PAUSE_SECONDS = 0.2
LONGEST_SECONDS = 60
TASKS = ("relay.expire_holds", "wallet.drop_echoes", "wallet.tend", "usage.roll_up")

assert isinstance(app, Celery)


def grant(key: str, *, wallet_id: int, nanos: int, until: str | None, paid_minor: int) -> str:
    terms = LotTerms(
        spend_until=datetime.fromisoformat(until) if until else None,
        refund_until=datetime(2099, 1, 1, tzinfo=UTC) if paid_minor else None,
        paid_minor=paid_minor,
        currency="CNY" if paid_minor else "",
    )
    source = "purchase" if paid_minor else "gift"
    return str(wallet.grant_lot(wallet_id, _mandate(key), amount_nanos=nanos, source=source, terms=terms))


def refund_lot(key: str, *, lot_id: str) -> None:
    wallet.refund_lot(UUID(lot_id), _mandate(key), at=clock.now())


def withdraw_lot(key: str, *, lot_id: str) -> None:
    wallet.withdraw_lot(UUID(lot_id), _mandate(key))


def refund_charge(key: str, *, call_id: str, nanos: int) -> None:
    wallet.refund_charge(UUID(call_id), _mandate(key), amount_nanos=nanos)


def adjust(key: str, *, wallet_id: int, nanos: int) -> None:
    wallet.debit_adjustment(wallet_id, _mandate(key), amount_nanos=nanos)


def open_due(key: str, *, wallet_id: int, nanos: int) -> None:
    wallet.open_due(wallet_id, _mandate(key), amount_nanos=nanos, kind=TransferKind.STORAGE_FEE, since=clock.now())


def cancel_due(_: str, *, due: str) -> None:
    wallet.cancel_due(due, reason="storm")


def set_limit(_: str, *, account_id: int, nanos: int) -> None:
    wallet.set_limit(account_id, limit_nanos=nanos)


def set_free_only(_: str, *, wallet_id: int, is_on: bool) -> None:
    wallet.set_free_only(wallet_id, is_on=is_on)


def _mandate(key: str) -> Mandate:
    return Mandate(key, "storm", None)


def hurry(_: str) -> None:
    """What beat would queue once a minute."""
    for name in TASKS:
        app.send_task(name, retry=False)


def verify(_: str) -> list[str]:
    told = io.StringIO()
    try:
        call_command("verify_ledger", stdout=told, stderr=told)
    except CommandError:
        return [line for line in told.getvalue().splitlines() if line.startswith("Wrong: ")]
    return []


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        grant,
        refund_lot,
        withdraw_lot,
        refund_charge,
        adjust,
        open_due,
        cancel_due,
        set_limit,
        set_free_only,
        hurry,
        verify,
    )
}


def insisted(act: str, key: str, told: dict[str, Any]) -> dict[str, Any]:
    """What came of the act; what the ledger refuses is an answer too, unless it is a conflict of keys."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            return {"done": ACTS[act](key, **told)}
        except BrokerAway:
            return {"refused": "broker_away"}
        except IdempotencyConflict:
            raise
        except WalletError as refusal:
            return {"refused": refusal.code}
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def main() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        answer = insisted(told.pop("act"), told.pop("key"), told)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
