"""Entries that our own acts write: once each, in every language, only for who may read them."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.announcements import entries, errors, queries
from apps.announcements import services as announcements
from apps.announcements.models import Announcement
from apps.announcements.types import Viewer
from apps.core.languages import in_each_language, text_in
from apps.teams.models import AccessGroup
from tests.announcements.entries import NOON, STRANGER, later, make_entry, publish

pytestmark = pytest.mark.django_db


def test_an_entry_is_written_once_however_often_its_act_is_repeated():
    first = publish("price:41")

    again = announcements.publish_entry(make_entry("price:41", title={"en": "B", "zh-hans": "乙"}), at=later(hours=1))

    assert again == first.pk
    assert Announcement.objects.get(key="price:41").title["en"] == "A title"
    assert Announcement.objects.get(key="price:41").published_at == NOON


def test_an_entry_without_a_summary_in_the_language_of_its_title_is_refused():
    with pytest.raises(errors.EntryInvalid) as refused:
        publish(summary={"en": "Only English."})

    assert refused.value.details == {"field": "summary"}
    assert entries.missing_text({}, {}) == "title"
    assert entries.missing_text({"en": "A"}, {"en": "B", "zh-hans": "乙"}) == "title"


def test_an_entry_for_a_group_that_is_not_there_is_refused():
    with pytest.raises(errors.EntryInvalid, match="nobody"):
        publish(audience="groups", group_codes=("nobody",))


@pytest.mark.parametrize("link", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "models"])
def test_a_link_stays_on_this_site(link):
    with pytest.raises(errors.EntryInvalid, match="path of this site"):
        publish(link=link)


def test_the_database_takes_no_published_entry_without_texts_and_no_link_elsewhere():
    row = publish()

    for wrong in ({"title": {}}, {"summary": {}}, {"link": "//elsewhere.example"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Announcement.objects.filter(pk=row.pk).update(**wrong)


def test_an_entry_for_groups_is_read_by_who_sees_one_of_them_and_by_nobody_else():
    AccessGroup.objects.create(code="fast")
    row = publish(audience="groups", group_codes=("fast",))

    assert seen(STRANGER) == []
    assert seen(Viewer(frozenset({"default"}), is_signed_in=True)) == []
    assert seen(Viewer(frozenset({"default", "fast"}), is_signed_in=True)) == [row.public_id]
    assert queries.visible_entry(row.public_id, STRANGER, at=NOON) is None
    assert queries.entries_by_id([row.pk], STRANGER, at=NOON) == {}


def test_an_entry_for_groups_without_one_is_read_by_nobody():
    publish(audience="groups")

    assert seen(Viewer(frozenset({"default"}), is_signed_in=True)) == []


def test_an_entry_for_who_is_signed_in_is_not_for_strangers():
    row = publish(audience="signed_in")

    assert seen(STRANGER) == []
    assert seen(replace(STRANGER, is_signed_in=True)) == [row.public_id]


def test_published_means_readable_at_that_instant():
    row = publish()

    assert queries.is_published(row.public_id, at=NOON)
    assert not queries.is_published(row.public_id, at=later(seconds=-1))
    assert not queries.is_published("ann_41", at=NOON)

    announcements.withdraw_entry(row.pk, actor=None, at=later(hours=1), reason="wrong model")

    assert not queries.is_published(row.public_id, at=later(hours=1))
    assert queries.entry_by_uid(row.public_id).withdrawn_at == later(hours=1)


def test_the_newest_come_first_page_by_page_and_back():
    rows = [publish(f"price:{n}", at=later(minutes=n // 2)) for n in range(5)]
    expected = [row.public_id for row in sorted(rows, key=lambda row: (row.published_at, row.uid), reverse=True)]

    first = queries.entries_page(STRANGER, at=later(hours=1), category="prices", size=2)
    second = queries.entries_page(STRANGER, at=later(hours=1), category="prices", size=2, cursor=first.next)
    third = queries.entries_page(STRANGER, at=later(hours=1), category="prices", size=2, cursor=second.next)
    back = queries.entries_page(STRANGER, at=later(hours=1), category="prices", size=2, cursor=second.previous)

    assert [entry.public_id for page in (first, second, third) for entry in page.results] == expected
    assert (first.previous, third.next) == (None, None)
    assert back.results == first.results


def test_a_text_is_read_in_its_language_else_in_english_else_in_any():
    texts = in_each_language(lambda: gettext("Prices"))

    assert texts == {"en": "Prices", "zh-hans": "价格"}
    assert text_in({"en": "A", "zh-hans": "甲"}, "zh-hans") == "甲"
    assert text_in({"en": "A"}, "zh-hans") == "A"
    assert text_in({"zh-hans": "甲"}, "en") == "甲"
    assert text_in({}, "en") == ""


def seen(viewer: Viewer) -> list[str]:
    page = queries.entries_page(viewer, at=NOON, category="prices")
    return [entry.public_id for entry in page.results]
