"""The model in the first call that the console's home shows: one that this team can call today."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.marketplace.models import Model
from apps.teams.models import AccessGroup, Team
from apps.teams.types import TeamAccess

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.fixture
def home(ada: User, team: TeamAccess) -> Client:
    client = Client()
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def example(client: Client) -> str:
    answer = client.get("/console/")
    assert answer.status_code == 200
    return next(
        code for code in ("chat-vip", "chat-small", "one-credit", "gpt-4o-mini") if code in answer.content.decode()
    )


def test_what_is_recommended_first_is_the_example(home: Client) -> None:
    Model.objects.filter(code="one-credit").update(display_config={"order": 1})

    assert example(home) == "one-credit"


def test_neither_planned_models_nor_those_of_others_are_examples(home: Client) -> None:
    Model.objects.filter(code__in=["chat-small", "one-credit"]).update(lifecycle="planned")

    assert example(home) == "gpt-4o-mini"


def test_the_example_is_one_of_the_teams_own_group(home: Client, team: TeamAccess) -> None:
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))

    assert example(home) == "chat-vip"
