"""When an account or a team closes, particulars and documents go; the hash stays and still finds the same subject."""

import pytest

from apps.accounts.models import User
from apps.journal.models import StoredFile
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.models import Subject, Verification
from tests.cast import make_user
from tests.verification.papers import NOON, apply, apply_for, approve, reviewer

pytestmark = pytest.mark.django_db


def test_a_persons_particulars_and_documents_go(ada: User) -> None:
    approve(apply(ada))

    assert services.erase_person(ada.pk, at=NOON) == 1

    row = Verification.objects.get()
    assert (row.status, bytes(row.sealed), row.erased_at) == ("approved", b"", NOON)
    assert not StoredFile.objects.exists()
    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (state.name, state.number, state.country) == ("", "", "")
    assert services.open_particulars(row.pk, actor=reviewer(), at=NOON) is None


def test_the_same_number_is_still_found_afterwards(ada: User) -> None:
    first = apply(ada)
    services.erase_person(ada.pk, at=NOON)

    second = apply(make_user())

    assert [other.verification_id for other in queries.duplicates_of(second)] == [first.pk]
    assert Subject.objects.count() == 1


def test_what_waits_for_a_decision_is_rejected(ada: User) -> None:
    apply(ada)

    services.erase_person(ada.pk, at=NOON)

    row = Verification.objects.get()
    assert (row.status, row.reason_code, row.decided_by) == ("rejected", "account_closed", None)


def test_erasing_again_finds_nothing(ada: User) -> None:
    apply(ada)
    services.erase_person(ada.pk, at=NOON)

    assert services.erase_person(ada.pk, at=NOON) == 0


def test_an_organisation_stays_until_its_team_closes(team: TeamAccess) -> None:
    apply_for(team)

    assert services.erase_person(team.user_id, at=NOON) == 0
    assert queries.enterprise_of(team.id).name  # type: ignore[union-attr]

    assert services.erase_team(team.id, at=NOON) == 1
    assert not StoredFile.objects.exists()


def test_a_person_gets_their_own_data_in_clear(ada: User) -> None:
    row = apply(ada)

    assert queries.personal_data_of(ada.pk) == [
        {
            "id": row.public_id,
            "status": "submitted",
            "submitted_at": "2026-11-21T12:00:00+00:00",
            "name": "王小明",
            "country": "CN",
            "number": "11010519491231002X",
            "documents": ["front-1.png"],
        }
    ]
