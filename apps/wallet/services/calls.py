"""Holds: authorise, extend, settle, void, expire."""

from datetime import datetime, timedelta
from uuid import UUID

from apps.wallet import errors, execution
from apps.wallet.batching import LEDGER_ONLY
from apps.wallet.execution import number, truth
from apps.wallet.types import HoldAnswer, HoldRequest, SettleEntry, Settlement, SettleStatement

EXPIRE_AT_MOST = 500
ECHO_AGE = "1 minute"


def authorise(request: HoldRequest, *, owner_id: int) -> HoldAnswer:
    """Sets money, a slot and tokens aside for a call, or says what refused. A repeat gets the same hold."""
    return execution.authorise(request, owner_id=owner_id)


def extend_hold(call_id: UUID, *, amount_nanos: int) -> HoldAnswer:
    """Raises a hold to at least this amount. A repeat changes nothing."""
    return execution.extend(call_id, amount_nanos=amount_nanos)


def settle_hold(entry: SettleEntry, *, statement: SettleStatement = LEDGER_ONLY) -> Settlement:
    """Charges a call once, however often it arrives. What the accounts cannot pay becomes a loss, with an alert."""
    return execution.settle(entry, statement=statement)


def void_hold(call_id: UUID) -> None:
    """Ends a call without a charge. A repeat, or a void after the charge, changes nothing."""
    execution.settle(call_id, statement=LEDGER_ONLY)


def hand_over_hold(call_id: UUID, *, owner_id: int, max_until: datetime, release_slot: bool) -> None:
    """Gives a hold to another owner, until a new latest end. Raises `HoldGone` when the call is over."""
    if not truth("SELECT wallet_hand_over(%s, %s, %s, %s)", call_id, owner_id, max_until, release_slot):
        raise errors.HoldGone


def expire_holds(*, at_most: int = EXPIRE_AT_MOST, patience: timedelta = timedelta(0)) -> int:
    """Ends holds of dead owners and those past their latest end; returns how many. Any process, any time.

    `patience`: how long ago a lease must have run out, for callers that cannot tell a dead owner from one that, like
    themselves, did not reach the database.
    """
    return number("SELECT wallet_expire(%s, make_interval(secs => %s))", at_most, int(patience.total_seconds()))


def drop_echoes() -> int:
    """Gives back holds of calls that ended already: a first delivery that arrived after its resend was settled."""
    return number("SELECT wallet_drop_echoes(%s::interval)", ECHO_AGE)


def charge_late(entry: SettleEntry) -> Settlement:
    """Charges a call whose hold is gone: takes what is there, books the rest as loss. Happens once a call."""
    return execution.settle(entry, statement=LEDGER_ONLY)
