"""The public list of models and the comparison: what they say, to whom, and how they may be kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core import clock
from apps.marketplace import queries, services
from apps.marketplace.models import Model
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.catalogue import price

pytestmark = pytest.mark.usefixtures("catalogue")


def page(path: str = "/models", client: Client | None = None) -> str:
    answer = (client or Client()).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def describe(code: str, *, lifecycle: str = "ga", **display: object) -> Model:
    model = Model.objects.get(code=code)
    model.display_config |= display
    model.lifecycle = lifecycle
    model.save()
    return model


def copy_of(code: str, new: str) -> Model:
    """A model like another one, still without a price."""
    source = Model.objects.get(code=code)
    copy = Model.objects.create(code=new, vendor=source.vendor, type=source.type)
    copy.access_groups.set(source.access_groups.all())
    return copy


@pytest.fixture
def browser(ada: User, team: TeamAccess) -> Client:
    client = Client()
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def test_a_row_says_what_it_is_and_costs_in_the_readers_unit() -> None:
    describe("chat-small", title={"en": "Chat Small"}, summary={"en": "For short questions."}, capabilities=["tools"])

    shown = page("/models?search=chat-small")

    assert 'href="/models/chat-small">Chat Small</a>' in shown
    assert "For short questions." in shown
    assert "Acme AI · Chat · 128K context · Tools" in shown
    assert "US$0.285714" in shown  # 2 credits at 7 a dollar
    assert "per 1M tokens" in shown
    assert "Showing 1 of 1" in shown


def test_a_reader_in_chinese_reads_chinese_and_yuan() -> None:
    describe("chat-small", title={"en": "Chat Small", "zh-hans": "小聊"})

    shown = page("/models?lang=zh-hans&search=chat-small")

    assert ">小聊</a>" in shown
    assert "¥2.00" in shown
    assert "每 1M token" in shown


@pytest.mark.parametrize(
    ("query", "found", "missed"),
    [
        ("type=embedding", "embed-small", "chat-small"),
        ("max_price=1", "embed-small", "chat-small"),
        ("search=one-credit", "one-credit", "chat-small"),
        ("capability=tools", "chat-small", "embed-small"),
    ],
)
def test_filters_leave_what_they_say(query: str, found: str, missed: str) -> None:
    describe("chat-small", capabilities=["tools"])

    shown = page(f"/models?{query}")

    assert f'href="/models/{found}"' in shown
    assert f'href="/models/{missed}"' not in shown


@pytest.mark.parametrize("query", ["sort=luck", "max_price=cheap", "min_context=x", "group=!!", "lifecycle=gone"])
def test_odd_filters_count_as_all(query: str) -> None:
    assert "Showing 3 of 3" in page(f"/models?{query}")


def test_filters_that_fit_nothing_offer_to_be_cleared() -> None:
    shown = page("/models?type=chat&search=nothing-like-it")

    assert "No models match these filters" in shown
    assert 'href="/models">Clear filters</a>' in shown


def test_a_catalogue_without_models_says_so() -> None:
    Model.objects.all().update(lifecycle="planned")

    assert "No models yet" in page()


def test_retired_models_are_shown_when_asked_for_with_their_successor() -> None:
    old = describe("chat-small", lifecycle="retired")
    old.successor = describe("one-credit", title={"en": "One Credit"})
    old.save()

    assert "/models/chat-small" not in page()
    assert "Successor: One Credit." in page("/models?retired=1")


def test_the_roadmap_lists_what_is_planned_and_only_that() -> None:
    assert "Nothing is planned at the moment" in page("/models?lifecycle=planned")

    describe("one-credit", lifecycle="planned", title={"en": "Dream"})

    assert "1 planned" in page()
    assert "/models/one-credit" not in page()
    roadmap = page("/models?lifecycle=planned")
    assert 'href="/models/one-credit">Dream</a>' in roadmap
    assert "/models/chat-small" not in roadmap


def test_picks_stand_by_use_until_something_is_asked_for() -> None:
    describe("chat-small", recommended_for=[{"use": "coding", "note": {"en": "best value"}}])
    describe("one-credit", lifecycle="planned", recommended_for=[{"use": "maths"}])

    shown = page()

    assert "Where to begin" in shown
    assert "<h3>Coding</h3>" in shown
    assert "best value" in shown
    assert "<h3>Mathematics</h3>" in shown
    assert "Where to begin" not in page("/models?type=chat")


def test_an_announced_price_stands_on_the_row() -> None:
    at = clock.now()
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    dearer = price(input_tokens=(1_000_000, "3"), output_tokens=(1_000_000, "9"))
    services.publish_price(model_id, dearer, at=at, starts_at=at + timedelta(days=2))

    assert "Price rises" in page("/models?search=chat-small")


def test_a_model_that_is_going_to_retire_says_when() -> None:
    describe("chat-small")
    Model.objects.filter(code="chat-small").update(retired_on=date(2099, 1, 31))

    assert "Retires 31 Jan 2099" in page("/models?search=chat-small")


def test_a_team_sees_its_own_models_at_its_own_prices(browser: Client, team: TeamAccess) -> None:
    assert "chat-vip" not in page("/models", browser)

    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))
    shown = page("/models?search=chat-vip", browser)

    assert "US$0.228571" in shown  # 2 × 0.8 credits at 7 a dollar
    assert "The multiplier of access group vip, × 0.8, is in its prices already." in shown
    assert "/models/chat-vip" in page("/models?group=vip", browser)
    assert "/models/chat-small" not in page("/models?group=vip", browser)


def test_strangers_learn_nothing_of_other_groups() -> None:
    describe("chat-vip", recommended_for=[{"use": "secrets"}], capabilities=["telepathy"])

    for path in ("/models", "/models?group=vip", "/models?lifecycle=ga&retired=1", "/models/compare?m=chat-vip"):
        shown = page(path)
        for secret in ("secrets", "telepathy", "/models/chat-vip"):
            assert secret not in shown


def test_pages_follow_each_other_by_cursor() -> None:
    for number in range(25):
        copy_of("chat-small", f"copy-{number}")

    first = Client().get("/models?sort=newest")
    second = Client().get(f"/models?{first.context['older']}")
    back = Client().get(f"/models?{second.context['newer']}")

    assert [len(answer.context["rows"]) for answer in (first, second, back)] == [20, 8, 20]
    assert "21–28 of 28" in second.content.decode()
    assert first.context["page"].results == back.context["page"].results


def test_a_cursor_of_nobody_is_not_found() -> None:
    assert Client().get("/models?cursor=!!").status_code == 404
    assert Client().get("/models?cursor=PDk5OTk5OTk").status_code == 404


def questions(client: Client, path: str) -> int:
    """Besides those for the session and the user."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    tables = ('FROM "django_session"', 'FROM "accounts_user" ', "SAVEPOINT")
    return sum(not any(table in query["sql"] for table in tables) for query in asked.captured_queries)


