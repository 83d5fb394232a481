"""Applying: what is asked for, one application at a time, and again after a rejection."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.journal import queries as journal
from apps.journal.models import AuditEntry, StoredFile
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.errors import DocumentRefused, FieldInvalid, NotRejected, OneAlready, TeamIsPersonal
from apps.verification.models import Subject, Verification
from apps.verification.types import Applicant, Particulars
from tests.cast import access_of, add_member, make_user
from tests.verification.papers import (
    COMPANY,
    NOON,
    OTHER_RESIDENT_NUMBER,
    PERSON,
    TRAVELLER,
    apply,
    apply_for,
    png,
    upload,
)

pytestmark = pytest.mark.django_db


def refused_field(particulars: Particulars, *, applicant: Applicant) -> str:
    with pytest.raises(FieldInvalid) as refused:
        services.submit(applicant, particulars=particulars, uploads=[upload()], at=NOON)
    assert not Verification.objects.exists()
    return refused.value.field


def test_an_application_waits_for_a_reviewer(ada: User) -> None:
    row = apply(ada, uploads=[upload("front"), upload("back", "b.png", png(300, 200))])

    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (row.kind, row.status, row.waits_for, row.team_id) == ("personal", "submitted", "person", None)
    assert (state.country, state.name, state.number) == ("China (mainland)", "王小明", "••••002X")
    assert [document.name for document in queries.documents_of(row.public_id)] == ["front-1.png", "back-2.png"]
    assert [step.what for step in state.steps] == ["submitted"]
    assert AuditEntry.objects.get(act="verification.submitted").actor_id == ada.pk


def test_an_organisation_applies_for_its_team(team: TeamAccess) -> None:
    row = apply_for(team)

    assert (row.kind, row.status, row.team_id, row.user_id) == ("enterprise", "submitted", team.id, team.user_id)
    assert AuditEntry.objects.get(act="verification.submitted").scope == team.public_id
    state = queries.enterprise_of(team.id)
    assert state is not None
    assert (state.name, state.number) == ("福建示例有限公司", "••••0Y43")


def test_somebody_from_elsewhere_applies_with_a_passport(ada: User) -> None:
    apply(ada, TRAVELLER)

    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (state.country, state.number) == ("Germany", "••••T478")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": "110105194912310021"}, "number"),
        ({"number": "C01X00T478"}, "number"),
        ({"country": "DE", "number": "passport"}, "number"),
        ({"country": "XX"}, "country"),
        ({"country": ""}, "country"),
        ({"name": ""}, "name"),
        ({"name": "123"}, "name"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_field(ada: User, changed: dict[str, str], field: str) -> None:
    given = Particulars(**{"country": "CN", "name": "王小明", "number": PERSON.number, **changed})

    assert refused_field(given, applicant=Applicant(ada.pk)) == field


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"number": "91350100M000100Y44"}, "number"),
        ({"country": "DE", "number": "HRB"}, "number"),
        ({"representative": ""}, "representative"),
        ({"contact": "no"}, "contact"),
    ],
)
def test_an_organisations_fields_are_checked_too(team: TeamAccess, changed: dict[str, str], field: str) -> None:
    fields = {name: getattr(COMPANY, name) for name in ("country", "name", "number", "representative", "contact")}

    assert refused_field(Particulars(**fields | changed), applicant=Applicant(team.user_id, team)) == field


def test_an_application_without_a_document_is_refused(ada: User) -> None:
    with pytest.raises(DocumentRefused):
        services.submit(Applicant(ada.pk), particulars=PERSON, uploads=[], at=NOON)


def test_a_personal_team_is_no_organisation(ada: User) -> None:
    own = teams.personal_team_of(ada)

    with pytest.raises(TeamIsPersonal):
        services.submit(Applicant(ada.pk, own), particulars=COMPANY, uploads=[upload("licence")], at=NOON)


def test_sending_the_form_twice_leaves_one_application(ada: User) -> None:
    apply(ada)

    with pytest.raises(OneAlready):
        apply(ada)

    assert Verification.objects.count() == 1
    assert StoredFile.objects.count() == 1


def test_the_database_keeps_one_open_application_a_person_and_a_team(ada: User, team: TeamAccess) -> None:
    for row in (apply(ada), apply_for(team)):
        row.pk, row.uid = None, row.subject.pk and type(row)._meta.get_field("uid").get_default()
        with pytest.raises(IntegrityError, match=f"verification_{row.kind}_once"), transaction.atomic():
            row.save(force_insert=True)


def test_a_member_cannot_apply_beside_a_colleague(team: TeamAccess) -> None:
    apply_for(team)
    colleague = access_of(add_member(team, "admin"), team)

    with pytest.raises(OneAlready):
        apply_for(colleague)


def test_two_accounts_with_one_number_are_one_subject(ada: User) -> None:
    bob = make_user()

    first, second = apply(ada), apply(bob, Particulars(country="CN", name="王 小明", number="11010519491231002x"))

    assert first.subject_id == second.subject_id
    assert [other.verification_id for other in queries.duplicates_of(second)] == [first.pk]
    assert [row.is_duplicate for row in queries.with_duplicates(Verification.objects.order_by("pk"))] == [True, True]


def test_one_number_is_another_subject_in_another_country_and_kind(ada: User, team: TeamAccess) -> None:
    apply(ada, Particulars(country="DE", name="Ada", number="HRB12345"))
    apply(make_user(), Particulars(country="FR", name="Ada", number="HRB12345"))
    apply_for(team, Particulars("DE", "Acme GmbH", "HRB12345", representative="Ada", contact="ada@example.com"))

    assert Subject.objects.count() == 3
    assert not any(row.is_duplicate for row in queries.with_duplicates(Verification.objects.all()))


def test_an_accounts_own_earlier_application_is_no_duplicate(ada: User) -> None:
    row = apply(ada)

    assert queries.duplicates_of(row) == []


def test_a_duplicate_shows_its_account_masked(ada: User) -> None:
    apply(ada)
    row = apply(make_user())

    (other,) = queries.duplicates_of(row)

    assert other.account == "ad•••@example.com"


def test_only_what_was_rejected_is_submitted_again(ada: User) -> None:
    for _ in range(2):
        with pytest.raises(NotRejected):
            services.resubmit(Applicant(ada.pk), particulars=PERSON, uploads=[upload()], at=NOON)
        apply(ada) if not Verification.objects.exists() else None


def test_the_applicant_is_not_told_whose_the_other_account_is(ada: User) -> None:
    apply(ada)
    bob = make_user()
    apply(bob)

    assert "ada" not in repr(queries.personal_of(bob.pk))


def test_an_application_is_stored_with_its_documents_or_not_at_all(ada: User) -> None:
    apply(ada)
    with pytest.raises(OneAlready):
        apply(ada, Particulars("CN", "王小明", OTHER_RESIDENT_NUMBER), at=NOON + timedelta(seconds=1))

    row = Verification.objects.get()
    assert len(journal.files_of(row.public_id)) == 1
