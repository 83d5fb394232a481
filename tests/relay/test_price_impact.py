"""What an announced price would have made of the last 30 days: past calls priced again, to the nanocredit."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.marketplace.models import Model, PriceVersion
from apps.marketplace.types.alerts import Impact, MultiplierStep, PriceStep
from apps.relay import price_impact, queries
from apps.teams.types import TeamAccess
from tests.cast import make_team
from tests.marketplace.alerts import announced
from tests.marketplace.configs import config, item, tiered
from tests.usage.calls import row, store, this_morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

NOW = this_morning() + timedelta(hours=2)


def step(code: str = "chat-small", **changed: Any) -> PriceStep:
    """From 2 and 8 credits a million tokens, in and out, to 2 and 10."""
    change = announced(code, at=NOW, **changed)
    assert change.version is not None
    old = PriceVersion.objects.get(model=change.version.model, number=change.version.number - 1)
    return PriceStep(code, old.pk, change.version.pk)


def called(team: TeamAccess, *, nanos: int = 1, ago: timedelta = timedelta(0), **changes: Any) -> None:
    usual = {"model_code": "chat-small", "input_tokens": 1_000_000, "output_tokens": 500_000}
    store(
        (row(this_morning() - ago, team_id=team.id, wallet_id=team.wallet_id, **{**usual, **changes}), "charged", nanos)
    )


def impact(team: TeamAccess, of: PriceStep | MultiplierStep) -> Impact | None:
    return queries.impact_of([team.id], of, at=NOW)


def test_half_a_million_output_tokens_at_two_credits_more_are_one_credit(team: TeamAccess) -> None:
    called(team, nanos=6_000_000_000)

    assert impact(team, step()) == Impact(1_000_000_000, is_estimate=False)


def test_less_is_negative(team: TeamAccess) -> None:
    called(team)

    assert impact(team, step(new="6")) == Impact(-1_000_000_000, is_estimate=False)


def test_each_call_counts_at_its_own_multiplier(team: TeamAccess) -> None:
    called(team, multiplier="0.8")
    called(team)

    assert impact(team, step()) == Impact(1_800_000_000, is_estimate=False)


def test_a_call_counts_in_its_own_tier(team: TeamAccess) -> None:
    model = Model.objects.get(code="chat-small")
    last = model.price_versions.get()
    tiers = config(tiered("input_tokens", (0, "2"), (32_000, "4")))
    flat = config(item("input_tokens", "3"))
    for number, prices in ((2, tiers), (3, flat)):
        begins = NOW + timedelta(days=number)
        PriceVersion.objects.filter(pk=last.pk).update(ends_at=begins)
        last = PriceVersion.objects.create(
            model=model, number=number, pricing_config=prices, entered_config=prices, starts_at=begins
        )
    called(team, input_tokens=31_999, output_tokens=0)
    called(team, input_tokens=32_000, output_tokens=0)
    of = PriceStep(
        "chat-small", *model.price_versions.filter(number__gt=1).order_by("number").values_list("pk", flat=True)
    )

    # 31,999 at 3 instead of 2 a million: +0.031999; 32,000 at 3 instead of 4: -0.032
    assert impact(team, of) == Impact(-1_000, is_estimate=False)


def test_other_models_other_teams_and_other_months_do_not_count(team: TeamAccess) -> None:
    called(team, model_code="one-credit")
    called(make_team("Other"))

    assert impact(team, step()) is None
    assert queries.impact_of([], step("one-credit"), at=NOW) is None


def test_the_thirtieth_day_counts_and_the_one_before_does_not(team: TeamAccess) -> None:
    called(team)

    assert queries.impact_of([team.id], step(), at=NOW + timedelta(days=29)) is not None
    assert queries.impact_of([team.id], step("one-credit"), at=NOW) is None
    of = PriceStep("chat-small", *PriceVersion.objects.filter(model__code="chat-small").values_list("pk", flat=True))
    assert queries.impact_of([team.id], of, at=NOW + timedelta(days=30)) is None


def test_a_call_that_was_given_away_stays_free(team: TeamAccess) -> None:
    called(team, nanos=0)

    assert impact(team, step()) == Impact(0, is_estimate=False)


def test_of_very_many_calls_the_newest_stand_for_all(team: TeamAccess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_impact, "MOST_CALLS", 2)
    for _ in range(4):
        called(team, nanos=6_000_000_000)

    # two calls of 6 credits become 1 dearer each; all four cost 24
    assert impact(team, step()) == Impact(4_000_000_000, is_estimate=True)


def test_several_teams_add_up(team: TeamAccess) -> None:
    other = make_team("Other")
    called(team)
    called(other)

    assert queries.impact_of([team.id, other.id], step(), at=NOW) == Impact(2_000_000_000, is_estimate=False)


def test_a_multiplier_makes_charges_grow_by_the_quotient(team: TeamAccess) -> None:
    called(team, nanos=8_000_000_000, access_group="vip")
    called(team, nanos=5_000_000_000)

    vip = MultiplierStep("vip", Decimal("0.8"), Decimal("1"))

    assert impact(team, vip) == Impact(2_000_000_000, is_estimate=False)
    assert impact(team, MultiplierStep("vip", Decimal(0), Decimal(1))) is None
