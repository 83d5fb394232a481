"""Budgets on the platform API: read by whoever is in the team, changed by a person who signed in a moment ago."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.teams import queries, services
from apps.teams.types import TeamAccess
from tests.cast import add_member, make_personal_token, make_team, make_user
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(team: TeamAccess) -> User:
    return add_member(team, "developer", user=make_user("bob@example.com"))


@pytest.fixture
def ada_now(client: Client, ada: User) -> Client:
    """Ada, signed in a moment ago."""
    return signed_in(client, ada)


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    sign_in_again(client, person)
    return client


def change(client: Client, path: str, **body: object) -> Any:
    return client.patch(path, body, content_type="application/json")


def of(team: TeamAccess, person: User) -> str:
    (member,) = [one for one in queries.members_of(team.id) if one.user_id == person.pk]
    return f"/api/teams/{team.public_id}/members/{member.public_id}/budget"


def test_budgets_are_shown_with_what_is_used_of_them(ada_now: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=NANOS_PER_CREDIT // 2, refill="monthly", at=clock.now())

    body = ada_now.get(f"/api/teams/{team.public_id}/budgets").json()

    assert (body["team"], body["budget"]) == (team.public_id, None)
    ada, bobs = body["members"]
    assert (ada["name"], ada["budget"]) == ("ada@example.com", None)
    assert bobs["name"] == "bob@example.com"
    resets_at = bobs["budget"].pop("resets_at")
    assert bobs["budget"] == {"limit": "0.5", "used": "0", "held": "0", "remaining": "0.5", "reset": "monthly"}
    assert resets_at.endswith("T16:00:00Z")  # midnight in Shanghai


def test_the_team_and_its_members_show_their_budgets_too(ada_now: Client, team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=NANOS_PER_CREDIT, refill="", at=clock.now())
    services.set_team_budget(team, limit_nanos=2 * NANOS_PER_CREDIT, refill="", at=clock.now())

    whole = ada_now.get(f"/api/teams/{team.public_id}").json()
    ada, bobs = ada_now.get(f"/api/teams/{team.public_id}/members").json()["results"]

    assert (whole["name"], whole["budget"]["limit"]) == ("Acme", "2")
    assert (ada["budget"], bobs["budget"]["limit"], bobs["budget"]["remaining"]) == (None, "1", "1")


def test_budgets_are_set_changed_and_lifted(ada_now: Client, team: TeamAccess, bob: User) -> None:
    first = change(ada_now, of(team, bob), limit="10.5", reset="weekly")
    assert (first.status_code, first.json()["limit"], first.json()["reset"]) == (200, "10.5", "weekly")

    whole = change(ada_now, f"/api/teams/{team.public_id}/budget", limit="0", reset=None)
    assert (whole.json()["limit"], whole.json()["remaining"], whole.json()["reset"]) == ("0", "0", None)

    lifted = change(ada_now, of(team, bob), limit=None)
    assert (lifted.json()["limit"], lifted.json()["remaining"], lifted.json()["reset"]) == (None, None, None)


@pytest.mark.parametrize(
    "body",
    [{}, {"limit": 10}, {"limit": "ten"}, {"limit": "-1"}, {"limit": "1", "reset": "yearly"}, {"limit": "1", "to": 1}],
)
def test_what_is_no_budget_changes_nothing(
    ada_now: Client, team: TeamAccess, bob: User, body: dict[str, object]
) -> None:
    assert change(ada_now, of(team, bob), **body).status_code == 400
    assert queries.member_budget_accounts({(team.id, bob.pk)}) == {}


def test_a_session_that_grew_old_is_asked_to_sign_in_again(
    client: Client, ada: User, team: TeamAccess, bob: User
) -> None:
    client.force_login(ada)

    answer = change(client, of(team, bob), limit="1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "recent_sign_in_required")


def test_no_personal_access_token_changes_a_budget(team: TeamAccess, bob: User) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_personal_token(team).secret}"})

    assert client.get(f"/api/teams/{team.public_id}/budgets").status_code == 200
    answer = change(client, of(team, bob), limit="1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "session_required")


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("billing", 200), ("developer", 403), ("viewer", 403)])
def test_who_may_change_them(client: Client, team: TeamAccess, bob: User, role: str, status: int) -> None:
    somebody = signed_in(client, add_member(team, role))

    assert change(somebody, of(team, bob), limit="1").status_code == status


def test_a_stranger_and_a_member_of_another_team_find_nothing(client: Client, team: TeamAccess, bob: User) -> None:
    other = make_team("Globex")
    stranger = signed_in(client, User.objects.get(pk=other.user_id))

    assert change(stranger, of(team, bob), limit="1").status_code == 404
    mixed = of(team, bob).replace(team.public_id, other.public_id)
    assert change(stranger, mixed, limit="1").json()["error"]["code"] == "member_not_found"
