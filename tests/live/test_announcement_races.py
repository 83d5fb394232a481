"""Acts that announce the same at once, on connections of their own."""

import pytest
from django.db import IntegrityError

from apps.announcements import services as announcements
from apps.announcements.errors import EntryNotPublished, EntryPublished
from apps.announcements.models import Announcement
from apps.core import clock
from apps.journal.models import AuditEntry
from tests.announcements.entries import make_draft, make_entry, publish
from tests.committed import together

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("committed")]

CALLERS = 8


def test_an_act_that_is_repeated_at_once_is_announced_once() -> None:
    at = clock.now()

    ids = together([lambda: announcements.publish_entry(make_entry("race:1"), at=at)] * CALLERS)

    assert len(set(ids)) == 1
    assert Announcement.objects.filter(key="race:1").count() == 1


def test_control_writing_without_asking_for_the_key_fails_for_all_but_one() -> None:
    def write() -> bool:
        try:
            Announcement.objects.create(key="race:2", category="prices")
        except IntegrityError:
            return False
        return True

    assert together([write] * CALLERS).count(True) == 1


def test_a_draft_that_several_publish_at_once_is_published_once() -> None:
    draft = make_draft()

    done = together(
        [lambda: announcements.publish_draft(draft.pk, actor=None, at=clock.now(), reason="ready")] * CALLERS
    )

    assert (done.count(None), done.count(EntryPublished)) == (1, CALLERS - 1)
    assert AuditEntry.objects.filter(act="announcement.published", target_id=draft.public_id).count() == 1


def test_an_entry_that_several_withdraw_at_once_is_withdrawn_once() -> None:
    row = publish("race:3", at=clock.now())

    done = together(
        [lambda: announcements.withdraw_entry(row.pk, actor=None, at=clock.now(), reason="wrong")] * CALLERS
    )

    assert (done.count(None), done.count(EntryNotPublished)) == (1, CALLERS - 1)
    assert AuditEntry.objects.filter(act="announcement.withdrawn", target_id=row.public_id).count() == 1
