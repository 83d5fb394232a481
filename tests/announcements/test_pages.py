"""/announcements, an entry, /changelog and RSS: who reads what, in which language, and what is still to come."""

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client

from apps.announcements import services as announcements
from apps.core import clock
from apps.core.pagination import Cursor
from apps.teams.models import AccessGroup
from tests.announcements.entries import make_draft, publish

pytestmark = pytest.mark.django_db

NOTES = {"en": "Input: 9.5 to 11\n\nOutput stays", "zh-hans": "输入：9.5 至 11"}


def text_of(client, path, **more):
    return client.get(path, **more).content.decode()


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_an_entry_says_since_when_for_whom_and_what_changes(client):
    now = clock.now()
    row = publish(scope={"en": "chat-small"}, notes=NOTES, link="/models/chat-small", effective_at=now, at=now)

    text = text_of(client, f"/announcements/{row.public_id}")

    for said in ("A title", "What it is.", "chat-small", "Prices", "<p>Output stays</p>", 'href="/models/chat-small"'):
        assert said in text
    assert "Everyone" in text
    assert "Times are those of Shanghai." in text


@pytest.mark.parametrize(
    ("days", "badge"),
    [(0, ""), (1, "Takes effect tomorrow"), (3, "Takes effect in 3 days")],
)
def test_what_takes_effect_later_says_in_how_many_days(client, days, badge):
    now = clock.now()
    publish(effective_at=now + timedelta(days=days), at=now)

    text = text_of(client, "/announcements?category=prices")

    assert badge in text
    assert ("Takes effect" in text) == bool(badge)


def test_the_page_speaks_chinese_and_falls_back_to_english(client):
    publish("one", at=clock.now())
    publish("two", title={"en": "English only"}, summary={"en": "So is this."}, at=clock.now())

    text = text_of(client, "/announcements", headers={"accept-language": "zh-CN"})

    assert "公告" in text
    assert "标题" in text
    assert "English only" in text


def test_a_category_has_no_entry_of_another(client):
    publish("price:1", at=clock.now())
    publish("bill:1", category="billing", title={"en": "Invoices", "zh-hans": "发票"}, at=clock.now())

    text = text_of(client, "/announcements?category=billing")

    assert "Invoices" in text
    assert "A title" not in text
    assert 'href="/changelog"' in text
    assert client.get("/announcements?category=gossip").status_code == 404
    assert "Nothing is announced here" in text_of(client, "/announcements?category=security")


def test_the_changelog_lists_releases_and_nothing_else(client):
    publish("price:1", at=clock.now())
    publish("release:1", category="releases", title={"en": "Version 2", "zh-hans": "版本 2"}, at=clock.now())

    text = text_of(client, "/changelog")

    assert "Version 2" in text
    assert "A title" not in text


def test_long_lists_go_on_page_by_page_within_the_category(client):
    now = clock.now()
    for n in range(21):
        publish(f"price:{n}", title={"en": f"Entry <{n:02d}>", "zh-hans": "条"}, at=now - timedelta(minutes=n))

    first = text_of(client, "/announcements?category=prices")
    (older,) = re.findall(r'href="(\?category=prices&amp;cursor=[\w-]+)"', first)
    second = text_of(client, "/announcements" + older.replace("&amp;", "&"))

    assert "Entry &lt;19&gt;" in first
    assert "Entry &lt;20&gt;" not in first
    assert "Entry &lt;20&gt;" in second
    assert client.get("/announcements?cursor=nonsense").status_code == 404
    for path in ("/announcements", "/changelog"):
        assert client.get(path, {"cursor": Cursor("41").as_text()}).status_code == 404


def test_nobody_learns_of_entries_for_groups_that_they_do_not_see(client, team, ada):
    group = AccessGroup.objects.create(code="fast")
    row = publish(audience="groups", group_codes=("fast",), at=clock.now())
    places = (f"/announcements/{row.public_id}", "/announcements", "/announcements/feed.xml", "/api/announcements")

    for reader in (client, signed_in(ada)):
        assert reader.get(places[0]).status_code == 404
        assert reader.get(f"/api/announcements/{row.public_id}").status_code == 404
        assert not any("A title" in text_of(reader, place) for place in places)

    group.grants.create(team_id=team.id)
    member = signed_in(ada)
    assert [place for place in places if "A title" in text_of(member, place)] == [places[0], places[1], places[3]]


