"""Front ends written for New API read the caller and the one balance, in that system's unit."""

from typing import Any

import pytest
from django.test import Client

from apps.core.ids import uuid7
from apps.core.money import nanos_from_text
from apps.teams.types import TeamAccess
from apps.usage.models import DayUsage
from apps.wallet import services as wallet
from apps.wallet.types import TASKS_OWNER, HoldRequest
from tests.cast import make_personal_token, make_team, make_token

pytestmark = pytest.mark.django_db
PATH = "/api/user/self"


def asked(team: TeamAccess, path: str = PATH) -> dict[str, Any]:
    secret = make_personal_token(team, "read").secret
    answer = Client(headers={"Authorization": f"Bearer {secret}"}).get(path).json()
    assert (answer["success"], answer["message"]) == (True, "")
    found: dict[str, Any] = answer["data"]
    return found


def test_the_balance_of_the_tokens_team_is_told_in_quota(team: TeamAccess) -> None:
    # 100 credits at 7 a dollar are US$14.2857142857: 7,142,857.14 quota
    found = asked(team)

    assert (found["quota"], found["used_quota"], found["request_count"]) == (7_142_857, 0, 0)
    assert (found["username"], found["email"], found["display_name"]) == ("ada@example.com", "ada@example.com", "ada")
    assert (found["group"], found["role"], found["status"]) == ("default", 1, 1)


def test_what_is_held_cannot_be_spent(team: TeamAccess) -> None:
    token, _ = make_token(team)
    request = HoldRequest(uuid7(), (token.account_id, team.wallet_id), nanos_from_text("30"), tokens=1)
    assert wallet.authorise(request, owner_id=TASKS_OWNER).refusal is None

    assert asked(team)["quota"] == 5_000_000


def test_use_is_told_in_the_same_unit(team: TeamAccess) -> None:
    for day, charge in (("2026-11-20", "7"), ("2026-11-21", "3.5")):
        DayUsage.objects.create(
            day=day, team_id=team.id, token_id=1, model_code="m", calls=3, charge_nanos=nanos_from_text(charge)
        )

    found = asked(team)

    assert (found["used_quota"], found["request_count"]) == (750_000, 6)


def test_rewards_are_no_quota(team: TeamAccess) -> None:
    found = asked(team)

    assert (found["aff_quota"], found["aff_history_quota"]) == (0, 0)


def test_the_number_of_a_user_stays_and_is_no_row_number(team: TeamAccess) -> None:
    other = make_team("Other")

    numbers = [asked(team)["id"], asked(team)["id"], asked(other)["id"]]

    assert numbers[0] == numbers[1] != numbers[2]
    assert team.user_id not in numbers
    assert all(0 < number < 2**53 for number in numbers)


def test_a_session_reads_its_personal_team(client: Client, ada: Any, team: TeamAccess) -> None:
    client.force_login(ada)

    assert client.get(PATH).json()["data"]["quota"] == 0
    assert client.get(f"{PATH}?team={team.public_id}").json()["data"]["quota"] == 7_142_857


def test_other_scopes_are_not_enough(team: TeamAccess) -> None:
    secret = make_personal_token(team, "tokens").secret

    assert Client(headers={"Authorization": f"Bearer {secret}"}).get(PATH).status_code == 403
