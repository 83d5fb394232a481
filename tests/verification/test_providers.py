"""An automatic check may pass, fail or leave it to a person; while it is down, nothing is lost."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest

from apps.accounts.models import User
from apps.verification import providers, queries, services
from apps.verification.models import Verification
from apps.verification.providers import Finding, Manual
from apps.verification.types import Application
from tests.cast import make_user
from tests.verification.papers import NOON, PERSON, apply, png

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Register:
    """A double of a register of persons: says what it was told to say."""

    answer: ClassVar[Finding | Exception]
    asked: ClassVar[list[Application]]

    def check(self, application: Application) -> Finding:
        self.asked.append(application)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(autouse=True)
def _register(settings: Any) -> None:
    settings.VERIFICATION_PROVIDER = "tests.verification.test_providers.Register"
    Register.asked = []


def checked(user: User, answer: Finding | OSError) -> Verification:
    Register.answer = answer
    row = apply(user)
    assert (row.waits_for, Register.asked) == ("check", [])
    services.examine_waiting(at=NOON + MINUTE)
    row.refresh_from_db()
    return row


def test_the_provider_sees_the_application(ada: User) -> None:
    checked(ada, providers.needs_person())

    [asked] = Register.asked
    assert (asked.kind, asked.particulars) == ("personal", PERSON)
    assert [document.content for document in asked.documents] == [png()]


def test_what_passes_is_approved_by_nobody(ada: User) -> None:
    row = checked(ada, providers.passed())

    assert (row.status, row.decided_by) == ("approved", None)


def test_what_fails_is_rejected_with_the_providers_reason(ada: User) -> None:
    checked(ada, providers.failed("The name belongs to another number."))

    state = queries.personal_of(ada.pk)
    assert state is not None
    assert (state.status, state.words) == ("rejected", "The name belongs to another number.")


def test_what_needs_a_person_waits_for_the_reviewer(ada: User) -> None:
    assert checked(ada, providers.needs_person()).waits_for == "person"


def test_a_provider_that_is_down_is_asked_again(ada: User) -> None:
    row = checked(ada, ConnectionRefusedError())
    assert (row.status, row.waits_for, row.look_at) == ("submitted", "check", NOON + 6 * MINUTE)

    Register.answer = providers.passed()
    services.examine_waiting(at=NOON + 6 * MINUTE)

    row.refresh_from_db()
    assert row.status == "approved"


def test_an_application_that_its_provider_cannot_read_holds_up_no_other(ada: User) -> None:
    """A defect ends the run, and the next one begins with the others."""
    first = apply(ada)
    other = apply(make_user(), PERSON)
    Verification.objects.filter(pk=first.pk).update(look_at=NOON)  # due before the other
    Verification.objects.filter(pk=other.pk).update(look_at=NOON + MINUTE)
    Register.answer = ValueError("no such province")
    with pytest.raises(ValueError, match="no such province"):
        services.examine_waiting(at=NOON + MINUTE)

    Register.answer = providers.passed()
    services.examine_waiting(at=NOON + MINUTE)

    other.refresh_from_db()
    assert other.status == "approved"
    assert Verification.objects.get(user=ada).look_at == NOON + 6 * MINUTE


def test_a_reviewer_who_was_quicker_is_not_overruled(ada: User) -> None:
    row = apply(ada)
    Verification.objects.filter(pk=row.pk).update(waits_for="person", look_at=None)

    assert services.examine_waiting(at=NOON + MINUTE) == 0


def test_the_manual_provider_decides_nothing(ada: User) -> None:
    assert Manual().check(Application("ver_x", "personal", PERSON, ())) == providers.needs_person()
