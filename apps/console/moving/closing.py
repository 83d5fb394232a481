"""The import's beginning, which fixes its rate, and its end, which is final: two lines of the audit trail.

Nobody can change or delete those, so neither can be taken back.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from apps.console.moving.errors import MovingBusy, MovingClosed
from apps.console.moving.quota_rate import QuotaRate
from apps.core.locks import lock_for_transaction
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries as marketplace
from apps.wallet.errors import StandardQuotaGone

BEGUN: Final = "balances.import_begun"
CLOSED: Final = "balances.import_closed"
_LOCK: Final = "import of balances"
_TARGET: Final = "import"
_TARGET_ID: Final = "balances"


@dataclass(frozen=True, slots=True)
class RateInUse:
    """`begun_at`: when the first import fixed it; None while nothing has been imported."""

    rate: QuotaRate
    begun_at: datetime | None


def closed_at() -> datetime | None:
    """When the import was ended for good."""
    line = journal_queries.first_act(CLOSED, target=_TARGET, target_id=_TARGET_ID)
    return None if line is None else line.at


def refuse_closed() -> None:
    """Raises `MovingClosed` once the import was ended."""
    at = closed_at()
    if at is not None:
        raise MovingClosed(
            f"{StandardQuotaGone.text} The import of balances was closed for good on {at:%Y-%m-%d %H:%M} UTC; "
            "recharge balances and tokens are not imported any more either."
        )


def close_import(*, at: datetime, reason: str) -> bool:
    """Ends the import for good; False when it was ended before. Waits for an import that is writing."""
    with transaction.atomic(durable=True):
        _wait_for_others()
        if closed_at() is not None:
            return False
        journal.record_act(Act(CLOSED, _TARGET, _TARGET_ID, reason=reason), at=at)
    return True


def rate_in_use(*, at: datetime) -> RateInUse:
    """The rate of the first import for ever after: a row that comes again must say the same again."""
    line = journal_queries.first_act(BEGUN, target=_TARGET, target_id=_TARGET_ID)
    if line is not None:
        return RateInUse(QuotaRate.of(Decimal(str(line.details["credits_per_usd"]))), line.at)
    return RateInUse(QuotaRate.of(marketplace.credit_rate("USD", at=at).credits_per_unit), None)


def enter(rate: QuotaRate, *, at: datetime) -> None:
    """What every batch does first, in its transaction: waits for the one before, refuses after the end, and fixes the
    rate at the very first. Raises `MovingClosed`, also when another import has begun at another rate meanwhile.
    """
    _wait_for_others()
    refuse_closed()
    in_use = rate_in_use(at=at)
    if in_use.begun_at is None:
        details = {"credits_per_usd": f"{rate.credits_per_usd.normalize():f}"}
        journal.record_act(Act(BEGUN, _TARGET, _TARGET_ID, details=details), at=at)
    elif in_use.rate.credits_per_usd != rate.credits_per_usd:
        raise MovingClosed("Another import has begun at another rate meanwhile. Run this one again.")


def _wait_for_others() -> None:
    """Raises `MovingBusy` when that takes longer than the database lets a statement wait."""
    try:
        lock_for_transaction(_LOCK)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise MovingBusy(
                "Another import is writing. Wait until it has ended, then run this again: nothing is imported twice."
            ) from None
        raise
