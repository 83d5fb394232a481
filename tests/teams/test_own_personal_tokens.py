"""The personal access tokens of a person: at most so many alive, each listed with its state, seen by a session only."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams import queries, services
from apps.teams.errors import TeamMissing, TokenLimitReached, TokenNameTaken
from apps.teams.models import Membership, PersonalAccessToken, Team
from apps.teams.types import PersonalTokenEntry, TeamAccess
from tests.cast import access_of, add_member, make_personal_token, make_team, make_user

pytestmark = pytest.mark.django_db


def entries(user_id: int) -> list[PersonalTokenEntry]:
    return list(queries.token_entries(user_id, at=clock.now(), cursor=None, size=50).results)


def session_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_somebody_has_at_most_so_many_live_tokens_in_all_teams(settings, ada: User, team: TeamAccess) -> None:
    settings.PERSONAL_TOKENS_PER_USER = 2
    other = make_team("Other", owner=ada)
    make_personal_token(team)
    make_personal_token(other)

    with pytest.raises(TokenLimitReached):
        make_personal_token(team)

    make_personal_token(access_of(add_member(team, "developer"), team))
    assert len(queries.live_tokens_of(ada.pk, at=clock.now())) == 2


def test_a_name_is_free_again_when_its_token_has_ended(ada: User, team: TeamAccess) -> None:
    at = clock.now()
    terms = {"scopes": ["read"], "expires_at": at + timedelta(days=7), "at": at}
    first = services.create_personal_access_token(team, name="Nightly", **terms)

    with pytest.raises(TokenNameTaken):
        services.create_personal_access_token(make_team("Other", owner=ada), name="nightly", **terms)

    services.revoke_personal_access_token(ada.pk, first.token.id, at=at)
    assert services.create_personal_access_token(team, name="nightly", **terms).token.name == "nightly"


def test_a_token_that_ended_makes_room(settings, ada: User, team: TeamAccess) -> None:
    settings.PERSONAL_TOKENS_PER_USER = 1
    revoked = make_personal_token(team)
    services.revoke_personal_access_token(ada.pk, revoked.token.id, at=clock.now())
    expired = make_personal_token(team)
    PersonalAccessToken.objects.filter(pk=expired.token.id).update(expires_at=clock.now())

    left = make_personal_token(access_of(ada, make_team("Left", owner=ada)))
    Team.objects.filter(pk=left.token.team.id).update(closed_at=clock.now())

    assert make_personal_token(team).token.id > left.token.id


def test_whoever_has_just_left_makes_no_token_there(team: TeamAccess) -> None:
    developer = add_member(team, "developer")
    access = access_of(developer, team)
    Membership.objects.filter(user=developer).delete()

    with pytest.raises(TeamMissing):
        make_personal_token(access)

    assert not PersonalAccessToken.objects.exists()


def test_each_token_is_listed_with_its_state(team: TeamAccess) -> None:
    developer = add_member(team, "developer")
    closing = make_team("Closing", owner=developer)
    own = access_of(developer, team)
    live, revoked, expired = (make_personal_token(own).token for _ in range(3))
    closed = make_personal_token(closing).token
    services.revoke_personal_access_token(developer.pk, revoked.id, at=clock.now())
    PersonalAccessToken.objects.filter(pk=expired.id).update(expires_at=clock.now() - timedelta(days=1))
    Team.objects.filter(pk=closing.id).update(closed_at=clock.now())

    states = {entry.public_id: entry.state for entry in entries(developer.pk)}

    assert states == {
        live.public_id: "live",
        revoked.public_id: "revoked",
        expired.public_id: "expired",
        closed.public_id: "closed",
    }
    at = clock.now()
    assert [entry.public_id for entry in queries.live_tokens_of(developer.pk, at=at)] == [live.public_id]
    ended = queries.ended_tokens_of(developer.pk, at=at, at_most=2)
    assert [entry.public_id for entry in ended] == [closed.public_id, expired.public_id]


def test_whoever_left_a_team_sees_the_token_ended_and_the_team_no_more(team: TeamAccess) -> None:
    developer = add_member(team, "developer")
    make_personal_token(access_of(developer, team))

    Membership.objects.filter(user=developer).delete()

    [entry] = entries(developer.pk)
    assert (entry.state, entry.team, entry.team_name) == ("left", "", "")


def test_making_and_revoking_stand_in_the_audit_trail_of_the_team(ada: User, team: TeamAccess) -> None:
    token = make_personal_token(team).token

    services.revoke_personal_access_token(ada.pk, token.id, at=clock.now())

    kept = AuditEntry.objects.filter(target_id=token.public_id).order_by("id")
    assert [(entry.act, entry.scope, entry.actor_id) for entry in kept] == [
        ("personal_token.created", team.public_id, ada.pk),
        ("personal_token.revoked", team.public_id, ada.pk),
    ]


def test_a_session_lists_its_own_tokens_in_pages_without_secrets(ada: User, team: TeamAccess) -> None:
    first, second = make_personal_token(team, "read"), make_personal_token(team)
    make_personal_token(access_of(add_member(team, "admin"), team))
    client = session_of(ada)

    page = client.get("/api/access-tokens?limit=1").json()
    rest = client.get(page["next"]).json()

    assert [row["id"] for row in page["results"] + rest["results"]] == [second.token.public_id, first.token.public_id]
    [shown] = rest["results"]
    assert shown | {"created_at": "", "expires_at": ""} == {
        "id": first.token.public_id,
        "name": first.token.name,
        "last_four": first.secret[-4:],
        "team": team.public_id,
        "scopes": ["read"],
        "state": "live",
        "created_at": "",
        "last_used_at": None,
        "expires_at": "",
    }
    assert first.secret not in str(rest)


def test_a_session_revokes_its_own_token_and_again(ada: User, team: TeamAccess) -> None:
    minted = make_personal_token(team)
    client = session_of(ada)

    answers = [client.delete(f"/api/access-tokens/{minted.token.public_id}").status_code for _ in range(2)]

    assert answers == [204, 204]
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is None
    assert AuditEntry.objects.filter(act="personal_token.revoked").count() == 1


def test_a_strangers_token_is_not_found(team: TeamAccess) -> None:
    minted = make_personal_token(team)

    answer = session_of(make_user()).delete(f"/api/access-tokens/{minted.token.public_id}")

    assert answer.status_code == 404
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is not None


@pytest.mark.parametrize("method", ["get", "delete"])
def test_no_personal_access_token_reaches_personal_access_tokens(team: TeamAccess, method: str) -> None:
    minted = make_personal_token(team)
    path = "/api/access-tokens" + (f"/{minted.token.public_id}" if method == "delete" else "")

    answer = getattr(Client(headers={"Authorization": f"Bearer {minted.secret}"}), method)(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "session_required")
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is not None
