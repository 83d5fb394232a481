"""The page of a team's limits: what each of its groups gives a token, and what each token may do."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.cast import add_member, make_token

pytestmark = pytest.mark.usefixtures("catalogue")


def page(user: User, team: TeamAccess) -> str:
    client = Client()
    client.force_login(user)
    session = client.session
    session["console.team"] = team.public_id
    session.save()
    found = client.get("/console/limits")
    assert found.status_code == 200
    return found.content.decode()


def test_the_main_group_stands_with_what_each_token_has(ada: User, team: TeamAccess) -> None:
    shown = page(ada, team)

    assert "Your main group" in shown
    assert "0 of 600" in shown
    assert "0 of 1,000,000" in shown
    assert "No tokens yet" in shown


def test_a_granted_group_stands_beside_it_with_its_multiplier(ada: User, team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))

    shown = page(ada, team)

    assert "0 of 6,000" in shown
    assert "prices × 0.8" in shown


def test_a_token_with_a_limit_of_its_own_says_so(ada: User, team: TeamAccess) -> None:
    make_token(team, "narrow", rpm=60)

    shown = page(ada, team)

    assert "0 of 60" in shown
    assert "its own limit" in shown


def test_who_may_not_see_tokens_sees_the_groups_alone(team: TeamAccess) -> None:
    make_token(team, "hidden-name")

    shown = page(add_member(team, "billing"), team)

    assert "0 of 600" in shown
    assert "hidden-name" not in shown
