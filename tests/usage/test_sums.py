"""Sums of calls: exact before, during and after a roll-up, each call counted once, days of the billing time zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings

from apps.usage import queries, services
from apps.usage.models import DayUsage, MinuteUsage, RollUpWatermark
from apps.usage.types import DaySpend, Refused
from tests.usage.calls import charged, row, store, this_morning

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
TODAY = this_morning().date()


def spend_of_today() -> list[tuple[str, int, int]]:
    days = queries.spend_by_day_and_model(1, TODAY, TODAY)
    return [(day.model_code, day.calls, day.charge_nanos) for day in days]


def test_settled_calls_are_added_to_minutes_and_days() -> None:
    charged(row(input_tokens=10, output_tokens=5), 100)
    charged(row(this_morning() + timedelta(seconds=20), input_tokens=1, output_tokens=2), 11)
    charged(row(this_morning() + MINUTE, status=502), 0)

    added = services.roll_up()

    assert added == 3
    minutes = MinuteUsage.objects.order_by("minute")
    assert list(minutes.values_list("status", "calls", "input_tokens", "output_tokens", "charge_nanos")) == [
        (200, 2, 11, 7, 111),
        (502, 1, 12, 7, 0),
    ]
    day = DayUsage.objects.get()
    assert (day.day, day.calls, day.errors, day.charge_nanos) == (TODAY, 3, 1, 111)


def test_a_second_roll_up_adds_nothing() -> None:
    charged(row(), 100)
    services.roll_up()

    assert services.roll_up() == 0
    assert DayUsage.objects.get().calls == 1


def test_a_later_call_of_the_same_minute_is_added_to_it() -> None:
    charged(row(), 100, settled_ago=timedelta(minutes=10))
    services.roll_up()
    RollUpWatermark.objects.update(settled_before=datetime.now(UTC) - timedelta(minutes=5))

    charged(row(), 10, settled_ago=timedelta(minutes=1))
    services.roll_up()

    assert MinuteUsage.objects.get().charge_nanos == 110
    assert DayUsage.objects.get().calls == 2


def test_calls_settled_a_moment_ago_wait_for_the_next_roll_up_but_are_in_the_sums() -> None:
    charged(row(), 100)
    store((row(), "charged", 10))

    assert services.roll_up() == 1
    assert spend_of_today() == [("gpt-4o-mini", 2, 110)]


def test_a_roll_up_that_was_away_for_hours_catches_up() -> None:
    charged(row(), 1, settled_ago=timedelta(hours=5))
    charged(row(), 10, settled_ago=timedelta(hours=2, minutes=30))
    charged(row(), 100, settled_ago=timedelta(minutes=1))

    assert services.roll_up() == 3
    assert DayUsage.objects.get().charge_nanos == 111


def test_a_day_begins_at_midnight_of_the_billing_time_zone(settings: LazySettings) -> None:
    settings.BILLING_TZ = "Asia/Shanghai"
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, 16, 0, tzinfo=UTC)
    charged(row(midnight - timedelta(seconds=1)), 1)
    charged(row(midnight), 10)

    before = queries.spend_by_day_and_model(1, TODAY, TODAY + timedelta(days=1))
    services.roll_up()
    after = queries.spend_by_day_and_model(1, TODAY, TODAY + timedelta(days=1))

    assert (
        before
        == after
        == [
            DaySpend(TODAY, "gpt-4o-mini", 1, 0, 12, 7, 1),
            DaySpend(TODAY + timedelta(days=1), "gpt-4o-mini", 1, 0, 12, 7, 10),
        ]
    )


def test_spend_is_summed_by_team_over_a_half_open_span() -> None:
    charged(row(), 1)
    charged(row(this_morning() + MINUTE), 10)
    charged(row(team_id=2), 100)
    charged(row(team_id=3), 1_000)

    assert queries.spend_between([1, 2], this_morning(), this_morning() + MINUTE) == {1: 1, 2: 100}


def test_spend_is_summed_by_token() -> None:
    charged(row(token_id=7), 1)
    charged(row(token_id=7), 10)
    charged(row(token_id=8), 100)

    assert queries.spend_by_token(1, this_morning(), this_morning() + MINUTE) == {7: 11, 8: 100}


def test_the_figures_of_a_day_count_calls_errors_and_spend() -> None:
    for latency in (100, 200, 900):
        charged(row(latency_ms=latency), 10)
    charged(row(status=502, latency_ms=30_000), 0)
    services.add_refusals({Refused(this_morning(), 1, 3, "gpt-4o-mini", 402): 2})

    figures = queries.figures_today(1, at=this_morning() + MINUTE)

    assert (figures.calls, figures.errors, figures.refused, figures.spend_nanos) == (4, 1, 2, 30)
    assert (figures.error_percent, figures.median_latency_ms) == (25.0, 200)


def test_a_day_without_calls_has_no_median_and_no_errors() -> None:
    figures = queries.figures_today(1, at=this_morning())

    assert (figures.calls, figures.error_percent, figures.median_latency_ms) == (0, 0.0, None)


def test_refusals_are_added_to_the_minute_beside_its_calls() -> None:
    refused = Refused(this_morning(), 1, 3, "gpt-4o-mini", 429)
    services.add_refusals({refused: 2})
    services.add_refusals({refused: 1})
    charged(row(status=429), 0)
    services.roll_up()

    (minute,) = queries.calls_by_minute(1, this_morning(), this_morning() + MINUTE)

    assert (minute.status, minute.calls, minute.refused) == (429, 1, 3)


def test_no_refusals_write_nothing() -> None:
    services.add_refusals({})

    assert not MinuteUsage.objects.exists()


def test_addresses_are_forgotten_after_ninety_days_and_calls_are_not() -> None:
    call_id = charged(row(datetime.now(UTC), ip="192.0.2.7"))

    dropped = services.drop_expired_origins(at=datetime.now(UTC) + timedelta(days=92))

    found = queries.logged_call(1, call_id)
    assert dropped >= 1
    assert found is not None
    assert found.ip is None


def test_minutes_are_kept_for_thirty_five_days_and_days_for_ever() -> None:
    charged(row(), 100)
    services.roll_up()

    assert services.drop_old_minutes(at=this_morning() + timedelta(days=35)) == 0
    assert services.drop_old_minutes(at=this_morning() + timedelta(days=35, minutes=1)) == 1
    assert DayUsage.objects.count() == 1
