"""Reviewers and applicants who act at once, on connections of their own. Controls show it without the locks."""

import threading

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.promotions.models import Credit
from apps.teams import services as teams
from apps.verification import services
from apps.verification.errors import DecidedAlready, OneAlready
from apps.verification.models import Review, Status, Subject, SubjectKey, Verification
from apps.verification.sealing import subject_of
from apps.verification.services.deciding import approve_locked
from apps.verification.services.rows import applications_of
from apps.verification.types import Applicant, Particulars
from apps.wallet import queries as wallet
from tests.committed import together
from tests.verification.papers import PERSON, apply, upload

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("committed_anew")]

REVIEWERS = 50
FEW = 4
CREDIT = 1_000_000_000


def somebody() -> User:
    user = User.objects.create_user(f"{uuid7()}@example.com")
    teams.personal_team_of(user)
    return user


def test_fifty_reviewers_approve_at_once_and_one_lot_is_granted() -> None:
    """The campaign that ships pays 10 credits for a person."""
    applicant = somebody()
    row = apply(applicant, at=clock.now())
    reviewers = [somebody().pk for _ in range(REVIEWERS)]

    results = together(
        [lambda actor=actor: services.approve(row.pk, actor=actor, at=clock.now()) for actor in reviewers]
    )

    assert results.count(10 * CREDIT) == 1
    assert results.count(DecidedAlready) == REVIEWERS - 1
    assert wallet.balance_of(teams.personal_team_of(applicant).wallet_id).balance_nanos == 10 * CREDIT
    assert Credit.objects.count() == Review.objects.count() == 1


def test_control_reviewers_who_only_look_first_all_decide() -> None:
    row = apply(somebody(), at=clock.now())
    reviewers = [somebody().pk for _ in range(FEW)]
    looked = threading.Barrier(FEW)

    def look_then_approve(actor: int) -> None:
        found = Verification.objects.select_related("subject", "user", "team").get(pk=row.pk)
        assert found.status == Status.SUBMITTED
        looked.wait(60)
        with transaction.atomic():
            approve_locked(found, actor=actor, at=clock.now())

    together([lambda actor=actor: look_then_approve(actor) for actor in reviewers])

    assert Review.objects.count() == FEW


def test_one_rejects_while_another_approves_and_one_of_them_is_told() -> None:
    row = apply(somebody(), at=clock.now())
    first, second = somebody().pk, somebody().pk

    results = together(
        [
            lambda: services.approve(row.pk, actor=first, at=clock.now()),
            lambda: services.reject(row.pk, actor=second, at=clock.now(), code="expired"),
        ]
    )

    assert results.count(DecidedAlready) == 1
    decided = Review.objects.get()
    row.refresh_from_db()
    assert row.status == decided.decision
    assert Credit.objects.count() == (decided.decision == Status.APPROVED)


def test_two_accounts_with_one_legal_id_are_approved_at_once_and_one_gets_credits() -> None:
    rows = [apply(somebody(), at=clock.now()) for _ in range(FEW)]
    actor = somebody().pk

    results = together([lambda pk=row.pk: services.approve(pk, actor=actor, at=clock.now()) for row in rows])

    assert sorted(results) == [0] * (FEW - 1) + [10 * CREDIT]
    assert Subject.objects.count() == 1


def test_a_form_that_is_sent_several_times_at_once_leaves_one_application() -> None:
    applicant = Applicant(somebody().pk)

    results = together(
        [lambda: services.submit(applicant, particulars=PERSON, uploads=[upload()], at=clock.now()) for _ in range(FEW)]
    )

    assert results.count(OneAlready) == FEW - 1
    assert Verification.objects.count() == 1


def test_control_whoever_only_looks_first_finds_none_open() -> None:
    applicant = Applicant(somebody().pk)
    looked = threading.Barrier(FEW)

    def look() -> bool:
        found = applications_of(applicant).exists()
        looked.wait(60)
        return found

    assert together([look] * FEW) == [False] * FEW


def test_the_secret_of_the_hash_is_made_once_however_many_need_it_first() -> None:
    people = [Particulars("DE", "Erika", f"C01X00T{n}") for n in range(FEW)]

    together([lambda p=p: subject_of("personal", country=p.country, number=p.number) for p in people])

    assert SubjectKey.objects.count() == 1
    found = {subject_of("personal", country=p.country, number=p.number).pk for p in people}
    assert found == set(Subject.objects.values_list("pk", flat=True))
    assert len(found) == FEW
