"""Up to a limit one person decides; above it the database wants to see another one's approval."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.errors import ApprovalMismatch, ApprovalUsed
from apps.journal.models import AuditEntry, OperatorAlert
from apps.journal.types import ApprovalRequest
from apps.wallet import errors
from apps.wallet.services import authority
from apps.wallet.types import LotTerms, Mandate, StaffAct, StaffActName

pytestmark = pytest.mark.django_db
CREDIT = 1_000_000_000
ADA, BOB = 7, 8
WALLET = 40


def debit(credits: int, *, wallet: int = WALLET) -> StaffAct:  # noqa: A002
    return authority.debit(wallet, credits * CREDIT, key="k")


def record(credits: int, actor: int | None = ADA, approval: int | None = None, *, wallet: int = WALLET) -> None:  # noqa: A002
    mandate = Mandate("k", "a slip", actor, approval)
    authority.record(debit(credits, wallet=wallet), mandate, amount_nanos=credits * CREDIT, transfer_id=uuid7())


def approval_of(act: StaffAct) -> int:
    request = ApprovalRequest(act.name, "wallet", str(act.wallet_id), act.parameters, "a slip", ADA)
    approval_id = journal.request_approval(request, at=clock.now())
    journal.approve(approval_id, actor=BOB, at=clock.now())
    return approval_id


def test_up_to_the_limit_one_person_decides() -> None:
    record(1000)

    assert AuditEntry.objects.count() == 1


def test_above_the_limit_a_second_person_is_needed() -> None:
    act = debit(1000)

    with pytest.raises(errors.ApprovalNeeded) as caught:
        authority.record(act, Mandate("k", "a slip", ADA), amount_nanos=1_000_000_000_001, transfer_id=uuid7())

    assert caught.value.details["act"] == act
    assert not AuditEntry.objects.exists()


def test_the_platform_needs_no_approval() -> None:
    record(5000, None)

    assert not AuditEntry.objects.exists()


def test_the_limit_is_a_setting(settings: LazySettings) -> None:
    settings.APPROVAL_ABOVE_CREDITS = 0

    with pytest.raises(errors.ApprovalNeeded):
        record(1)


def test_an_approval_allows_exactly_its_act() -> None:
    approval_id = approval_of(debit(5000))

    with pytest.raises(ApprovalMismatch):
        authority.claim(debit(5001), Mandate("k", "a slip", ADA, approval_id))

    authority.claim(debit(5000), Mandate("k", "a slip", ADA, approval_id))


def test_an_approval_that_served_is_no_pass_for_another_key() -> None:
    approval_id = approval_of(debit(5000))
    authority.claim(debit(5000), Mandate("k", "a slip", ADA, approval_id))

    with pytest.raises(ApprovalUsed):
        authority.claim(debit(5000), Mandate("k", "a slip", ADA, approval_id))


def test_a_repeat_under_the_same_key_may_name_its_approval_again() -> None:
    approval_id = approval_of(debit(5000))
    authority.claim(debit(5000), Mandate("k", "a slip", ADA, approval_id))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO wallet_posting (key, digest, transfer_id, approval_id) VALUES ('k', '\\x00', %s, %s)",
            [uuid7(), approval_id],
        )

    authority.claim(debit(5000), Mandate("k", "a slip", ADA, approval_id))


def test_an_act_leaves_what_it_did_and_by_whose_approval() -> None:
    authority.record(debit(5), Mandate("k", "a slip", ADA, 12), amount_nanos=5 * CREDIT, transfer_id=UUID(int=3))

    line = AuditEntry.objects.get()
    assert (line.act, line.target, line.target_id, line.actor_id) == ("credits.adjusted", "wallet", "40", ADA)
    assert line.details == {
        "amount_nanos": 5_000_000_000,
        "key": "k",
        "credits": "5",
        "transfer": "00000000-0000-0000-0000-000000000003",
        "approval": 12,
    }


def test_an_amount_in_parts_that_pass_the_limit_together_raises_an_alert() -> None:
    record(500)
    record(500)
    assert not OperatorAlert.objects.exists()

    record(1)

    alert = OperatorAlert.objects.get()
    assert (alert.kind, alert.dedupe_key) == ("corrections-split", "corrections-split:40:7")
    assert alert.details == {"wallet": 40, "actor": 7, "credits": "1001", "acts": 3}


def test_parts_of_others_elsewhere_or_with_approval_do_not_count() -> None:
    record(600)

    record(600, BOB)
    record(600, None)
    record(600, ADA, 12)
    record(600, wallet=41)

    assert not OperatorAlert.objects.exists()


def test_what_is_approved_of_a_grant_is_all_that_decides_it() -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(microseconds=5)

    act = authority.grant(WALLET, 5 * CREDIT, source="adjustment", terms=LotTerms(spend_until=end), key="k")

    assert act.name == StaffActName.GRANT
    assert act.parameters == {
        "amount_nanos": 5_000_000_000,
        "source": "adjustment",
        "terms": {
            "spend_until": "2027-01-01T00:00:00.000005+00:00",
            "refund_until": None,
            "paid_minor": 0,
            "currency": "",
            "price_tier": "",
        },
        "key": "k",
    }
