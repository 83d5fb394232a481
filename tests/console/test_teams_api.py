"""Teams on the platform API: founding, names, members, invitations. Who gets in is for sessions, and recent ones."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.relay.models import ApiToken
from apps.teams import queries
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_personal_token, make_team, make_token, make_user
from tests.staff import sign_in_again
from tests.teams.letters import invited

pytestmark = pytest.mark.django_db

Answer = tuple[int, Any]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    sign_in_again(client, user)
    return client


@pytest.fixture
def browser(ada: User) -> Client:
    return signed_in(ada)


def send(client: Client, method: str, path: str, body: object = None, **headers: str) -> Answer:
    answer = client.generic(method, path, json.dumps(body or {}), content_type="application/json", headers=headers)
    return answer.status_code, json.loads(answer.content) if answer.content else None


def member_of(team: TeamAccess, user: User) -> str:
    return next(member.public_id for member in queries.members_of(team.id) if member.user_id == user.pk)


def test_a_team_is_founded_once_a_key(browser: Client, ada: User) -> None:
    first = send(browser, "POST", "/api/teams", {"name": "Labs"}, **{"Idempotency-Key": "k1"})
    again = send(browser, "POST", "/api/teams", {"name": "Labs"}, **{"Idempotency-Key": "k1"})

    assert first == again
    assert (first[0], first[1]["name"], first[1]["role"], first[1]["personal"]) == (201, "Labs", "owner", False)
    assert [team.name for team in queries.teams_of(ada.pk)] == ["Labs"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "Labs", "owner": "me"}])
def test_a_body_that_does_not_fit_founds_nothing(browser: Client, ada: User, body: dict[str, str]) -> None:
    assert send(browser, "POST", "/api/teams", body)[0] == 400
    assert queries.teams_of(ada.pk) == []


def test_a_team_is_read_and_renamed(browser: Client, team: TeamAccess) -> None:
    path = f"/api/teams/{team.public_id}"

    assert send(browser, "PATCH", path, {"name": "Acme Labs"})[1]["name"] == "Acme Labs"
    assert send(browser, "GET", path)[1]["name"] == "Acme Labs"
    assert send(browser, "PATCH", path, {"name": "a\u202eb"})[1]["error"]["code"] == "team_name_invalid"


def test_members_are_listed_with_the_owner_first(browser: Client, team: TeamAccess) -> None:
    add_member(team, "viewer", user=make_user("bob@example.com"))

    status, body = send(browser, "GET", f"/api/teams/{team.public_id}/members")

    assert status == 200
    assert [(row["email"], row["role"]) for row in body["results"]] == [
        ("ada@example.com", "owner"),
        ("bob@example.com", "viewer"),
    ]
    assert sorted(body["results"][0]) == ["budget", "email", "id", "joined_at", "name", "role"]


def test_an_invitation_is_sent_listed_and_withdrawn(browser: Client, team: TeamAccess) -> None:
    path, guest = f"/api/teams/{team.public_id}/invitations", {"email": "bob@example.com", "role": "viewer"}

    status, sent = send(browser, "POST", path, guest, **{"Idempotency-Key": "k1"})
    _, again = send(browser, "POST", path, guest, **{"Idempotency-Key": "k1"})
    _, listed = send(browser, "GET", path)

    assert (status, sent["email"], sent["expired"]) == (201, "bob@example.com", False)
    assert again == sent
    assert listed["results"] == [sent]
    assert send(browser, "DELETE", f"{path}/{sent['id']}") == (204, None)
    assert send(browser, "DELETE", f"{path}/{sent['id']}")[0] == 404
    assert "inv_" not in json.dumps(sent).replace(sent["id"], "")


def test_the_same_address_again_is_a_conflict_that_says_why(browser: Client, team: TeamAccess) -> None:
    path, guest = f"/api/teams/{team.public_id}/invitations", {"email": "bob@example.com", "role": "viewer"}
    send(browser, "POST", path, guest)

    status, body = send(browser, "POST", path, guest)

    assert (status, body["error"]["code"], body["error"]["field"]) == (409, "already_invited", "email")


def test_too_many_invitations_answer_429(browser: Client, team: TeamAccess, settings: Any) -> None:
    settings.INVITATIONS_PER_HOUR = 1
    invited(team, "one@example.com")

    status, body = send(
        browser, "POST", f"/api/teams/{team.public_id}/invitations", {"email": "b@example.com", "role": "viewer"}
    )

    assert (status, body["error"]["code"], body["error"]["type"]) == (429, "invitations_too_fast", "rate_limit")


def test_a_role_is_changed_and_never_to_owner(browser: Client, team: TeamAccess) -> None:
    bob = add_member(team, "viewer")
    path = f"/api/teams/{team.public_id}/members/{member_of(team, bob)}"

    assert send(browser, "PATCH", path, {"role": "billing"})[1]["role"] == "billing"
    assert send(browser, "PATCH", path, {"role": "owner"})[0] == 400
    assert access_of(bob, team).role == "billing"


def test_removal_disables_what_the_member_made(browser: Client, team: TeamAccess) -> None:
    bob = add_member(team, "developer")
    make_token(access_of(bob, team))

    assert send(browser, "DELETE", f"/api/teams/{team.public_id}/members/{member_of(team, bob)}")[0] == 204
    assert queries.team_for(bob.pk, team.public_id) is None
    assert not ApiToken.objects.filter(disabled_at=None).exists()


def test_a_member_leaves_by_the_own_id_and_the_owner_does_not(browser: Client, ada: User, team: TeamAccess) -> None:
    bob = add_member(team, "viewer")
    members = f"/api/teams/{team.public_id}/members"

    assert send(signed_in(bob), "DELETE", f"{members}/{member_of(team, bob)}")[0] == 204
    status, body = send(browser, "DELETE", f"{members}/{member_of(team, ada)}")
    assert (status, body["error"]["code"]) == (409, "member_is_owner")


@pytest.mark.parametrize("role", ["billing", "developer", "viewer"])
def test_others_than_owner_and_admin_change_nobody(team: TeamAccess, role: str) -> None:
    bob, client = add_member(team, "viewer"), signed_in(add_member(team, role))
    base = f"/api/teams/{team.public_id}"

    for method, path, body in (
        ("PATCH", f"{base}/members/{member_of(team, bob)}", {"role": "admin"}),
        ("DELETE", f"{base}/members/{member_of(team, bob)}", None),
        ("POST", f"{base}/invitations", {"email": "new@example.com", "role": "viewer"}),
        ("PATCH", base, {"name": "Mine"}),
    ):
        status, answer = send(client, method, path, body)
        assert (status, answer["error"]["code"]) == (403, "permission_missing"), path


def test_a_personal_access_token_changes_nobody_whatever_its_scopes(team: TeamAccess) -> None:
    bob = add_member(team, "viewer")
    secret, base = make_personal_token(team).secret, f"/api/teams/{team.public_id}"
    invited(team, "guest@example.com")
    (waiting,) = queries.invitations_of(team.id, at=clock.now())

    for method, path, body in (
        ("POST", "/api/teams", {"name": "Labs"}),
        ("PATCH", base, {"name": "Mine"}),
        ("PATCH", f"{base}/members/{member_of(team, bob)}", {"role": "admin"}),
        ("DELETE", f"{base}/members/{member_of(team, bob)}", None),
        ("POST", f"{base}/invitations", {"email": "new@example.com", "role": "viewer"}),
        ("DELETE", f"{base}/invitations/{waiting.public_id}", None),
    ):
        status, answer = send(Client(), method, path, body, Authorization=f"Bearer {secret}")
        assert (status, answer["error"]["code"]) == (403, "session_required"), path


def test_who_gets_in_asks_for_a_recent_sign_in(ada: User, team: TeamAccess) -> None:
    client = Client()
    client.force_login(ada)

    status, body = send(
        client, "POST", f"/api/teams/{team.public_id}/invitations", {"email": "b@example.com", "role": "viewer"}
    )

    assert (status, body["error"]["code"]) == (403, "recent_sign_in_required")


def test_members_of_other_teams_are_not_found(browser: Client, team: TeamAccess) -> None:
    other = make_team("Other")
    stranger = queries.members_of(other.id)[0].public_id

    assert send(browser, "DELETE", f"/api/teams/{team.public_id}/members/{stranger}")[0] == 404
    assert send(browser, "DELETE", f"/api/teams/{other.public_id}/members/{stranger}")[0] == 404
