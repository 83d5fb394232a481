"""Who answers for a wallet hears in time that it will be empty: once for each falling below."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.money import NANOS_PER_CREDIT as CREDIT
from apps.core.money import nanos_from_text
from apps.journal.models import AuditEntry, OutboxMessage
from apps.teams.types import TeamAccess
from apps.usage import queries
from apps.usage import services as usage
from apps.usage.low_balances import tell_of_low_balances
from apps.usage.models import DayUsage, LowBalance
from tests.cast import add_member, grant, make_team

pytestmark = pytest.mark.django_db
# 20:00 of Saturday in Shanghai: the seventh day of the window has come to 20 of its 24 hours
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def spent(team: TeamAccess, amount: str, *, days_ago: int = 0) -> None:
    """Rolled-up calls of a business day. The wallet is as it is: what is available is up to the test."""
    DayUsage.objects.create(
        day=(NOON + timedelta(hours=8)).date() - timedelta(days=days_ago),
        team_id=team.id,
        token_id=1,
        model_code="m",
        calls=1,
        charge_nanos=nanos_from_text(amount),
    )


def told(*, at: datetime = NOON) -> list[tuple[str, object]]:
    """Days left in each mail that is new."""
    before = set(OutboxMessage.objects.values_list("pk", flat=True))
    tell_of_low_balances(at=at)
    rows = OutboxMessage.objects.exclude(pk__in=before).order_by("pk")
    return [(row.recipient, row.payload["days_left"]) for row in rows]


def test_a_team_is_told_when_its_credits_last_less_than_three_days(team: TeamAccess) -> None:
    # 6 days and 20 hours are 6.8333 days: 273.3333 credits are 40 a day, and 100 last 2.5 days
    spent(team, "273.333333333", days_ago=6)
    spent(team, "1", days_ago=30)

    assert told() == [("ada@example.com", 2)]
    payload = OutboxMessage.objects.get().payload
    assert (payload["team_name"], payload["available"], payload["daily"]) == ("Acme", "100", "40")


def test_a_team_whose_credits_last_hears_nothing(team: TeamAccess) -> None:
    spent(team, "200", days_ago=6)
    spent(team, "1", days_ago=30)

    assert told() == []


def test_a_young_team_is_judged_by_its_own_days(team: TeamAccess) -> None:
    # it began yesterday: 1 day and 20 hours are 1.8333 days, so 73.3333 credits are 40 a day
    spent(team, "73.333333333", days_ago=1)

    assert told() == [("ada@example.com", 2)]


def test_older_days_count_for_nothing(team: TeamAccess) -> None:
    spent(team, "5000", days_ago=7)

    assert told() == []


def test_everybody_who_answers_for_the_money_is_told(team: TeamAccess) -> None:
    billing = add_member(team, "billing")
    add_member(team, "viewer")
    spent(team, "500")

    assert {recipient for recipient, _ in told()} == {"ada@example.com", billing.email}


def test_once_for_each_falling_below(team: TeamAccess) -> None:
    # one day's 50 credits: 100 last two days
    spent(team, "50")
    assert len(told()) == 1
    assert told() == []

    grant(team, "75")  # 3.5 days: above what warns, and not yet well above
    assert told(at=NOON + timedelta(hours=1)) == []
    assert LowBalance.objects.exists()
    grant(team, "25")  # 4 days
    assert told(at=NOON + timedelta(hours=2)) == []
    assert not LowBalance.objects.exists()

    spent(team, "1000", days_ago=1)
    assert len(told(at=NOON + DAY)) == 1


def test_a_mail_comes_once_a_day_at_most(team: TeamAccess) -> None:
    spent(team, "200")
    told()
    LowBalance.objects.all().delete()

    assert told(at=NOON + timedelta(hours=1)) == []
    LowBalance.objects.all().delete()
    assert len(told(at=NOON + DAY)) == 1


def test_a_team_chooses_its_days_and_its_amount(team: TeamAccess) -> None:
    spent(team, "10")
    usage.watch_balance(team, days=11, amount_nanos=0, at=NOON)

    assert told() == [("ada@example.com", 10)]


def test_an_amount_warns_also_who_spends_nothing(team: TeamAccess) -> None:
    usage.watch_balance(team, days=0, amount_nanos=101 * CREDIT, at=NOON)

    assert told() == [("ada@example.com", None)]


def test_a_team_that_turns_it_off_hears_nothing(team: TeamAccess) -> None:
    spent(team, "500")
    usage.watch_balance(team, days=0, amount_nanos=0, at=NOON)

    assert told() == []


def test_a_change_is_recorded_once(team: TeamAccess) -> None:
    for _ in range(2):
        usage.watch_balance(team, days=5, amount_nanos=CREDIT, at=NOON)

    entry = AuditEntry.objects.get(act="balance.watched")
    assert (entry.act, entry.details, entry.scope) == (
        "balance.watched",
        {"days": 5, "amount": "1"},
        team.public_id,
    )


def test_many_teams_cost_the_questions_of_one(team: TeamAccess, django_assert_num_queries) -> None:
    teams = [make_team(f"Team {n}", credits="1000") for n in range(4)]
    for other in teams:
        spent(other, "10")

    with django_assert_num_queries(10):
        assert tell_of_low_balances(at=NOON) == 0


def test_a_forecast_is_answered_for_a_page(team: TeamAccess) -> None:
    spent(team, "40")

    forecast = queries.forecast_of(team.id, available_nanos=100 * CREDIT, at=NOON)

    assert (forecast.daily_nanos, forecast.days_left) == (40 * CREDIT, 2)
