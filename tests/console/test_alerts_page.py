"""A team says when it wants to be warned of a low balance; home says how many days are left."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from apps.core.billing_calendar import business_date
from apps.core.clock import now
from apps.core.money import NANOS_PER_CREDIT as CREDIT
from apps.teams.types import TeamAccess
from apps.usage import queries
from apps.usage.forecast import Watch
from apps.usage.models import DayUsage

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client, ada: Any, team: TeamAccess) -> Client:
    ada.display_unit = "cny"
    ada.save()
    client.force_login(ada)
    session = client.session
    session["console.team"] = team.public_id
    session.save()
    return client


def spent_today(team: TeamAccess, credits_: int) -> None:
    today: date = business_date(now())
    DayUsage.objects.create(
        day=today, team_id=team.id, token_id=1, model_code="m", calls=1, charge_nanos=credits_ * CREDIT
    )


def test_a_team_chooses_days_and_an_amount(owner: Client, team: TeamAccess) -> None:
    response = owner.post("/console/alerts", {"days": "5", "amount": "12.50"})

    assert response.status_code == 302
    assert queries.watches_of([team.id])[team.id] == Watch(5, 12_500_000_000)
    page = owner.get("/console/alerts").content.decode()
    assert 'value="5"' in page
    assert 'value="12.50"' in page
    assert "ada@example.com" in page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"days": "-1", "amount": "0"}, "greater than or equal to 0"),
        ({"days": "91", "amount": "0"}, "less than or equal to 90"),
        ({"days": "three", "amount": "0"}, "whole number"),
        ({"days": "3", "amount": "1e3"}, "Write an amount such as 10 or 10.50."),
        ({"days": "3", "amount": "-1"}, "Write an amount such as 10 or 10.50."),
    ],
)
def test_what_does_not_fit_is_said(owner: Client, team: TeamAccess, body: Any, said: str) -> None:
    assert said in owner.post("/console/alerts", body).content.decode()
    assert queries.watches_of([team.id])[team.id] == Watch()


def test_home_says_how_long_the_balance_lasts_while_it_is_low(owner: Client, team: TeamAccess) -> None:
    assert "The balance lasts" not in owner.get("/console/").content.decode()

    spent_today(team, 45)

    page = owner.get("/console/").content.decode()
    assert "The balance lasts about 2 more days" in page
    assert "¥45.00 a day were spent in the last 7 days." in page


def test_an_amount_of_the_team_shows_on_home_too(owner: Client) -> None:
    owner.post("/console/alerts", {"days": "0", "amount": "101"})

    assert "The balance is low" in owner.get("/console/").content.decode()
