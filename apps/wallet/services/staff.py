"""Acts of staff that post nothing: the plain act, and its line in the audit trail."""

from django.db import transaction

from apps.core.money import credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.wallet.models import Account, Due
from apps.wallet.queries import wallet_time
from apps.wallet.services import authority
from apps.wallet.services.accounts import set_free_only, set_limit
from apps.wallet.services.dues import cancel_due
from apps.wallet.types import Mandate


def cancel_due_by_staff(key: str, mandate: Mandate) -> bool:
    """Forgives a due in somebody's name; False when it is settled, cancelled or unknown.

    Raises what `authority` raises.
    """
    due = Due.objects.filter(key=key).first()
    if due is None:
        return False
    act = authority.due_cancellation(due.wallet_id, key, amount_nanos=due.amount_nanos)
    with transaction.atomic():
        authority.claim(act, mandate)
        if not cancel_due(key, reason=mandate.reason):
            return False
        authority.record(act, mandate, amount_nanos=due.amount_nanos, transfer_id=None)
    return True


def set_free_only_by_staff(wallet_id: int, *, is_on: bool, actor: int, reason: str) -> None:
    """Turns the switch for somebody else's wallet. Safe to repeat."""
    with transaction.atomic():
        set_free_only(wallet_id, is_on=is_on)
        _record("wallet.free_only", wallet_id, actor=actor, reason=reason, details={"on": is_on})


def set_limit_by_staff(account_id: int, *, limit_nanos: int | None, refill: str, actor: int, reason: str) -> None:
    """Changes a limit for somebody else. Safe to repeat."""
    shown = None if limit_nanos is None else credits_text(limit_nanos)
    with transaction.atomic():
        set_limit(account_id, limit_nanos=limit_nanos, refill=refill)
        _record("limit.changed", account_id, actor=actor, reason=reason, details={"limit": shown, "refill": refill})


def _record(act: str, account_id: int, *, actor: int, reason: str, details: dict[str, object]) -> None:
    """A limit is of the wallet that its calls take from."""
    scope = authority.scope_of(Account.objects.values_list("wallet_id", flat=True).get(pk=account_id))
    line = Act(act, authority.WALLET, str(account_id), actor_id=actor, reason=reason, details=details, scope=scope)
    journal.record_act(line, at=wallet_time())
