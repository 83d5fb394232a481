"""A price map becomes official prices; pegged prices of ours follow where that is asked."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.journal.models import AuditEntry
from apps.marketplace import queries, rating, services
from apps.marketplace.errors import PriceMapChanged, PriceMapError
from apps.marketplace.models import Model, ModelType, OfficialPrice, PriceVersion, Vendor
from apps.marketplace.types.price_maps import PriceMapLine, PriceMapReport, PriceMapTerms
from apps.teams.models import AccessGroup
from tests.announcements.entries import publish as announce
from tests.marketplace.configs import config, item
from tests.marketplace.price_maps import price_map

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
DAY = timedelta(hours=24)
AS_OF = date(2026, 5, 1)
PEGGED = config(item("input_tokens", "2.5"), item("output_tokens", "10"), currency="USD", policy="pegged")


@pytest.fixture(autouse=True)
def _models() -> None:
    chat = ModelType.objects.create(code="chat")
    group, _ = AccessGroup.objects.get_or_create(code="default")
    for vendor, code in (("openai", "gpt-1"), ("anthropic", "claude-1"), ("openai", "gpt-unknown")):
        row, _ = Vendor.objects.get_or_create(code=vendor, defaults={"name": {"en": vendor}})
        Model.objects.create(code=code, vendor=row, type=chat).access_groups.add(group)


def gpt() -> Model:
    return Model.objects.get(code="gpt-1")


def run(data: dict[str, Any], at: datetime = NOON, *, dry_run: bool = False, **terms: Any) -> PriceMapReport:
    asked = PriceMapTerms("price-map.json", AS_OF, **terms)
    return services.import_price_map(data, terms=asked, at=at, dry_run=dry_run)


def line(report: PriceMapReport, model: str = "gpt-1") -> PriceMapLine:
    return next(line for line in report.lines if line.model == model)


def of_a_million(model: Model, at: datetime) -> int | None:
    price = queries.price_in_force(model.pk, at=at)
    return price and rating.charge_nanos(price.price_list, {"input_tokens": 1_000_000}).total_nanos


def test_official_prices_are_recorded_and_the_report_names_all_that_matters() -> None:
    report = run(price_map())

    card = queries.official_prices([gpt().pk], at=NOON)[gpt().pk]
    assert rating.charge_nanos(card.price_list, {"input_tokens": 1_000, "output_tokens": 500}).total_nanos == 52_500_000
    assert (card.source, card.as_of) == ("price-map.json", date(2026, 5, 1))
    assert [found.model for found in report.changed] == ["gpt-1", "claude-1"]
    assert report.absent == ("gpt-unknown",)
    assert line(report).left_out == ("input_cost_per_token_batches",)
    assert line(report, "claude-1").unknown == ("input_cost_per_dream",)


def test_the_same_map_changes_nothing_the_second_time() -> None:
    run(price_map())

    assert run(price_map(), LATER).changed == ()
    assert OfficialPrice.objects.count() == 2


def test_the_diff_shows_the_new_price_beside_the_one_before() -> None:
    run(price_map())

    (point,) = line(run(price_map(gpt_input="3e-06"), LATER)).told

    # in credits for a million, at 7 a dollar
    assert (point.meter, point.reference, point.ours) == ("input_tokens", Decimal("17.5"), 21)
    assert point.difference_percent == 20


def test_a_dry_run_tells_the_same_and_keeps_nothing() -> None:
    shown = run(price_map(), dry_run=True)

    assert not OfficialPrice.objects.exists()
    assert not AuditEntry.objects.filter(act="price_map.imported").exists()
    assert run(price_map(), LATER).fingerprint == shown.fingerprint


def test_what_was_shown_is_done_or_nothing() -> None:
    shown = run(price_map(), dry_run=True)
    run(price_map(gpt_input="3e-06"))

    with pytest.raises(PriceMapChanged):
        run(price_map(), LATER, seen=shown.fingerprint)

    assert OfficialPrice.objects.count() == 2
    assert run(price_map(), LATER, seen=run(price_map(), dry_run=True).fingerprint).changed


def test_without_being_asked_our_prices_stay() -> None:
    run(price_map())
    services.publish_price(gpt().pk, PEGGED, at=NOON)

    run(price_map(gpt_input="2e-06"), LATER)

    assert PriceVersion.objects.count() == 1


def test_a_lower_official_price_is_followed_at_once() -> None:
    run(price_map())
    services.publish_price(gpt().pk, PEGGED, at=NOON)

    report = run(price_map(gpt_input="2e-06"), LATER, publish=True)

    assert [found.model for found in report.followed] == ["gpt-1"]
    assert of_a_million(gpt(), LATER) == 14_000_000_000


def test_a_higher_one_is_followed_with_the_notice_that_is_owed() -> None:
    run(price_map())
    services.publish_price(gpt().pk, PEGGED, at=NOON)

    run(price_map(gpt_input="3e-06"), LATER, publish=True)

    assert of_a_million(gpt(), LATER + DAY - timedelta(seconds=1)) == 17_500_000_000
    assert of_a_million(gpt(), LATER + DAY) == 21_000_000_000


def test_our_hold_and_what_the_vendor_does_not_price_stay_ours() -> None:
    run(price_map())
    searches = item("web_searches", "0.02", unit=1)
    services.publish_price(gpt().pk, {**PEGGED, "items": [*PEGGED["items"], searches], "hold": {"max": "5"}}, at=NOON)

    run(price_map(gpt_input="2e-06"), LATER, publish=True)

    entered = PriceVersion.objects.get(number=2).entered_config
    assert (entered["hold"], entered["policy"], entered["items"][-1]) == ({"max": "5"}, "pegged", searches)


def test_a_price_that_was_entered_in_credits_follows_in_credits() -> None:
    run(price_map())
    credits_ = config(item("input_tokens", "17.5"), item("output_tokens", "70"), policy="pegged", hold={"max": "5"})
    services.publish_price(gpt().pk, credits_, at=NOON)

    run(price_map(gpt_input="2e-06"), LATER, publish=True)

    entered = PriceVersion.objects.get(number=2).entered_config
    assert (entered["currency"], entered["hold"]) == ("CREDIT", {"max": "5"})
    assert of_a_million(gpt(), LATER) == 14_000_000_000


def test_a_floating_price_does_not_follow() -> None:
    services.publish_price(gpt().pk, {**PEGGED, "policy": "floating"}, at=NOON)

    assert run(price_map(gpt_input="2e-06"), LATER, publish=True).followed == ()


def test_a_price_that_an_announcement_lets_differ_is_left_to_people() -> None:
    run(price_map())
    services.publish_price(gpt().pk, PEGGED, at=NOON)
    announced = announce(at=NOON).public_id
    services.publish_price(gpt().pk, {**PEGGED, "items": [item("input_tokens", "2")]}, at=LATER, announcement=announced)

    found = line(run(price_map(gpt_input="2.2e-06"), LATER, publish=True))

    assert found.ours is None
    assert "by hand" in found.refusal


def test_a_price_that_cannot_follow_yet_says_why_and_the_official_one_is_recorded() -> None:
    run(price_map())
    services.publish_price(gpt().pk, PEGGED, at=NOON)
    run(price_map(gpt_input="3e-06"), LATER, publish=True)

    found = line(run(price_map(gpt_input="2e-06"), LATER + timedelta(hours=1), publish=True))

    assert (found.is_changed, found.ours) == (True, None)
    assert "Version 2 begins" in found.refusal


def test_a_map_with_a_price_nobody_could_pay_changes_nothing() -> None:
    with pytest.raises(PriceMapError, match=r"gpt-1"):
        run(price_map(gpt_input="50"))

    assert not OfficialPrice.objects.exists()


def test_retired_models_are_not_looked_for() -> None:
    Model.objects.filter(code="claude-1").update(lifecycle="retired")

    assert [found.model for found in run(price_map()).lines] == ["gpt-1"]


def test_what_the_map_is_silent_about_stays_as_it_was_recorded() -> None:
    written = item("cache_write_12h_tokens", "6.25")
    usd = config(item("input_tokens", "2.5"), item("output_tokens", "10"), written, currency="USD")
    services.record_official_price(gpt().pk, usd, source="by hand", as_of=AS_OF, at=NOON)

    found = line(run(price_map(gpt_input="3e-06"), LATER))

    config_now = queries.official_prices([gpt().pk], at=LATER)[gpt().pk].config
    assert (found.kept, config_now["items"][-1]) == (("cache_write_12h_tokens",), written)
    assert [point.meter for point in found.told] == ["input_tokens"]


def test_a_price_of_another_list_is_not_replaced() -> None:
    yuan = config(item("input_tokens", "18"), currency="CNY")
    services.record_official_price(gpt().pk, yuan, source="the Beijing list", as_of=AS_OF, at=NOON)

    found = line(run(price_map(), LATER))

    assert (found.is_other_list, found.is_changed) == (True, False)
    assert OfficialPrice.objects.get(model=gpt()).source == "the Beijing list"


def test_the_same_prices_in_another_order_are_no_change() -> None:
    usd = config(item("output_tokens", "10"), item("input_tokens", "0.0025", unit=1_000), currency="USD")
    services.record_official_price(gpt().pk, usd, source="by hand", as_of=AS_OF, at=NOON)

    found = line(run(price_map(), LATER))

    assert (found.is_changed, found.number) == (False, 1)
