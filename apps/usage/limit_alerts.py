"""Tells people when half, four fifths and all of a limit is used: tokens and budgets alike, once a step and period."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.accounts import services as accounts
from apps.core.locks import lock_for_transaction
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.teams import queries as teams
from apps.teams.types import PeopleToTell
from apps.usage.types import BUDGET_KINDS, PassedStep
from apps.wallet.queries import USED_LIMITS
from apps.wallet.types import LimitKind

AT_ONCE = 500
# Where a limit of this kind is seen and changed.
PATHS = {LimitKind.TOKEN: "/console/tokens", LimitKind.MEMBER: "/console/team", LimitKind.TEAM: "/console/team"}
OTHER_PATH = "/console/"

# Whole numbers only: a limit may be as large as the column, and a hundred times that is not. What is rounded down is
# the part that is left, so a step is passed at exactly its share and not a nanocredit before.
_HALF_USED = "used_nanos >= limit_nanos - limit_nanos / 2"
_STEP = """
    CASE WHEN used_nanos >= limit_nanos THEN 100 WHEN used_nanos >= limit_nanos - limit_nanos / 5 THEN 80 ELSE 50 END
"""

# Reads every limit: 0.2 s a minute for 100,000 of them, half of them past a step, on two busy cores. An index would
# have to follow what each call writes, and would cost every call more than that.
_TELL = f"""
    WITH passed AS MATERIALIZED (
        SELECT * FROM (
            SELECT u.*, {_STEP} AS percent FROM ({USED_LIMITS}) AS u WHERE {_HALF_USED}
        ) AS step
        WHERE NOT EXISTS (
            SELECT 1 FROM usage_limitalert k
            WHERE k.account_id = step.account_id AND k.base_nanos = step.base_nanos AND k.percent >= step.percent
        )
        LIMIT %(at_once)s
    ), told AS (
        INSERT INTO usage_limitalert AS known (account_id, base_nanos, percent, told_at)
        SELECT account_id, base_nanos, percent, %(at)s FROM passed
        ON CONFLICT (account_id) DO UPDATE
            SET base_nanos = excluded.base_nanos, percent = excluded.percent, told_at = excluded.told_at
        RETURNING account_id
    )
    SELECT account_id, wallet_id, kind, label, base_nanos, limit_nanos, used_nanos, resets_at, percent
    FROM passed JOIN told USING (account_id) ORDER BY account_id
"""  # noqa: S608  constants

# A limit that was raised so far that less than half of it is used is a new one to whoever reads about it.
_FORGET_RAISED = f"""
    DELETE FROM usage_limitalert k USING ({USED_LIMITS}) AS u
    WHERE k.account_id = u.account_id AND k.base_nanos = u.base_nanos AND NOT {_HALF_USED}
"""  # noqa: S608  constants

_TAKE_AS_TOLD = f"""
    INSERT INTO usage_limitalert (account_id, base_nanos, percent, told_at)
    SELECT account_id, base_nanos, {_STEP}, %(at)s FROM ({USED_LIMITS}) AS u
    WHERE account_id = ANY (%(accounts)s) AND {_HALF_USED}
    ON CONFLICT (account_id) DO NOTHING
"""  # noqa: S608  constants


def take_limits_as_told(account_ids: Sequence[int], *, at: datetime) -> None:
    """Tells nobody of what was used before these limits came here; the next step is told. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_AS_TOLD, {"at": at, "accounts": list(account_ids)})


def tell_of_limits(*, at: datetime) -> int:
    """One message for each limit that passed a step, to each person who answers for its wallet, and for a member's
    budget to that member too; how many limits did.

    Safe to repeat, late or twice at once: what was told stands in a row that moves with the messages, behind a lock.
    Of several steps passed since the last time the highest is told. A step is told once a period; the next period tells
    again, and so does a limit that was raised to more than twice what is used.
    """
    _forget_raised()
    told = 0
    while True:
        passed = _tell_some(at)
        told += passed
        if passed < AT_ONCE:
            return told


def _forget_raised() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        lock_for_transaction("usage.limit_alerts")
        cursor.execute(_FORGET_RAISED)


def _tell_some(at: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        lock_for_transaction("usage.limit_alerts")
        cursor.execute(_TELL, {"at": at, "at_once": AT_ONCE})
        steps = [PassedStep(*row) for row in cursor.fetchall()]
        people = teams.people_to_tell({step.wallet_id for step in steps})
        members = teams.members_behind([step.account_id for step in steps if step.kind == LimitKind.MEMBER])
        for step in steps:
            if step.wallet_id in people:
                _tell(step, people[step.wallet_id], member_id=members.get(step.account_id), at=at)
    return len(steps)


def _tell(step: PassedStep, told: PeopleToTell, *, member_id: int | None, at: datetime) -> None:
    """A mail to each person, one to a member who is told for both reasons, and an event for the team's webhooks."""
    kind = next(kind for kind in BUDGET_KINDS if kind.code == f"budget.{step.percent}")
    key = f"budget:{step.account_id}:{step.base_nanos}:{step.limit_nanos}:{step.percent}"
    content = _content(step, told)
    path = PATHS.get(LimitKind(step.kind), OTHER_PATH)
    shown = {**content, "account": step.account_id, "team_name": told.name, "path": path}
    readers = {*told.user_ids, *([] if member_id is None else [member_id])}
    accounts.notify(readers, kind, payload=shown, dedupe_key=key, at=at)
    journal.queue_event(told.team, kind.code, payload=content, dedupe_key=key, at=at)


def _content(step: PassedStep, told: PeopleToTell) -> dict[str, object]:
    return {
        "team": told.team,
        "limit_of": LimitKind(step.kind).name.lower(),
        "name": step.label,
        "percent": step.percent,
        "used": credits_text(step.used_nanos),
        "limit": credits_text(step.limit_nanos),
        "resets_at": step.resets_at.isoformat() if step.resets_at else None,
    }
