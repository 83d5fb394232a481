"""The page of a model: for strangers, for a team, for a model that is planned, retired or about to cost more."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import override

from apps.accounts.models import User
from apps.core import clock
from apps.core.money import nanos_from_text
from apps.marketplace import queries, services
from apps.marketplace.models import Model, OfficialPrice
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.catalogue import price

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture(autouse=True)
def _language_as_before() -> Iterator[None]:
    """A reader's language stays in the thread that answered."""
    with override("en"):
        yield


def text(client: Client, path: str = "/models/chat-small") -> str:
    found = client.get(path)
    assert found.status_code == 200
    return found.content.decode()


def id_of(code: str) -> int:
    return queries.model_ids([code])[code]


def change(code: str, **fields: object) -> None:
    Model.objects.filter(code=code).update(**fields)


def record_official(code: str, input_price: str, output_price: str) -> None:
    config = price(input_tokens=(1_000_000, input_price), output_tokens=(1_000_000, output_price))
    OfficialPrice.objects.create(
        model_id=id_of(code), number=1, pricing_config=config, source="price list", as_of=date(2026, 11, 1)
    )


def as_member(user: User, team: TeamAccess) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["console.team"] = team.public_id
    session.save()
    return client


def test_a_stranger_reads_prices_in_dollars_or_yuan(db: None) -> None:
    # 2 and 8 credits; 7 are a dollar, 1 is a yuan
    english, chinese = text(Client()), text(Client(), "/models/chat-small?lang=zh-hans")

    assert '<td class="num">0.285714</td><td class="num">1.142857</td>' in english
    assert "US$ per 1M tokens" in english
    assert '<td class="num">2.00</td><td class="num">8.00</td>' in chinese
    assert "¥ 每 1M token" in chinese


def test_a_page_opens_with_an_estimate_by_the_function_that_bills(db: None) -> None:
    # 12,000 × 2 + 700 × 8 = 29,600 for a million; 500 calls a day
    page = text(Client(), "/models/chat-small?lang=zh-hans")

    assert "<strong>¥0.0296</strong>" in page
    assert "¥14.80" in page
    assert "¥444.00" in page


def test_the_calculator_answers_what_it_is_asked_without_a_script(db: None) -> None:
    page = text(Client(), "/models/chat-small?lang=zh-hans&input_tokens=1,000,000&output_tokens=0&calls_a_day=3")

    assert "<strong>¥2.0000</strong>" in page
    assert "¥6.00" in page


def test_the_calculator_says_what_to_correct(db: None) -> None:
    page = text(Client(), "/models/chat-small?input_tokens=many&output_tokens=-1")

    assert "Nothing to estimate yet" in page
    assert page.count("Write a whole number from 0 to 1,000,000,000.") == 2


def test_the_price_of_the_readers_group_is_what_they_read(ada: User, team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))

    page = text(as_member(ada, team), "/models/chat-vip")

    # 2 credits × 0.8 at 7 a dollar
    assert "0.228571" in page
    assert "multiplies list prices by 0.8" in page


def test_who_does_not_see_a_model_finds_nothing(ada: User, team: TeamAccess) -> None:
    assert Client().get("/models/chat-vip").status_code == 404
    assert as_member(ada, team).get("/models/chat-vip").status_code == 404
    assert Client().get("/models/none").status_code == 404
    assert Client().get("/models/%EE%80%80").status_code == 404


def test_an_id_may_have_slashes(db: None) -> None:
    Model.objects.filter(code="chat-small").update(code="acme/chat-small")

    assert "acme/chat-small" in text(Client(), "/models/acme/chat-small")


def test_an_announced_increase_stands_above_the_price_with_its_instant(db: None) -> None:
    starts_at = clock.now() + timedelta(days=3)
    dearer = price(input_tokens=(1_000_000, "3"), output_tokens=(1_000_000, "8"))
    services.publish_price(id_of("chat-small"), dearer, at=clock.now(), starts_at=starts_at)

    page = text(Client(), "/models/chat-small?lang=zh-hans")

    assert "上调" in page
    assert "¥2.00 → <strong>¥3.00</strong>" in page
    assert 'data-chart="step"' in page
    assert 'href="/announcements/ann_' in page


def test_a_price_below_the_official_one_says_by_how_much(db: None) -> None:
    record_official("chat-small", "2.5", "10")

    page = text(Client())

    assert "20% below the official price" in page
    assert "official 0.357143" in page


