"""One person asks, another allows, and the permission serves once, for exactly what was asked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.core import clock
from apps.journal import errors, queries, tasks
from apps.journal import services as journal
from apps.journal.models import Approval, AuditEntry
from apps.journal.types import ApprovalRequest

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ADA, BOB = 7, 8
WITH: dict[str, object] = {"amount_nanos": 5_000_000_000_000, "key": "staff-grant:1"}


def asked(**parameters: object) -> int:
    request = ApprovalRequest("wallet.grant", "wallet", "40", WITH | parameters, "goodwill", ADA)
    return journal.request_approval(request, at=NOON)


def approved(**parameters: object) -> int:
    approval_id = asked(**parameters)
    journal.approve(approval_id, actor=BOB, at=LATER)
    return approval_id


def use(approval_id: int, *, act: str = "wallet.grant", target_id: str = "40", **parameters: object) -> None:
    journal.use_approval(approval_id, act=act, target_id=target_id, parameters=WITH | parameters, at=LATER)


def test_an_approved_request_serves_once() -> None:
    approval_id = approved()

    use(approval_id)

    assert queries.approval_by_id(approval_id, at=LATER).status == "carried_out"
    with pytest.raises(errors.ApprovalUsed):
        use(approval_id)


def test_an_act_that_fails_frees_its_approval() -> None:
    approval_id = approved()

    with transaction.atomic():
        use(approval_id)
        transaction.set_rollback(True)

    assert queries.approval_by_id(approval_id, at=LATER).status == "approved"
    use(approval_id)


def test_what_nobody_approved_does_not_serve() -> None:
    with pytest.raises(errors.ApprovalMissing):
        use(asked())
    with pytest.raises(errors.ApprovalMissing):
        use(1)


@pytest.mark.parametrize(
    "other",
    [{"amount_nanos": 5_000_000_000_001}, {"act": "wallet.debit"}, {"target_id": "41"}, {"more": 1}],
)
def test_an_approval_is_for_exactly_what_was_asked(other: dict[str, object]) -> None:
    approval_id = approved()

    with pytest.raises(errors.ApprovalMismatch):
        use(approval_id, **other)  # type: ignore[arg-type]

    use(approval_id)


def test_nobody_approves_their_own_request() -> None:
    approval_id = asked()

    with pytest.raises(errors.ApprovalOwn):
        journal.approve(approval_id, actor=ADA, at=LATER)

    assert queries.approval_by_id(approval_id, at=LATER).status == "pending"


def test_a_refused_request_is_never_approved() -> None:
    approval_id = asked()
    journal.refuse(approval_id, actor=BOB, at=LATER, reason="no such promise")

    with pytest.raises(errors.ApprovalDecided):
        journal.approve(approval_id, actor=BOB, at=LATER)
    with pytest.raises(errors.ApprovalDecided):
        journal.refuse(approval_id, actor=BOB, at=LATER, reason="again")
    with pytest.raises(errors.ApprovalMissing):
        use(approval_id)


def test_who_asked_may_take_the_request_back() -> None:
    approval_id = asked()

    journal.refuse(approval_id, actor=ADA, at=LATER, reason="a slip")

    assert queries.approval_by_id(approval_id, at=LATER).status == "refused"


def test_asking_twice_makes_one_request_until_it_is_decided() -> None:
    first = asked()

    assert asked() == first
    assert asked(amount_nanos=1) != first
    journal.refuse(first, actor=BOB, at=LATER, reason="no")
    assert asked() != first


def test_a_request_ends_after_seven_days_and_is_refused_by_nobody() -> None:
    pending, unused = asked(), approved(key="staff-grant:2")
    end = NOON + timedelta(days=7)

    with pytest.raises(errors.ApprovalDecided):
        journal.approve(pending, actor=BOB, at=end)
    with pytest.raises(errors.ApprovalMissing):
        journal.use_approval(
            unused, act="wallet.grant", target_id="40", parameters=WITH | {"key": "staff-grant:2"}, at=end
        )

    assert journal.refuse_expired_approvals(at=end - timedelta(microseconds=1)) == 0
    assert journal.refuse_expired_approvals(at=end) == 1
    assert journal.refuse_expired_approvals(at=end) == 0
    row = Approval.objects.get(pk=pending)
    assert (row.refused_by_id, row.refused_at, row.refuse_reason) == (None, end, "nobody decided within seven days")
    assert queries.approval_by_id(unused, at=end).status == "expired"


def test_the_sweep_runs_twice_and_refuses_once() -> None:
    long_ago = clock.now() - timedelta(days=8)
    journal.request_approval(ApprovalRequest("wallet.grant", "wallet", "40", WITH, "goodwill", ADA), at=long_ago)

    assert tasks.refuse_expired_approvals() == 1
    assert tasks.refuse_expired_approvals(unknown="keyword") == 0


def test_each_step_leaves_its_line_in_the_audit_trail() -> None:
    approved()
    journal.refuse(asked(amount_nanos=1), actor=BOB, at=LATER, reason="no")

    lines = AuditEntry.objects.order_by("id").values_list("act", "actor_id", "reason")
    assert list(lines) == [
        ("approval.requested", ADA, "goodwill"),
        ("approval.approved", BOB, "goodwill"),
        ("approval.requested", ADA, "goodwill"),
        ("approval.refused", BOB, "no"),
    ]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("approval_by_another_person", "approved_by_id = requested_by_id, approved_at = requested_at"),
        ("approval_by_somebody", "approved_at = requested_at"),
        ("approval_by_somebody", "approved_by_id = 8"),
        ("approval_used_only_if_approved", "used_at = requested_at"),
        ("approval_refused_in_full", "refused_by_id = 8"),
        ("approval_in_time", "approved_by_id = 8, approved_at = expires_at"),
        (
            "approval_approved_or_refused",
            "approved_by_id = 8, approved_at = requested_at, refused_by_id = 9, refused_at = requested_at",
        ),
    ],
)
def test_the_database_itself_refuses_a_crooked_decision(constraint: str, change: str) -> None:
    approval_id = asked()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE journal_approval SET {change} WHERE id = %s", [approval_id])


def test_the_database_itself_refuses_a_request_without_digest() -> None:
    row = Approval(act="a", target="t", target_id="1", parameters={}, digest=b"", reason="r", requested_by_id=ADA)
    row.requested_at, row.expires_at = NOON, LATER

    with pytest.raises(IntegrityError, match="approval_has_digest"), transaction.atomic():
        row.save()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_approval SET parameters = '{}'",
        "UPDATE journal_approval SET target_id = '41'",
        "UPDATE journal_approval SET requested_by_id = 9",
        "UPDATE journal_approval SET digest = '\\x00'",
        "UPDATE journal_approval SET expires_at = expires_at + interval '1 day'",
        "UPDATE journal_approval SET approved_by_id = 9",
        "UPDATE journal_approval SET approved_by_id = NULL, approved_at = NULL, used_at = NULL",
        "UPDATE journal_approval SET used_at = NULL",
        "DELETE FROM journal_approval",
        "TRUNCATE journal_approval",
    ],
)
def test_the_database_itself_keeps_requests_and_decisions_as_they_are(statement: str) -> None:
    use(approved())

    with (
        pytest.raises(DatabaseError, match=r"cannot be changed|kept for good|serves once"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_json_cannot_say_is_no_parameter() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        asked(amount=float("nan"))