@pytest.mark.parametrize("path", ["/models", "/models/compare?m=chat-small&m=one-credit"])
def test_the_pages_ask_at_most_two_questions_besides_session_and_user(browser: Client, path: str) -> None:
    browser.get(path)  # the first visit notes the session

    for multiplier in ("0.9", "0.8"):
        AccessGroup.objects.filter(code="default").update(multiplier=Decimal(multiplier))  # forget what is remembered
        assert questions(Client(), path) == 1
        assert questions(browser, path) <= 2


def test_strangers_pages_may_be_kept_by_every_cache_and_those_of_others_by_none(browser: Client) -> None:
    public, own = Client().get("/models"), browser.get("/models")

    assert "max-age=60" in public["Cache-Control"]
    assert "public" in public["Cache-Control"]
    assert "private" in own["Cache-Control"]
    assert not public.cookies
    for answer in (public, own):
        assert {"Cookie", "Accept-Language"} <= {name.strip() for name in answer["Vary"].split(",")}


def compared(*codes: str) -> Any:
    answer = Client().get("/models/compare", {"m": codes})
    assert answer.status_code == 200
    return answer.context["comparison"]


def test_models_stand_side_by_side_in_the_order_they_were_chosen() -> None:
    comparison = compared("one-credit", "chat-small")

    assert [column.code for column in comparison.columns] == ["one-credit", "chat-small"]
    assert [(line.note, line.answers) for line in comparison.prices] == [
        ("per 1M tokens", [["–"], ["US$0.285714"]]),
        ("per 1M tokens", [["–"], ["US$1.142857"]]),
        ("per call", [["US$0.142857"], ["–"]]),
    ]
    assert comparison.columns[0].rest == "m=chat-small"


def test_a_price_by_size_is_compared_tier_by_tier() -> None:
    tiers = [{"from": 0, "to": 32_000, "price": "0.7"}, {"from": 32_000, "to": None, "price": "1.4"}]
    by_size = {"schema": 2, "items": [{"meter": "input_tokens", "unit": 1_000_000, "tiers": tiers}]}
    services.publish_price(copy_of("chat-small", "by-size").pk, by_size, at=clock.now())

    (line,) = compared("by-size").prices

    assert line.answers == [["US$0.10", "US$0.20 · from 32K"]]
    assert "per 1M tokens · other prices from 32K" in page("/models?search=by-size")


def test_no_more_than_four_are_compared_and_the_page_says_so() -> None:
    for number in range(3):
        copy_of("chat-small", f"copy-{number}")

    shown = page("/models/compare?m=copy-0&m=copy-1&m=copy-2&m=chat-small&m=one-credit")

    assert "1 model more was chosen than can stand here" in shown
    assert 'href="/models/one-credit"' not in shown


def test_a_comparison_of_nothing_says_how_to_choose() -> None:
    assert "No models chosen" in page("/models/compare")
    assert "Not everything that was asked for is a model that you can see" in page("/models/compare?m=nothing")
