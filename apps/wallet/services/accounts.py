"""Wallets and limits: opening, closing, changing them, and what the clock brings to them."""

from collections.abc import Iterable, Sequence

from django.db import DatabaseError, connection, transaction

from apps.core.billing_calendar import billing_zone
from apps.journal import services as journal
from apps.wallet import errors
from apps.wallet.execution import number, truth
from apps.wallet.models import Account, AccountKind
from apps.wallet.queries import due_accounts

DUE_AT_MOST = 50


def open_wallet(label: str, *, kind: int = AccountKind.WALLET) -> int:
    """A new, empty wallet; returns its account id."""
    return number("SELECT wallet_open(%s::smallint, NULL, %s, NULL)", kind, label)


def open_limit(
    wallet_id: int, *, kind: int, label: str, limit_nanos: int | None, refill: str = "", used_nanos: int = 0
) -> int:
    """An account that counts, and caps unless `limit_nanos` is None, what its calls take from the wallet.

    `refill` is a `Refill` or empty; `used_nanos` is what was used of the limit before it came here.
    """
    return number(
        "SELECT wallet_open(%s::smallint, %s, %s, %s, %s, %s, %s)",
        kind,
        wallet_id,
        label,
        limit_nanos,
        *_refilled(limit_nanos, refill),
        used_nanos,
    )


def set_limit(account_id: int, *, limit_nanos: int | None, refill: str = "") -> None:
    """Changes a limit; None lifts it. A limit below what is used blocks further calls. Safe to repeat.

    `refill` fills it up at each start of a day, a week or a month of `BILLING_TZ`; the first period starts empty.
    """
    if not truth("SELECT wallet_set_limit(%s, %s, %s, %s)", account_id, limit_nanos, *_refilled(limit_nanos, refill)):
        raise errors.UnknownAccount


def set_free_only(wallet_id: int, *, is_on: bool) -> None:
    """Turns "stop when free credit is used up" on or off, for the next call and those under way. Safe to repeat."""
    if not truth("SELECT wallet_set_free_only(%s, %s)", wallet_id, is_on):
        raise errors.UnknownAccount


def label_account(account_id: int, *, label: str) -> None:
    """Another name for staff to find the account by. Safe to repeat."""
    if not Account.objects.filter(pk=account_id).update(label=label):
        raise errors.UnknownAccount


def close_account(account_id: int) -> None:
    """No new hold on this account from the next statement on; calls under way finish. Safe to repeat."""
    if not truth("SELECT wallet_set_closed(%s, true)", account_id):
        raise errors.UnknownAccount


def reopen_account(account_id: int) -> None:
    if not truth("SELECT wallet_set_closed(%s, false)", account_id):
        raise errors.UnknownAccount


def lock_accounts(account_ids: Sequence[int]) -> None:
    """Locks all accounts of a use case, in ascending order, until its transaction ends. Call it once, first.

    What was due on them, such as the end of a lot, has happened when this returns.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT wallet_lock(%s)", [sorted(account_ids)])


def tend_accounts(account_ids: Iterable[int]) -> int:
    """Ends lots and refills limits of these accounts that are due now; returns how many were. Cheap when none is."""
    return number("SELECT wallet_tend_due(%s, %s)", list(account_ids), DUE_AT_MOST)


def tend_due(*, at_most: int = DUE_AT_MOST) -> int:
    """The same for any account, the longest due first: for those that nobody calls. Returns how many were met.

    An account that cannot be tended now, for instance because somebody holds its lock, does not stop the others.
    """
    due = due_accounts(at_most)
    try:
        with transaction.atomic():
            return tend_accounts(due)
    except DatabaseError:
        return sum(_was_tended(account_id) for account_id in due)


def _was_tended(account_id: int) -> bool:
    try:
        with transaction.atomic():
            return bool(tend_accounts([account_id]))
    except DatabaseError:
        journal.raise_alert("ledger-due", dedupe_key=f"ledger-due:{account_id}", details={"account": account_id})
        return False


def _refilled(limit_nanos: int | None, refill: str) -> tuple[str, str]:
    """The refill and its time zone; nothing refills what is not limited."""
    return (refill, billing_zone().key) if refill and limit_nanos is not None else ("", "")
