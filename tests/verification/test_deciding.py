"""Decisions: once, by somebody else, with the credits of the campaign in force, and taken back when they were wrong."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.journal import services as journal
from apps.journal.models import AuditEntry, OutboxMessage, StoredFile, WebhookEndpoint
from apps.promotions.models import Credit
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.errors import (
    DecidedAlready,
    NotApproved,
    NotRejected,
    NotYetExamined,
    OneAlready,
    OwnVerification,
    VerificationMissing,
)
from apps.verification.models import Review, Verification
from apps.verification.types import Applicant, Particulars
from apps.wallet import queries as wallet
from tests.cast import add_member, make_team, make_user
from tests.promotions.stage import CREDIT, make_campaign, make_person, on
from tests.verification.papers import (
    NOON,
    OTHER_RESIDENT_NUMBER,
    PERSON,
    apply,
    apply_for,
    approve,
    reject,
    reviewer,
    upload,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]
MAY_THIRD = on(5, 3)


@pytest.fixture
def _ten_and_fifty() -> None:
    """For accounts of at most 30 days, all May: 10 credits for a person, 50 for an organisation, 50 for both."""
    make_campaign("verified", "self", amount_nanos=10 * CREDIT, enterprise_nanos=50 * CREDIT, new_user_days=30)


def again(user: User, particulars: Particulars = PERSON) -> str:
    return services.resubmit(
        Applicant(user.pk), particulars=particulars, uploads=[upload("front", "better.png")], at=NOON
    )


def credits_of(wallet_id: int) -> int:
    return wallet.balance_of(wallet_id).balance_nanos // CREDIT


@pytest.mark.usefixtures("_ten_and_fifty")
def test_an_approval_grants_the_campaigns_credits_to_the_personal_wallet() -> None:
    person = make_person()
    row = apply(person, at=MAY_THIRD)

    granted = approve(row, at=MAY_THIRD)

    assert granted == 10 * CREDIT
    [lot] = wallet.lots_of(teams.personal_team_of(person).wallet_id)
    assert (lot.source, lot.granted_nanos) == ("verification", 10 * CREDIT)
    row.refresh_from_db()
    assert (row.status, row.waits_for, row.approved_at, row.decided_by_id) == ("approved", "", MAY_THIRD, reviewer())
    assert row.credited_nanos == 10 * CREDIT
    assert queries.is_verified_person(person.pk)


@pytest.mark.usefixtures("_ten_and_fifty")
def test_an_organisation_brings_its_credits_to_the_teams_wallet() -> None:
    team = make_team(owner=make_person(), credits="0")
    row = apply_for(team, at=MAY_THIRD)

    approve(row, at=MAY_THIRD)

    assert credits_of(team.wallet_id) == 50
    assert credits_of(teams.personal_team_of(User.objects.get(pk=team.user_id)).wallet_id) == 0
    assert queries.verified_teams([team.id]) == {team.id}


@pytest.mark.usefixtures("_ten_and_fifty")
def test_an_organisation_after_the_person_brings_the_difference() -> None:
    """Personal 10, enterprise 50: doing both yields 10, then 40."""
    person = make_person()
    team = make_team(owner=person, credits="0")
    approve(apply(person, at=MAY_THIRD), at=MAY_THIRD)

    approve(apply_for(team, at=MAY_THIRD), at=MAY_THIRD)

    assert credits_of(team.wallet_id) == 40


def test_without_a_campaign_an_approval_brings_nothing(ada: User) -> None:
    assert approve(apply(ada, at=on(7, 1)), at=on(7, 1)) == 0


@pytest.mark.usefixtures("_ten_and_fifty")
def test_approving_twice_grants_one_lot() -> None:
    person = make_person()
    row = apply(person, at=MAY_THIRD)
    approve(row, at=MAY_THIRD)

    with pytest.raises(DecidedAlready):
        approve(row, actor=reviewer("second@example.com"), at=MAY_THIRD)

    assert credits_of(teams.personal_team_of(person).wallet_id) == 10
    assert Credit.objects.count() == 1
    assert Review.objects.count() == 1


@pytest.mark.usefixtures("_ten_and_fifty")
def test_the_same_id_on_a_second_account_is_verified_and_gets_nothing() -> None:
    first, second = make_person(), make_person()
    approve(apply(first, at=MAY_THIRD), at=MAY_THIRD)

    granted = approve(apply(second, at=MAY_THIRD), at=MAY_THIRD)

    assert granted == 0
    assert queries.is_verified_person(second.pk)
    assert credits_of(teams.personal_team_of(second).wallet_id) == 0


@pytest.mark.usefixtures("_ten_and_fifty")
def test_a_blurred_picture_does_not_make_an_account_too_old() -> None:
    """Joined on 20 April; submitted on day 25, rejected, submitted again on day 35: the campaign takes 30 days."""
    person = make_person(on(4, 20))
    row = apply(person, at=on(5, 15))
    reject(row, at=on(5, 16))
    services.resubmit(Applicant(person.pk), particulars=PERSON, uploads=[upload()], at=on(5, 25))

    assert approve(row, at=on(5, 26)) == 10 * CREDIT


def test_a_rejection_says_why_and_may_be_answered(ada: User) -> None:
    row = apply(ada)
    reject(row, code="expired", reason="The card ended in March.")

    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (state.status, str(state.reason), state.words) == (
        "rejected",
        "A document has expired.",
        "The card ended in March.",
    )
    assert again(ada, Particulars("CN", "王小明", OTHER_RESIDENT_NUMBER)) == row.public_id
    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (state.status, state.number, str(state.reason), state.words) == ("submitted", "••••0014", "", "")
    assert [step.what for step in state.steps] == ["submitted", "rejected", "submitted"]
    assert [document.name for document in queries.documents_of(row.public_id)] == ["front-1.png"]
    assert StoredFile.objects.get().expires_at is None


def test_answering_twice_submits_once(ada: User) -> None:
    reject(apply(ada))
    again(ada)

    with pytest.raises(NotRejected):
        again(ada)


def test_an_approved_person_does_not_apply_again(ada: User) -> None:
    approve(apply(ada))

    with pytest.raises(OneAlready):
        apply(ada)
    with pytest.raises(NotRejected):
        again(ada)


def test_what_was_rejected_is_not_approved_without_being_submitted_again(ada: User) -> None:
    row = apply(ada)
    reject(row)

    with pytest.raises(DecidedAlready):
        approve(row)
    with pytest.raises(NotApproved):
        services.revoke(row.pk, actor=reviewer(), at=NOON, reason="no")


@pytest.mark.usefixtures("_ten_and_fifty")
def test_a_revocation_takes_back_what_is_unspent() -> None:
    person = make_person()
    row = apply(person, at=MAY_THIRD)
    approve(row, at=MAY_THIRD)

    taken = services.revoke(row.pk, actor=reviewer(), at=on(5, 4), reason="The licence was forged.")

    assert taken == 10 * CREDIT
    assert credits_of(teams.personal_team_of(person).wallet_id) == 0
    row.refresh_from_db()
    assert (row.status, row.revoked_at, row.reason) == ("revoked", on(5, 4), "The licence was forged.")
    assert not queries.is_verified_person(person.pk)
    with pytest.raises(NotApproved):
        services.revoke(row.pk, actor=reviewer(), at=on(5, 4), reason="again")


@pytest.mark.usefixtures("_ten_and_fifty")
def test_whoever_was_revoked_may_apply_again_and_gets_nothing_more() -> None:
    person = make_person()
    row = apply(person, at=MAY_THIRD)
    approve(row, at=MAY_THIRD)
    services.revoke(row.pk, actor=reviewer(), at=on(5, 4), reason="a mistake")

    assert approve(apply(person, at=on(5, 5)), at=on(5, 6)) == 0


def test_nobody_decides_on_themselves() -> None:
    boss = make_user(is_staff=True)
    row = apply(boss)

    for act in (
        lambda: services.approve(row.pk, actor=boss.pk, at=NOON),
        lambda: services.reject(row.pk, actor=boss.pk, at=NOON, code="expired"),
        lambda: services.revoke(row.pk, actor=boss.pk, at=NOON, reason="no"),
    ):
        with pytest.raises(OwnVerification):
            act()
    assert Verification.objects.get().status == "submitted"


def test_nobody_decides_on_a_team_they_are_in(team: TeamAccess) -> None:
    member = add_member(team, "viewer", user=make_user(is_staff=True))

    with pytest.raises(OwnVerification):
        approve(apply_for(team), actor=member.pk)


def test_a_verification_that_is_not_there_is_missing() -> None:
    with pytest.raises(VerificationMissing):
        services.approve(7, actor=reviewer(), at=NOON)


def test_what_waits_for_the_scanner_is_not_approved_but_may_be_rejected(ada: User) -> None:
    row = apply(ada)
    Verification.objects.update(waits_for="scan", look_at=NOON)

    with pytest.raises(NotYetExamined):
        approve(row)
    reject(row)

    assert Verification.objects.get().status == "rejected"


def test_decisions_are_on_record_and_tell_no_particulars(team: TeamAccess) -> None:
    row = apply_for(team)
    reject(row, code="incomplete", reason="Page two is missing.")

    entry = AuditEntry.objects.get(act="verification.rejected")
    assert (entry.actor_id, entry.target_id, entry.scope) == (reviewer(), row.public_id, team.public_id)
    assert (entry.reason, entry.details["code"]) == ("Page two is missing.", "incomplete")
    review = Review.objects.get()
    assert (review.decision, review.reviewer_id, review.reason_code) == ("rejected", reviewer(), "incomplete")


@pytest.mark.usefixtures("_ten_and_fifty")
def test_the_applicant_is_told_of_each_decision() -> None:
    person = make_person()
    row = apply(person, at=MAY_THIRD)
    reject(row, code="unreadable", reason="The number is cut off.", at=MAY_THIRD)
    services.resubmit(Applicant(person.pk), particulars=PERSON, uploads=[upload()], at=MAY_THIRD)
    approve(row, at=MAY_THIRD)
    services.revoke(row.pk, actor=reviewer(), at=MAY_THIRD, reason="The card was forged.")

    told = [
        (message.kind, message.payload["credits"], message.payload["reason"], message.payload["words"])
        for message in OutboxMessage.objects.filter(recipient=person.email).order_by("pk")
    ]
    assert told == [
        (
            "verification.rejected",
            "",
            "A document cannot be read: it is blurred, cut off or too dark.",
            "The number is cut off.",
        ),
        ("verification.approved", "10", "", ""),
        ("verification.revoked", "", "", "The card was forged."),
    ]


def test_whoever_answers_for_the_money_is_told_of_an_organisation(team: TeamAccess) -> None:
    billing = add_member(team, "billing")
    developer = add_member(team, "developer")

    approve(apply_for(team))

    told = set(OutboxMessage.objects.filter(kind="verification.approved").values_list("recipient", flat=True))
    assert billing.email in told
    assert User.objects.get(pk=team.user_id).email in told
    assert developer.email not in told


def test_a_teams_webhooks_hear_of_it_without_particulars(team: TeamAccess) -> None:
    kinds = ["verification.rejected"]
    journal.add_endpoint(team.public_id, url="https://93.184.215.14/hook", kinds=kinds, actor=team.user_id, at=NOON)
    WebhookEndpoint.objects.update(verified_at=NOON)
    row = apply_for(team)

    reject(row, code="expired", reason="The licence ended in March.")

    sent = OutboxMessage.objects.get(channel="webhook", kind="verification.rejected")
    assert sent.payload["data"] == {"verification": row.public_id, "status": "rejected", "reason": "expired"}


@pytest.mark.parametrize("decide", [approve, reject])
def test_documents_go_thirty_days_after_the_decision(ada: User, decide) -> None:  # type: ignore[no-untyped-def]
    decide(apply(ada))

    assert StoredFile.objects.get().expires_at == NOON + timedelta(days=30)


def test_documents_stay_while_nobody_has_decided(ada: User) -> None:
    apply(ada)

    assert StoredFile.objects.get().expires_at is None
