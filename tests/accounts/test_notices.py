"""People are told in their own words, once, and of nothing that they do not want."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.types import NoticeKind
from apps.journal.models import OutboxMessage
from tests.cast import make_user

pytestmark = pytest.mark.django_db
# 20:00 in Shanghai, whose day ends at 16:00 UTC
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
JOINED = NoticeKind("team.joined", "Somebody joined")
DEVICE = NoticeKind("sign_in.new_device", "Sign-in from a new device", is_optional=False)


def tell(*people, key="fact", kind=JOINED, at=NOON, subject=""):
    ids = [user.pk for user in people]
    return accounts.notify(ids, kind, payload={"who": "Bob"}, dedupe_key=key, at=at, subject=subject)


def test_a_mail_knows_its_reader():
    ada = make_user("ada@example.com")
    accounts.save_preferences(ada, name="Ada", language="zh-hans", display_unit="cny", time_zone="Europe/Paris")

    assert tell(ada) == 1

    message = OutboxMessage.objects.get()
    assert (message.kind, message.recipient, message.payload["who"]) == ("team.joined", "ada@example.com", "Bob")
    assert message.payload["reader"] == {
        "user": ada.pk,
        "name": "Ada",
        "language": "zh-hans",
        "unit": "cny",
        "time_zone": "Europe/Paris",
    }


def test_nobody_is_told_of_the_same_fact_twice():
    ada, bob = make_user(), make_user()

    assert tell(ada) == 1
    assert tell(ada, bob) == 1
    assert tell(ada, bob, at=NOON + timedelta(days=9)) == 0


def test_what_is_muted_is_not_sent_unless_it_must_be():
    ada = make_user()
    ada.muted_kinds = ["team.joined", "sign_in.new_device"]
    ada.save()

    assert tell(ada) == 0
    assert tell(ada, kind=DEVICE) == 1


def test_nobody_is_told_after_the_account_ended():
    ada = make_user()
    ada.is_active = False
    ada.save()

    assert tell(ada, kind=DEVICE) == 0


def test_a_noisy_subject_is_told_of_once_a_business_day():
    ada, bob = make_user(), make_user()

    assert tell(ada, key="first", subject="team_1") == 1
    assert tell(ada, bob, key="second", subject="team_1") == 1
    assert tell(ada, key="third", subject="team_2") == 1
    assert tell(ada, key="fourth", subject="team_1", at=NOON + timedelta(hours=3, minutes=59)) == 0
    assert tell(ada, key="fifth", subject="team_1", at=NOON + timedelta(hours=4)) == 1


def test_an_address_without_an_account_is_told_once_in_the_language_given():
    sent = [
        accounts.notify_address(
            "new@example.com", JOINED, language="zh-hans", payload={}, dedupe_key="invitation:1", at=NOON
        )
        for _ in range(2)
    ]

    assert sent == [True, False]
    assert OutboxMessage.objects.get().payload == {"reader": {"language": "zh-hans"}}
