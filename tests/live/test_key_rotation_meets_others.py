"""Secrets are rewritten while people use them: nobody waits, no write of theirs is lost, two rounds share the work."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.db import transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.core import clock, encryption
from apps.core.ids import uuid7
from apps.core.key_rotation import Rewritten, RowPage
from apps.relay import services as relay
from apps.relay.models import Channel, ChannelKey
from tests.committed import committed_database, on_own_connection

pytestmark = pytest.mark.live

OLD = Fernet.generate_key().decode()
NEW = Fernet.generate_key().decode()
ROTATING = override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD])


@pytest.fixture(scope="module", autouse=True)
def _committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with committed_database(django_db_blocker), override_settings(FIELD_ENCRYPTION_KEYS=[OLD]):
        yield


def rotate_second_factors() -> Rewritten:
    with ROTATING:
        return accounts.reencrypt_second_factors(RowPage())


def test_a_recovery_code_used_meanwhile_stays_used() -> None:
    user = User.objects.create_user(f"{uuid7()}@example.com")
    mine = RecoveryCodes.activate(user)
    code = mine.get_unused_codes()[0]

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert mine.validate_code(code)  # locks the row until this transaction ends
        met = pool.submit(on_own_connection, rotate_second_factors).result(timeout=10)
    later = rotate_second_factors()

    row = Authenticator.objects.get(user=user)
    assert (met.busy, met.rewritten) == ((row.pk,), 0)
    assert later.rewritten == 1
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
        assert not RecoveryCodes(row).validate_code(code)


def test_two_rounds_at_once_rewrite_each_row_once() -> None:
    channel = Channel.objects.create(name="far", kind="openai", base_url="https://far.example.com")
    for n in range(20):
        relay.add_channel_key(channel.pk, f"key-{n}", actor=None, at=clock.now())

    with ROTATING, ThreadPoolExecutor(2) as pool:
        rounds = [pool.submit(on_own_connection, rotate_channel_keys) for _ in range(2)]
        assert sum(one.result() for one in rounds) == 20

    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
        assert {encryption.decrypt(key.ciphertext) for key in ChannelKey.objects.all()} == {
            f"key-{n}" for n in range(20)
        }


def rotate_channel_keys() -> int:
    """How many rows this round rewrote; those that the other one holds are its."""
    page, rewritten = RowPage(at_most=3), 0
    while (done := relay.reencrypt_channel_keys(page)).last is not None:
        rewritten += done.rewritten
        page = RowPage(after=done.last, at_most=3)
    return rewritten
