"""Operators write drafts, preview, publish and withdraw them; nothing changes without a line in the audit trail."""

from datetime import timedelta

import pytest

from apps.announcements import errors, queries
from apps.announcements import services as announcements
from apps.announcements.models import Announcement
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams.models import AccessGroup
from tests.announcements.entries import NOON, later, make_draft, publish
from tests.backoffice.desk import colleague

pytestmark = pytest.mark.django_db

PLACE = "/admin/announcements/announcement/"
WRITTEN = {
    "category": "billing",
    "audience": "everyone",
    "link": "",
    "title_en": "Invoices change",
    "summary_en": "They name the tax number.",
    "title_zh": "发票变更",
    "summary_zh": "将注明税号。",
    "effective_at_0": "2026-12-01",
    "effective_at_1": "00:00:00",
}


@pytest.fixture
def desk(db):
    return colleague("cat@staff.example", group="catalogue")


def test_a_draft_is_written_in_both_languages_and_read_by_nobody(desk, client):
    answer = desk.post(f"{PLACE}add/", WRITTEN)

    row = Announcement.objects.get(category="billing")
    assert answer.status_code == 302
    assert row.title == {"en": "Invoices change", "zh-hans": "发票变更"}
    assert row.scope == {}
    assert row.created_by.email == "cat@staff.example"
    assert (row.published_at, row.effective_at.isoformat()) == (None, "2026-12-01T00:00:00+00:00")
    assert client.get(f"/announcements/{row.public_id}").status_code == 404
    assert AuditEntry.objects.get(act="announcement.created").target_id == row.public_id


def test_the_form_says_what_is_missing_where(desk):
    def errors_of(**changes):
        return desk.post(f"{PLACE}add/", WRITTEN | changes).context["adminform"].form.errors

    assert "summary_zh" in errors_of(summary_zh="")
    assert "title_en" in errors_of(title_en="", title_zh="", summary_en="", summary_zh="")
    assert "access_groups" in errors_of(audience="groups")
    assert "link" in errors_of(link="https://elsewhere.example")
    assert not Announcement.objects.filter(category="billing").exists()


def test_an_entry_takes_effect_on_a_day_that_every_page_can_say(desk):
    answer = desk.post(f"{PLACE}add/", WRITTEN | {"effective_at_0": "9999-12-31"})

    assert answer.context["adminform"].form.errors["effective_at"] == ["Write a year from 1970 to 9000."]


def test_a_preview_shows_both_languages_and_publishes_nothing(desk):
    row = make_draft(
        title={"en": "Night of work", "zh-hans": "夜间维护"}, summary={"en": "One hour.", "zh-hans": "一小时。"}
    )

    text = desk.get(f"{PLACE}{row.pk}/preview/").content.decode()

    for said in ("Night of work", "夜间维护", "One hour.", "维护", "Draft"):
        assert said in text
    row.refresh_from_db()
    assert row.published_at is None


def test_publishing_asks_for_a_reason_and_is_on_record(desk, client):
    row = make_draft()

    assert desk.post(f"{PLACE}{row.pk}/publish/", {}).status_code == 200
    row.refresh_from_db()
    assert row.published_at is None

    assert desk.post(f"{PLACE}{row.pk}/publish/", {"reason": "agreed"}).status_code == 302
    assert "Night of work" in client.get("/announcements").content.decode()
    recorded = AuditEntry.objects.get(act="announcement.published")
    assert (recorded.reason, recorded.target_id) == ("agreed", row.public_id)
    assert desk.get(f"{PLACE}{row.pk}/publish/").status_code == 404


def test_a_scheduled_entry_appears_when_its_instant_comes():
    row = make_draft()
    announcements.publish_draft(row.pk, actor=None, at=NOON, reason="plan", published_at=later(hours=2))

    assert not queries.is_published(row.public_id, at=later(hours=1))
    assert queries.is_published(row.public_id, at=later(hours=2))


def test_a_scheduled_entry_that_is_withdrawn_in_time_is_a_draft_again():
    row = make_draft()
    announcements.publish_draft(row.pk, actor=None, at=NOON, reason="plan", published_at=later(hours=2))

    announcements.withdraw_entry(row.pk, actor=None, at=later(hours=1), reason="not yet")

    row.refresh_from_db()
    assert (row.published_at, row.withdrawn_at) == (None, None)
    assert AuditEntry.objects.filter(act="announcement.unscheduled").exists()


def test_nothing_is_published_twice_for_yesterday_or_withdrawn_twice():
    row = make_draft()

    with pytest.raises(errors.PublicationInPast):
        announcements.publish_draft(row.pk, actor=None, at=NOON, reason="late", published_at=later(seconds=-1))
    with pytest.raises(errors.EntryNotPublished):
        announcements.withdraw_entry(row.pk, actor=None, at=NOON, reason="never was")

    announcements.publish_draft(row.pk, actor=None, at=NOON, reason="ready")
    with pytest.raises(errors.EntryPublished):
        announcements.publish_draft(row.pk, actor=None, at=NOON, reason="again")

    announcements.withdraw_entry(row.pk, actor=None, at=NOON, reason="wrong")
    with pytest.raises(errors.EntryNotPublished):
        announcements.withdraw_entry(row.pk, actor=None, at=NOON, reason="again")


def test_a_published_entry_keeps_its_facts_and_a_corrected_text_is_on_record(desk):
    AccessGroup.objects.create(code="fast")
    row = publish(audience="groups", group_codes=("fast",), at=clock.now() - timedelta(hours=1))

    desk.post(f"{PLACE}{row.pk}/change/", WRITTEN | {"title_en": "A better title"})

    row.refresh_from_db()
    assert row.title["en"] == "A better title"
    assert (row.category, row.audience, row.effective_at) == ("prices", "groups", None)
    assert AuditEntry.objects.get(act="announcement.changed").details["title_en"] == {
        "from": "A title",
        "to": "A better title",
    }


def test_a_withdrawn_entry_is_not_edited(desk):
    row = publish(at=clock.now())
    announcements.withdraw_entry(row.pk, actor=None, at=clock.now(), reason="wrong")

    assert desk.post(f"{PLACE}{row.pk}/change/", WRITTEN).status_code == 403