def test_a_price_above_the_official_one_is_marked(db: None) -> None:
    record_official("chat-small", "1", "10")

    page = text(Client())

    assert "Above the official price" in page
    assert "below the official price" not in page


def test_the_same_price_as_the_official_one_is_said_to_be_the_same(db: None) -> None:
    record_official("chat-small", "2", "8")

    assert "The same as the vendor’s own price, as of 1 Nov 2026 (price list)." in text(Client())


def test_a_planned_model_offers_to_tell_when_it_starts(db: None) -> None:
    change("chat-small", lifecycle="planned")

    page = text(Client())

    assert "This model cannot be called yet" in page
    assert 'href="/price-alerts?model=chat-small"' in page
    assert 'id="estimate"' not in page
    assert "curl" not in page


def test_a_retired_model_leads_to_its_successor(db: None) -> None:
    change("chat-small", lifecycle="retired", retired_on=date(2026, 10, 23), successor_id=id_of("one-credit"))

    page = text(Client())

    assert "Retired on 23 Oct 2026" in page
    assert 'href="/models/one-credit"' in page


def test_a_successor_out_of_sight_is_not_named(db: None) -> None:
    change("chat-small", lifecycle="retired", successor_id=id_of("chat-vip"))

    assert "chat-vip" not in text(Client())
    assert Client().get("/api/models/chat-small").json()["successor"] is None


def test_a_model_without_a_price_says_so(db: None) -> None:
    Model.objects.create(
        code="unpriced",
        vendor_id=Model.objects.first().vendor_id,
        type_id=Model.objects.first().type_id,  # type: ignore[union-attr]
    ).access_groups.set(AccessGroup.objects.filter(code="default"))

    assert "There is no price yet" in text(Client(), "/models/unpriced")


def test_a_member_sees_the_own_limits_and_a_stranger_where_to_sign_in(ada: User, team: TeamAccess) -> None:
    assert "0 of 600" in text(as_member(ada, team))
    stranger = text(Client())
    assert "Sign in to see your own limits" in stranger
    assert "Your limits now" not in stranger


def test_search_engines_find_each_language_and_the_offers(db: None) -> None:
    page = text(Client(), "/models/chat-small?lang=en&calls_a_day=3")

    base = settings.PUBLIC_URL
    assert f'<link rel="canonical" href="{base}/models/chat-small?lang=en">' in page
    assert f'hreflang="zh-Hans" href="{base}/models/chat-small?lang=zh-hans"' in page
    assert f'hreflang="x-default" href="{base}/models/chat-small"' in page
    assert 'itemprop="priceCurrency" content="USD"' in page


def test_a_strangers_page_may_be_kept_for_a_minute_and_nobody_elses(ada: User, team: TeamAccess) -> None:
    found = Client().get("/models/chat-small")

    assert found["Cache-Control"] == "public, max-age=60"
    assert {"Cookie", "Accept-Language"} <= {name.strip() for name in found["Vary"].split(",")}
    assert not found.cookies
    assert as_member(ada, team).get("/models/chat-small")["Cache-Control"] == "private, no-store"
    assert "no-cache" in Client().get("/models/chat-small?lang=zh-hans")["Cache-Control"]


def test_a_page_is_kept_no_longer_than_its_price_holds(db: None) -> None:
    starts_at = clock.now() + timedelta(seconds=20)
    cheaper = price(input_tokens=(1_000_000, "1"), output_tokens=(1_000_000, "8"))
    services.publish_price(id_of("chat-small"), cheaper, at=clock.now(), starts_at=starts_at)

    kept = Client().get("/models/chat-small")["Cache-Control"]

    assert 10 <= int(kept.rpartition("=")[2]) <= 20


def test_a_language_that_a_stranger_chose_by_a_link_stays(db: None) -> None:
    client = Client()

    client.get("/models/chat-small?lang=zh-hans")

    assert "调用方法" in text(client)


def test_thirty_days_are_thirty_exact_days(db: None) -> None:
    page = Client().get("/models/one-credit?calls_a_day=10")

    assert page.context["estimate"].month_nanos == nanos_from_text("300")


@pytest.mark.parametrize(
    ("lifecycle", "availability"), [("ga", "InStock"), ("planned", "OutOfStock"), ("retired", "Discontinued")]
)
def test_an_offer_says_whether_it_can_be_had(db: None, lifecycle: str, availability: str) -> None:
    change("chat-small", lifecycle=lifecycle)

    assert f'href="https://schema.org/{availability}"' in text(Client())
