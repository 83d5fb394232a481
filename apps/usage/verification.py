"""The whole check of the books: the ledger's own rules, and that calls were charged what their records say.

It lives here because the wallet does not know what a call was for.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.db import patient_transaction
from apps.core.locks import lock_for_transaction
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.wallet import services as wallet
from apps.wallet.types import Violation

JOB = "verify_ledger"
ALERT = "ledger"
SHOWN = 20
# What an open alert remembers for the next runs. More than this at once is no case for one by one.
REMEMBERED = 500
SENTENCE = "call {} was charged something else than its record"

_MISCHARGED = """
    SELECT coalesce(u.id, t.hold_id)
    FROM (
        SELECT hold_id, sum(amount_nanos) AS charged FROM wallet_transfer WHERE kind IN (1, 4) {posted} GROUP BY hold_id
    ) t FULL JOIN (SELECT id, charge_nanos FROM usage_record WHERE {recorded}) u ON u.id = t.hold_id
    WHERE coalesce(t.charged, 0) <> coalesce(u.charge_nanos, 0)
    LIMIT %(at_most)s
"""
_ANYTIME = _MISCHARGED.format(posted="", recorded="true")
_BETWEEN = _MISCHARGED.format(
    posted="AND at >= %(from)s AND at < %(to)s", recorded="settled_at >= %(from)s AND settled_at < %(to)s"
)
# The legs of a call have ids derived from its own, so one call is found without looking at any other.
_OF_CALLS = """
    SELECT c.id
    FROM unnest(%(calls)s::uuid[]) AS c (id)
        LEFT JOIN usage_record u ON u.id = c.id
        LEFT JOIN LATERAL (
            SELECT sum(t.amount_nanos) AS charged FROM wallet_transfer t
            WHERE t.id IN (c.id, wallet_leg_id(c.id, 'late')) AND t.kind IN (1, 4)
        ) t ON true
    WHERE coalesce(t.charged, 0) <> coalesce(u.charge_nanos, 0)
"""
_BEGINS = """
    SELECT coalesce((SELECT charges_match_before FROM usage_verificationmark),
        least((SELECT min(settled_at) FROM usage_record), (SELECT min(at) FROM wallet_transfer)), %s)
"""
_MOVE = """
    INSERT INTO usage_verificationmark (id, charges_match_before) VALUES (1, %s)
    ON CONFLICT (id) DO UPDATE SET charges_match_before = excluded.charges_match_before
"""
_FORGET = "DELETE FROM usage_verificationmark"
_SHORTEST = timedelta(hours=1)
_LONGEST = timedelta(days=30)
_FEW = 50_000
_COUNTED = "SELECT count(*) FROM (SELECT 1 FROM usage_record WHERE settled_at >= %s AND settled_at < %s LIMIT %s) r"


@dataclass(frozen=True, slots=True)
class Books:
    """What one check found: sentences, and the wallets and calls that the next one looks at again."""

    violations: tuple[str, ...] = ()
    wallets: tuple[int, ...] = ()
    calls: tuple[UUID, ...] = ()


def violations() -> list[str]:
    """A sentence for each row that is wrong, from everything there is; empty when the books are right."""
    with patient_transaction():
        calls = _calls(_ANYTIME, {"at_most": SHOWN})
    return wallet.ledger_violations() + [SENTENCE.format(call) for call in calls]


def verify_ledger(*, now: Callable[[], datetime], is_full: bool = False) -> Books:
    """Checks what is new in the books, records the run, and makes an operator alert of what is wrong.

    What is wrong in the ledger is told until it is right. A call that was charged wrongly stays so, and is told until a
    person closes the alert. Safe to repeat, to kill and to run twice
    at once; `is_full` trusts nothing that was verified before.
    """
    run = journal.start_run(JOB, at=now())
    until = wallet.complete_until()
    known = _known()
    found = wallet.check_ledger(is_full=is_full, again=known.wallets)
    books = _books(found, _mischarged(until, known=known, is_full=is_full))
    if books.violations:
        journal.raise_alert(ALERT, dedupe_key=JOB, details=_told(books))
    if not found:
        wallet.note_checked(until)
    details = {"violations": len(books.violations), "through": until.isoformat(), "full": is_full}
    journal.end_run(run, outcome="failed" if books.violations else "finished", at=now(), details=details)
    return books


def _known() -> Books:
    """What the open alert tells of, if there is one."""
    details = journal_queries.open_alert_details(JOB)
    return Books(
        violations=tuple(details.get("violations", ())),
        wallets=tuple(details.get("wallets", ())),
        calls=tuple(UUID(call) for call in details.get("calls", ())),
    )


def _books(found: Sequence[Violation], calls: Collection[UUID]) -> Books:
    sentences = [one.sentence for one in found] + [SENTENCE.format(call) for call in sorted(calls)]
    wallets = {one.wallet_id for one in found if one.wallet_id is not None}
    return Books(tuple(sentences), tuple(sorted(wallets)), tuple(sorted(calls)))


def _told(books: Books) -> dict[str, object]:
    return {
        "violations": list(books.violations[:SHOWN]),
        "count": len(books.violations),
        "wallets": list(books.wallets[:REMEMBERED]),
        "calls": [str(call) for call in books.calls[:REMEMBERED]],
    }


def _mischarged(until: datetime, *, known: Books, is_full: bool) -> list[UUID]:
    """Calls charged something else than their record, among the new ones and those known to be wrong."""
    if is_full:
        with patient_transaction(), connection.cursor() as cursor:
            cursor.execute(_FORGET)
    length: timedelta | None = _SHORTEST
    while length:
        length, wrong = _compare_span(until, length, known=known)
        known = replace(known, calls=(*known.calls, *wrong))
    with patient_transaction():
        return _still_wrong(known.calls)


def _compare_span(until: datetime, length: timedelta, *, known: Books) -> tuple[timedelta | None, list[UUID]]:
    """The wrong calls of one span, and how long the next may be; None when `until` is reached.

    What is wrong is told in the transaction that moves the mark on, so that a run that is killed forgets nothing. A
    call whose charge and record lie on two sides of a bound is a suspect of both spans, and asked about exactly.
    """
    with patient_transaction(), connection.cursor() as cursor:
        lock_for_transaction("usage.verification")
        cursor.execute(_BEGINS, [until])
        (begins,) = cursor.fetchone()
        ends = min(begins + length, until)
        if ends <= begins:
            return None, []
        wrong = _still_wrong(_calls(_BETWEEN, {"from": begins, "to": ends, "at_most": REMEMBERED}))
        if wrong:
            calls = (*known.calls, *wrong)
            told = (*known.violations, *(SENTENCE.format(call) for call in wrong))
            journal.raise_alert(ALERT, dedupe_key=JOB, details=_told(Books(told, known.wallets, calls)))
        cursor.execute(_MOVE, [ends])
        cursor.execute(_COUNTED, [begins, ends, _FEW])
        (records,) = cursor.fetchone()
    return (_SHORTEST if records >= _FEW else min(length * 2, _LONGEST)), wrong


def _still_wrong(calls: Collection[UUID]) -> list[UUID]:
    return _calls(_OF_CALLS, {"calls": sorted(set(calls))}) if calls else []


def _calls(query: str, parameters: Mapping[str, Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [row[0] for row in cursor.fetchall()]