def test_what_is_for_signed_in_people_is_not_in_the_feed(client, team, ada):
    publish(audience="signed_in", at=clock.now())

    assert "A title" not in text_of(client, "/announcements")
    assert "A title" in text_of(signed_in(ada), "/announcements")
    assert "A title" not in text_of(signed_in(ada), "/announcements/feed.xml")


def test_a_draft_and_a_scheduled_entry_are_nowhere(client):
    draft = make_draft()
    announcements.publish_draft(
        draft.pk, actor=None, at=clock.now(), reason="ready", published_at=clock.now() + timedelta(hours=1)
    )

    assert client.get(f"/announcements/{draft.public_id}").status_code == 404
    assert "Night of work" not in text_of(client, "/announcements")


def test_a_withdrawn_entry_says_so_at_its_address_and_is_gone_elsewhere(client):
    row = publish(at=clock.now())
    announcements.withdraw_entry(row.pk, actor=None, at=clock.now(), reason="wrong")

    answer = client.get(f"/announcements/{row.public_id}")

    assert answer.status_code == 410
    assert "This announcement was withdrawn" in answer.content.decode()
    assert "A title" not in answer.content.decode()
    assert "A title" not in text_of(client, "/announcements")
    assert client.get(f"/api/announcements/{row.public_id}").status_code == 404


def test_the_feed_is_rss_in_the_language_of_its_address(client):
    row = publish(title={"en": "Prices & more", "zh-hans": "价格与其他"}, at=clock.now())

    answer = client.get("/announcements/feed.xml?category=prices&language=zh-hans")

    channel = ElementTree.fromstring(answer.content).find("channel")
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=300"
    assert channel.findtext("title") == "Sluice 公告：价格"
    assert [item.findtext("title") for item in channel.findall("item")] == ["价格与其他"]
    assert channel.find("item").findtext("link").endswith(f"/announcements/{row.public_id}")
    assert client.get("/announcements/feed.xml?language=tlh").status_code == 404


def test_the_list_names_its_feeds_in_both_languages(client):
    text = text_of(client, "/announcements?category=prices")

    for language in ("en", "zh-hans"):
        assert f'href="/announcements/feed.xml?category=prices&amp;language={language}"' in text


def test_the_api_keeps_both_languages_and_pages_by_cursor(client):
    rows = [publish(f"price:{n}", at=clock.now()) for n in range(3)]

    first = client.get("/api/announcements?category=prices&limit=2").json()
    second = client.get(first["next"]).json()

    assert [entry["id"] for entry in first["results"] + second["results"]] == [row.public_id for row in rows[::-1]]
    assert first["results"][0]["title"] == {"en": "A title", "zh-hans": "标题"}
    assert first["results"][0]["effective_at"] is None
    assert client.get("/api/announcements?category=gossip").status_code == 400


def test_the_list_asks_one_query_for_a_stranger(client, django_assert_num_queries):
    for n in range(5):
        publish(f"price:{n}", at=clock.now())

    with django_assert_num_queries(1):
        client.get("/announcements")


def test_each_language_has_an_address_that_search_engines_find(client):
    row = publish(at=clock.now())

    assert f"/announcements/{row.public_id}" in text_of(client, "/sitemap.xml")
    assert "标题" in text_of(client, f"/announcements/{row.public_id}?lang=zh-hans")
    assert 'hreflang="zh-Hans"' in text_of(client, "/announcements")


def test_caches_keep_the_page_of_a_stranger_for_a_minute_and_of_nobody_else(client, team, ada):
    assert client.get("/announcements")["Cache-Control"] == "public, max-age=60"
    assert "no-store" in signed_in(ada).get("/announcements")["Cache-Control"]


def test_every_public_page_links_to_the_announcements(client):
    assert 'href="/announcements"' in text_of(client, "/privacy")


def test_the_console_begins_with_what_concerns_money_or_safety_of_the_last_days(team, ada):
    now, reader = clock.now(), signed_in(ada)
    publish("old", title={"en": "Old price", "zh-hans": "旧"}, at=now - timedelta(days=8))
    publish("release:1", category="releases", title={"en": "Version 2", "zh-hans": "版本 2"}, at=now)
    assert "Old price" not in text_of(reader, "/console/")
    assert "Version 2" not in text_of(reader, "/console/")

    row = publish("new", effective_at=now + timedelta(days=2), at=now - timedelta(days=6))

    text = text_of(reader, "/console/")
    assert f'href="/announcements/{row.public_id}"' in text
    assert "Takes effect in 2 days" in text
