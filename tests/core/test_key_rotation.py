"""A page of rows under the first key: each row once, in order, nothing else touched, and whatever is held stays."""

import pytest
from cryptography.fernet import Fernet

from apps.core import clock, encryption
from apps.core.key_rotation import Rewritten, RowPage, reencrypt_column
from apps.relay import services as relay
from apps.relay.models import Channel, ChannelKey

pytestmark = pytest.mark.django_db

OLD = Fernet.generate_key().decode()
NEW = Fernet.generate_key().decode()


@pytest.fixture
def keys(settings) -> list[ChannelKey]:
    """Three keys of a channel, written under the old key; the new one stands first now."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    channel = Channel.objects.create(name="far", kind="openai", base_url="https://far.example.com")
    stored = [relay.add_channel_key(channel.pk, f"key-{n}", actor=None, at=clock.now()) for n in range(3)]
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return stored


def rewrite(**page: int | bool) -> Rewritten:
    return reencrypt_column(ChannelKey.objects.all(), "ciphertext", page=RowPage(**page))


def texts() -> list[str]:
    return [encryption.decrypt(row.ciphertext) for row in ChannelKey.objects.order_by("pk")]


def test_pages_follow_one_another_until_none_is_left(settings, keys: list[ChannelKey]) -> None:
    first, second, third = (key.pk for key in keys)

    assert rewrite(at_most=2) == Rewritten(last=second, rows=2, rewritten=2)
    assert rewrite(after=second, at_most=2) == Rewritten(last=third, rows=1, rewritten=1)
    assert rewrite(after=third, at_most=2) == Rewritten(last=None)

    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert texts() == ["key-0", "key-1", "key-2"]
    assert first < second


def test_what_the_first_key_wrote_is_not_touched(keys: list[ChannelKey]) -> None:
    rewrite()
    before = list(ChannelKey.objects.order_by("pk").values())

    assert rewrite() == Rewritten(last=keys[2].pk, rows=3, rewritten=0)
    assert list(ChannelKey.objects.order_by("pk").values()) == before


def test_a_dry_run_counts_and_writes_nothing(keys: list[ChannelKey]) -> None:
    before = list(ChannelKey.objects.order_by("pk").values())

    assert rewrite(dry_run=True) == Rewritten(last=keys[2].pk, rows=3, rewritten=3)
    assert list(ChannelKey.objects.order_by("pk").values()) == before


def test_a_row_that_no_key_opens_is_named_and_the_others_are_rewritten(settings, keys: list[ChannelKey]) -> None:
    ChannelKey.objects.filter(pk=keys[1].pk).update(ciphertext=Fernet(Fernet.generate_key()).encrypt(b"lost"))

    done = rewrite()

    assert done == Rewritten(last=keys[2].pk, rows=3, rewritten=2, unreadable=(keys[1].pk,))
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert encryption.decrypt(ChannelKey.objects.get(pk=keys[2].pk).ciphertext) == "key-2"
