"""Several hands at once on what opens an account: one way in stays, and one account gets an identity. Controls show
what would happen without the lock.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from apps.accounts import queries, services
from apps.accounts.errors import IdentityTaken, LastWayIn
from apps.accounts.models import KnownDevice, User
from apps.accounts.types import Visit
from apps.console.services import register_user
from apps.core.ids import uuid7
from apps.journal.models import OutboxMessage
from tests.committed import on_own_connection, wait_until_they_wait

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("committed")]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIREFOX = Visit("Firefox/143.0", "203.0.113.9")
OIDC = ["oidc"]
RESIDENT = {"name": "Phone", "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}}


@pytest.fixture
def person() -> User:
    """Somebody without a password, known to every connection."""
    return User.objects.create_user(f"{uuid7()}@example.com")


def two_ways_in(person: User) -> tuple[int, int]:
    """The ids of an account elsewhere and of a passkey."""
    identity = SocialAccount.objects.create(user=person, provider="oidc", uid=str(uuid7()))
    passkey = Authenticator.objects.create(user=person, type="webauthn", data=RESIDENT)
    return identity.pk, passkey.pk


def both(*acts: Callable[[], object], person: User) -> list[BaseException | None]:
    """What each of the acts raised when all of them had come to the person's row before any passed."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=person.pk)
            callers = [pool.submit(on_own_connection, act) for act in acts]
            wait_until_they_wait(len(acts))
        return [caller.exception() for caller in callers]


def test_of_the_last_two_ways_in_one_stays(person: User) -> None:
    identity, passkey = two_ways_in(person)

    raised = both(
        lambda: services.remove_identity(person.pk, identity_id=identity, providers=OIDC),
        lambda: services.remove_passkey(person.pk, passkey_id=passkey, providers=OIDC),
        person=person,
    )

    assert [isinstance(error, LastWayIn) for error in raised].count(True) == 1
    assert queries.ways_in(person, providers=OIDC).count == 1


def test_control_looking_without_the_lock_would_remove_both(person: User) -> None:
    identity, passkey = two_ways_in(person)
    have_looked = threading.Barrier(2)

    def look_then_remove(rows: object) -> None:
        is_enough = queries.ways_in(person, providers=OIDC).count > 1
        have_looked.wait(10)
        if is_enough:
            rows.delete()  # type: ignore[attr-defined]

    with ThreadPoolExecutor(2) as pool:
        for rows in (SocialAccount.objects.filter(pk=identity), Authenticator.objects.filter(pk=passkey)):
            pool.submit(on_own_connection, lambda rows=rows: look_then_remove(rows))

    assert queries.ways_in(person, providers=OIDC).count == 0


def test_of_two_first_devices_one_is_told_of(person: User) -> None:
    raised = both(
        *(
            lambda: services.note_sign_in(person.pk, secret=services.device_secret(""), visit=FIREFOX, at=NOON)
            for _ in range(2)
        ),
        person=person,
    )

    assert raised == [None, None]
    assert KnownDevice.objects.filter(user=person).count() == 2
    assert OutboxMessage.objects.filter(recipient=person.email).count() == 1


def test_one_identity_signs_up_one_person_and_leaves_nothing_of_the_other() -> None:
    uid, emails = str(uuid7()), [f"{uuid7()}@example.com" for _ in range(4)]
    start = threading.Barrier(len(emails))

    def sign_up(email: str) -> None:
        start.wait(10)
        identity = SocialAccount(provider="oidc", uid=uid)
        register_user(User(email=email, password="!"), identity=identity, is_email_confirmed=True)

    with ThreadPoolExecutor(len(emails)) as pool:
        callers = [pool.submit(on_own_connection, lambda email=email: sign_up(email)) for email in emails]

    refused = [caller.exception() for caller in callers if caller.exception() is not None]
    assert [type(error) for error in refused] == [IdentityTaken] * 3
    assert User.objects.filter(email__in=emails).count() == 1
    assert SocialAccount.objects.filter(uid=uid).count() == 1
