"""Personal access tokens: bound to a team and to scopes, ended by time, by hand, or with the membership."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import public_id, uuid7
from apps.teams import queries, services
from apps.teams.errors import ScopesInvalid, TokenLifetimeInvalid, TokenMissing
from apps.teams.models import Membership, PersonalAccessToken
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_personal_token, make_team, make_user


def get(secret: str, path: str = "/api/teams", **headers: str) -> tuple[int, dict[str, object]]:
    response = Client().get(path, headers={"Authorization": f"Bearer {secret}", **headers})
    return response.status_code, response.json()


def test_a_token_acts_in_its_team_only(ada: User, team: TeamAccess) -> None:
    services.create_team("Other", owner=ada, at=clock.now())
    secret = make_personal_token(team).secret

    status, body = get(secret)

    assert status == 200
    assert [shown["id"] for shown in body["results"]] == [team.public_id]


def test_another_team_of_the_same_user_is_not_found(ada: User, team: TeamAccess) -> None:
    other = services.create_team("Other", owner=ada, at=clock.now())
    secret = make_personal_token(team).secret

    assert get(secret, f"/api/wallet?team={other.public_id}")[0] == 404
    assert get(secret, "/api/wallet")[1]["team"] == team.public_id


def test_only_a_digest_is_stored(team: TeamAccess) -> None:
    minted = make_personal_token(team)

    row = PersonalAccessToken.objects.get()
    assert minted.secret.startswith("pat_")
    assert len(minted.secret) == 4 + 43 + 6
    assert minted.secret not in repr(row.__dict__)
    assert row.last_four == minted.secret[-4:]


@pytest.mark.parametrize("header", ["Bearer pat_nothing", "Bearer ", "Basic YTpi", "Token x", "pat_x", "Bearer sk-ü"])
def test_a_credential_that_is_none_is_refused_whoever_is_signed_in(ada: User, header: str) -> None:
    client = Client()
    client.force_login(ada)

    response = client.get("/api/teams", headers={"Authorization": header})

    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication"
    assert response["WWW-Authenticate"] == 'Bearer realm="Sluice"'


def test_a_token_ends_with_its_time(team: TeamAccess) -> None:
    minted = make_personal_token(team, days=30)
    at = clock.now()

    assert queries.caller_by_secret(minted.secret, at=at) is not None
    assert queries.caller_by_secret(minted.secret, at=at + timedelta(days=31)) is None


def test_a_revoked_token_is_refused_and_revoking_again_changes_nothing(team: TeamAccess) -> None:
    minted = make_personal_token(team)

    services.revoke_personal_access_token(team.user_id, minted.token.id, at=clock.now())
    services.revoke_personal_access_token(team.user_id, minted.token.id, at=clock.now())

    assert get(minted.secret)[0] == 401


def test_nobody_revokes_a_strangers_token(team: TeamAccess) -> None:
    minted = make_personal_token(team)

    with pytest.raises(TokenMissing):
        services.revoke_personal_access_token(make_user().pk, minted.token.id, at=clock.now())

    assert get(minted.secret)[0] == 200


def test_a_token_ends_with_the_membership(team: TeamAccess) -> None:
    developer = add_member(team, "developer")
    secret = make_personal_token(access_of(developer, team)).secret
    assert get(secret)[0] == 200

    Membership.objects.filter(user=developer).delete()

    assert get(secret)[0] == 401


def test_the_role_at_the_time_of_the_call_decides(team: TeamAccess) -> None:
    member = add_member(team, "admin")
    secret = make_personal_token(access_of(member, team)).secret

    Membership.objects.filter(user=member).update(role="billing")

    assert get(secret, "/api/tokens")[0] == 403


def test_a_token_of_somebody_inactive_is_refused(ada: User, team: TeamAccess) -> None:
    secret = make_personal_token(team).secret
    ada.is_active = False
    ada.save()

    assert get(secret)[0] == 401


def test_without_the_scope_the_answer_names_it(team: TeamAccess) -> None:
    secret = make_personal_token(team, "topup").secret

    status, body = get(secret, "/api/wallet")

    assert (status, body["error"]["code"], body["error"]["scope"]) == (403, "scope_missing", "read")


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_life_of_more_than_a_year_or_none_is_refused(team: TeamAccess, days: int) -> None:
    with pytest.raises(TokenLifetimeInvalid):
        make_personal_token(team, days=days)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "admin"]])
def test_unknown_scopes_are_refused(team: TeamAccess, scopes: list[str]) -> None:
    at = clock.now()

    with pytest.raises(ScopesInvalid):
        services.create_personal_access_token(team, name="x", scopes=scopes, expires_at=at + timedelta(days=1), at=at)


def test_a_session_needs_the_csrf_token_to_change_something(ada: User, team: TeamAccess) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)

    response = client.post("/api/tokens", {"name": "app", "limit": "0"}, content_type="application/json")

    assert (response.status_code, response.json()["error"]["code"]) == (403, "permission_denied")


def test_a_personal_token_needs_no_csrf_token(team: TeamAccess) -> None:
    headers = {"Authorization": f"Bearer {make_personal_token(team).secret}"}

    response = Client(enforce_csrf_checks=True).post(
        "/api/tokens", {"name": "app", "limit": "0"}, content_type="application/json", headers=headers
    )

    assert response.status_code == 201


def test_use_is_noted(team: TeamAccess) -> None:
    minted = make_personal_token(team)

    get(minted.secret)

    assert PersonalAccessToken.objects.get().last_used_at is not None


@pytest.mark.parametrize("named", ["team_x", "x", "", public_id("team", uuid7())])
def test_a_team_that_is_not_the_callers_is_not_found(ada: User, team: TeamAccess, named: str) -> None:
    client = Client()
    client.force_login(ada)
    make_team("Strangers")

    assert client.get(f"/api/wallet?team={named}").status_code == 404
