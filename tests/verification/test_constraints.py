"""The database refuses what no service would write: states without their facts, and ways that lead nowhere."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.teams.types import TeamAccess
from apps.verification import services
from apps.verification.models import Subject, Verification
from tests.verification.papers import NOON, apply, apply_for, approve, reject, reviewer

pytestmark = pytest.mark.django_db


def change(row: Verification, **fields: Any) -> None:
    with transaction.atomic():
        Verification.objects.filter(pk=row.pk).update(**fields)


@pytest.fixture
def submitted(ada: User) -> Verification:
    return apply(ada)


@pytest.fixture
def approved(submitted: Verification) -> Verification:
    approve(submitted)
    return submitted


@pytest.fixture
def rejected(submitted: Verification) -> Verification:
    reject(submitted)
    return submitted


@pytest.mark.parametrize(
    "fields",
    [
        {"approved_at": NOON},
        {"rejected_at": NOON},
        {"revoked_at": NOON},
        {"waits_for": ""},
        {"reason_code": "expired"},
        {"reason": "why"},
        {"decided_by_id": 7},
    ],
)
def test_what_is_submitted_is_undecided(submitted: Verification, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="verification_state_in_full"):
        change(submitted, **fields)


@pytest.mark.parametrize(
    "fields", [{"approved_at": None}, {"rejected_at": NOON}, {"revoked_at": NOON}, {"waits_for": "person"}]
)
def test_what_is_approved_has_its_instant_and_waits_for_nothing(approved: Verification, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="verification_state_in_full"):
        change(approved, **fields)


@pytest.mark.parametrize(
    "fields", [{"rejected_at": None}, {"reason_code": ""}, {"reason_code": "mood"}, {"approved_at": NOON}]
)
def test_what_is_rejected_has_its_reason(rejected: Verification, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="verification_state_in_full"):
        change(rejected, **fields)


@pytest.mark.parametrize("fields", [{"reason": ""}, {"revoked_at": None}, {"decided_by": None}, {"approved_at": None}])
def test_what_is_revoked_has_somebody_and_a_reason(approved: Verification, fields: dict[str, Any]) -> None:
    services.revoke(approved.pk, actor=reviewer(), at=NOON, reason="forged")

    with pytest.raises(IntegrityError, match="verification_state_in_full"):
        change(approved, **fields)


def test_a_state_that_nobody_knows_is_refused(submitted: Verification) -> None:
    with pytest.raises(IntegrityError, match="does not go from submitted to lost"):
        change(submitted, status="lost")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("submitted", "revoked"),
        ("approved", "submitted"),
        ("approved", "rejected"),
        ("rejected", "approved"),
        ("rejected", "revoked"),
    ],
)
def test_states_follow_one_another_in_one_order(request: pytest.FixtureRequest, before: str, after: str) -> None:
    row = request.getfixturevalue(before)

    with pytest.raises(IntegrityError, match=f"does not go from {before} to {after}"):
        change(row, status=after)


def test_nothing_leads_out_of_a_revocation(approved: Verification) -> None:
    services.revoke(approved.pk, actor=reviewer(), at=NOON, reason="forged")

    for after in ("submitted", "approved", "rejected"):
        with pytest.raises(IntegrityError, match="does not go from revoked"):
            change(approved, status=after)


def test_a_verification_begins_submitted(approved: Verification) -> None:
    approved.refresh_from_db()
    approved.pk = None

    with pytest.raises(IntegrityError, match="begins submitted"), transaction.atomic():
        approved.save(force_insert=True)


def test_nobody_is_written_down_as_deciding_on_themselves(approved: Verification, ada: User) -> None:
    with pytest.raises(IntegrityError, match="verification_decided_by_another_person"):
        change(approved, decided_by=ada)


def test_a_person_has_no_team_and_an_organisation_has_one(submitted: Verification, team: TeamAccess) -> None:
    for row, fields in ((submitted, {"team_id": team.id}), (apply_for(team), {"team_id": None})):
        with pytest.raises(IntegrityError, match="verification_of_a_person_or_a_team"):
            change(row, **fields)
    with pytest.raises(IntegrityError, match="verification_of_a_person_or_a_team"):
        change(submitted, kind="robot")


@pytest.mark.parametrize("credited", [1, -1])
def test_credits_come_with_an_approval(submitted: Verification, credited: int) -> None:
    with pytest.raises(IntegrityError, match="verification_credits_only_if_approved"):
        change(submitted, credited_nanos=credited)


def test_particulars_are_there_or_erased(submitted: Verification) -> None:
    for fields in ({"sealed": b""}, {"erased_at": NOON}):
        with pytest.raises(IntegrityError, match="verification_sealed_until_erased"):
            change(submitted, **fields)


def test_what_waits_for_a_machine_is_looked_at_again(submitted: Verification) -> None:
    for fields in ({"waits_for": "scan"}, {"look_at": NOON}):
        with pytest.raises(IntegrityError, match="verification_looked_at_until_examined"):
            change(submitted, **fields)


def test_a_subject_is_there_once_a_kind_and_stays_what_it_is(submitted: Verification) -> None:
    subject = Subject.objects.get()

    with pytest.raises(IntegrityError, match="subject_once_per_kind"), transaction.atomic():
        Subject.objects.create(kind=subject.kind, digest=subject.digest)
    with pytest.raises(IntegrityError, match="stay as they are"), transaction.atomic():
        Subject.objects.update(digest=b"x" * 32)


def test_a_review_is_written_once(approved: Verification) -> None:
    for statement in ("UPDATE verification_review SET reason = 'x'", "DELETE FROM verification_review"):
        with (
            pytest.raises(IntegrityError, match="stay as they are"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_hash_has_one_secret(submitted: Verification) -> None:
    with (
        pytest.raises(IntegrityError, match="subject_key_only_one"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO verification_subjectkey (id, ciphertext) VALUES (2, 'x')")
