from datetime import UTC, datetime, timedelta

import pytest

from apps.journal import services as journal
from apps.journal.errors import KeyInUse, KeyReused
from apps.journal.models import IdempotencyRecord
from apps.journal.types import Replay

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BODY, OTHER_BODY = b"\x01" * 32, b"\x02" * 32


def begin(*, scope: str = "user:7 POST /api/tokens", digest: bytes = BODY, at: datetime = NOON) -> Replay | None:
    return journal.begin_keyed(scope, key="k", digest=digest, at=at)


def finish() -> None:
    journal.finish_keyed("user:7 POST /api/tokens", key="k", status=201, object_id="tk_1")


def test_the_first_call_goes_ahead_and_a_repeat_is_told_its_end() -> None:
    assert begin() is None
    finish()

    assert begin() == Replay(201, "tk_1")


def test_another_body_under_the_same_key_is_refused() -> None:
    begin()
    finish()

    with pytest.raises(KeyReused):
        begin(digest=OTHER_BODY)


def test_a_repeat_while_the_first_call_is_under_way_is_refused() -> None:
    begin()

    with pytest.raises(KeyInUse):
        begin()


def test_keys_of_different_callers_do_not_meet() -> None:
    begin()

    assert begin(scope="user:8 POST /api/tokens") is None


def test_a_key_is_forgotten_after_24_hours() -> None:
    begin()
    finish()

    assert begin(at=NOON + timedelta(hours=23, minutes=59)) == Replay(201, "tk_1")
    assert begin(at=NOON + timedelta(hours=24)) is None


def test_expired_keys_are_deleted() -> None:
    begin()

    assert journal.forget_expired_keys(at=NOON + timedelta(hours=24)) == 1
    assert not IdempotencyRecord.objects.exists()
