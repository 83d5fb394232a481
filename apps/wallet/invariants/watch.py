"""The watch over the ledger: every rule, every night, at the cost of what is new.

A run may be killed at any point and may meet another: sums move in transactions of their own, and only a run that came
to its end moves on what the rules of changed wallets begin with.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from apps.core.db import patient_transaction
from apps.wallet.invariants import accounts, checkpoints, lots, seals
from apps.wallet.invariants.rules import Rule
from apps.wallet.types import Violation

ALL: tuple[Rule, ...] = (*accounts.RULES, *lots.RULES)
AT_MOST = 20
HALF_FULL = (
    "SELECT id FROM wallet_account WHERE greatest(credits_posted, debits_posted) > 4611686018427387903 AND kind <> 10"
)
CHANGED_PAST = "the past of account {} is not what it was when it was verified"
_WALLETS_AT_ONCE = 2000
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_ALL_WALLETS = "SELECT id FROM wallet_account WHERE id = wallet_id AND kind <> 10 ORDER BY id"
_TOUCHED = """
    SELECT DISTINCT a.wallet_id FROM wallet_checkpoint c JOIN wallet_account a ON a.id = c.account_id
    WHERE c.last_at >= %(since)s
    UNION SELECT wallet_id FROM wallet_transfer WHERE at >= %(until)s
    UNION SELECT wallet_id FROM wallet_draw WHERE at >= %(since)s
    UNION SELECT id FROM wallet_account WHERE kept_nanos > 0 OR free_account_id IS NOT NULL
"""

Parameters = Mapping[str, Any]


def violations() -> list[str]:
    """One sentence for each row that breaks a rule, at most 20 a rule; empty when the ledger is right."""
    return [found.sentence for rule in ALL for found in _broken(rule, rule.whole())]


def warnings() -> list[str]:
    """What is still right and will not stay so."""
    with connection.cursor() as cursor:
        cursor.execute(f"{HALF_FULL} LIMIT {AT_MOST}")
        return [f"account {row[0]} has used half of what an account can count" for row in cursor.fetchall()]


def check(*, is_full: bool = False, again: Sequence[int] = ()) -> list[Violation]:
    """Asks every rule of what is new, and of the wallets `again`; a full check trusts nothing that was verified before.

    Safe to repeat, to kill, and to run twice at once. What changed stays new until the caller calls
    `note_checked` with an instant from before this.
    """
    until = checkpoints.settled_until()
    _sum_until(until)
    found = _broken_sums() if is_full else []
    if is_full:
        with patient_transaction():
            checkpoints.forget()
        _sum_until(until)
    found += _broken_sums() + _broken_at_once(is_full=is_full) + _broken_wallets(is_full=is_full, again=again)
    found += _broken_seals(until, is_full=is_full)
    return list(dict.fromkeys(found))


def note_checked(until: datetime) -> None:
    """What changed before `until` was checked and found right."""
    checkpoints.set_ruled(until)


def _sum_until(until: datetime) -> None:
    """Moves the checkpoints, span by span, each in a transaction of its own."""
    with patient_transaction():
        checkpoints.summarise()
    length: timedelta | None = checkpoints.SHORTEST
    while length:
        with patient_transaction():
            length = checkpoints.add_span(until, length)


def _broken_sums() -> list[Violation]:
    """What seems wrong from the checkpoints on is added up from all transfers of its wallet before it is told."""
    with patient_transaction():
        checkpoints.lock()
        span = _span()
        return [found for rule in ALL if rule.is_of_sums for found in _broken_sum(rule, span)]


def _broken_sum(rule: Rule, span: Parameters) -> list[Violation]:
    suspects = _rows(rule.since(), span, at_most=AT_MOST)
    if not suspects:
        return []
    wallets = {wallet for _, wallet in suspects}
    wrong = {key for key, _ in _rows(rule.of_wallets(), {"wallets": list(wallets)})}
    return [
        Violation((rule.sentence if key in wrong else CHANGED_PAST).format(key), wallet) for key, wallet in suspects
    ]


def _broken_at_once(*, is_full: bool) -> list[Violation]:
    found = []
    for rule in ALL:
        if not rule.is_of_sums and not rule.is_of_wallets:
            with patient_transaction():
                found += _broken(rule, rule.whole() if is_full else rule.since(), _span())
    return found


def _broken_wallets(*, is_full: bool, again: Sequence[int]) -> list[Violation]:
    """A batch of wallets a transaction: each statement is short, however many wallets there are."""
    with patient_transaction():
        wallets = _numbers(_ALL_WALLETS) if is_full else sorted({*_numbers(_TOUCHED, _span()), *again})
    found = []
    for first in range(0, len(wallets), _WALLETS_AT_ONCE):
        batch = {"wallets": wallets[first : first + _WALLETS_AT_ONCE]}
        with patient_transaction():
            found += [one for rule in ALL if rule.is_of_wallets for one in _broken(rule, rule.of_wallets(), batch)]
    return found


def _broken_seals(at: datetime, *, is_full: bool) -> list[Violation]:
    """Compares one sealed month, or all; then seals what has closed since."""
    found = []
    for month in seals.next_to_compare(None if is_full else 1):
        with patient_transaction():
            found += [] if seals.is_unchanged(month) else [Violation(seals.SENTENCE.format(month))]
    for month in seals.unsealed(at):
        with patient_transaction():
            seals.seal(month)
    return found


def _span() -> Parameters:
    """Where the checkpoints end, and since when changed wallets have not met the rules."""
    mark = checkpoints.mark()
    return (
        {"until": mark.summed_until, "since": mark.ruled_until} if mark else {"until": _BEGINNING, "since": _BEGINNING}
    )


def _broken(rule: Rule, query: str, parameters: Parameters | None = None) -> list[Violation]:
    rows = _rows(query, parameters, at_most=AT_MOST)
    return [Violation(rule.sentence.format(key), wallet) for key, wallet in rows]


def _rows(query: str, parameters: Parameters | None = None, *, at_most: int | None = None) -> list[tuple[object, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {at_most}" if at_most else query, parameters)
        return [(row[0], row[1]) for row in cursor.fetchall()]


def _numbers(query: str, parameters: Parameters | None = None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [int(row[0]) for row in cursor.fetchall()]
