"""One team, somebody for every role, and a client that each of them is signed in with."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import public_id
from apps.journal import services as journal
from apps.teams import queries as teams
from apps.teams.types import TeamAccess
from tests.announcements.entries import publish
from tests.cast import access_of, add_member, make_personal_token, make_team, make_token, make_user
from tests.catalogue import import_test_catalogue
from tests.permissions.expected import ROLES, Row
from tests.shared import around_the_tests
from tests.staff import sign_in_staff
from tests.teams.letters import invited
from tests.usage.calls import row, store

TEAM_OF_SESSION = "console.team"


@dataclass(frozen=True)
class World:
    team: TeamAccess
    ids: dict[str, str]
    """Public ids of what Acme has, by the names that the table's paths use."""
    sessions: dict[str, str]
    """By role: the cookie of somebody who is signed in and asks for Acme's pages."""

    def client(self, role: str) -> Client:
        """Signed in as somebody with this role, who asks for Acme's pages."""
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return client

    def access(self, role: str) -> TeamAccess:
        return self.team if role == "owner" else access_of(add_member(self.team, role), self.team)

    def send(self, client: Client, row: Row, **other: str) -> HttpResponse:
        """The row's request, with Acme's ids unless others are named."""
        ids = self.ids | other
        path, body = filled(row.path, ids), filled(row.body, ids)
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        return client.generic(row.method, path, body, content_type=kind)


def filled(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once for all tests of a file, in a transaction around theirs."""
    with around_the_tests(django_db_blocker):
        import_test_catalogue()
        team = make_team("Acme")
        made = World(team, _ids_of(team), {role: _session(role, team) for role in ROLES})
        with django_db_blocker.block():
            yield made


def _ids_of(team: TeamAccess) -> dict[str, str]:
    token, _ = make_token(team)
    call = row(team_id=team.id, wallet_id=team.wallet_id, token_id=token.pk)
    store((call, "charged", 1_000))
    hook = journal.add_endpoint(
        team.public_id, url="https://hooks.example/", kinds=["balance.low"], actor=team.user_id, at=clock.now()
    )
    return {
        "team": team.public_id,
        "token": token.public_id,
        "call": public_id("req", call.id),
        "pat": make_personal_token(team).token.public_id,
        "hook": hook.endpoint_id,
        "announcement": publish("permissions", at=clock.now()).public_id,
        **_people(team),
    }


def _people(team: TeamAccess) -> dict[str, str]:
    """A member whom no session belongs to, and an invitation with its secret."""
    member, secret = add_member(team, "viewer"), invited(team, "guest@example.com")
    (row,) = [one for one in teams.members_of(team.id) if one.user_id == member.pk]
    (invitation,) = teams.invitations_of(team.id, at=clock.now())
    return {"member": row.public_id, "invitation": invitation.public_id, "secret": secret}


def _session(role: str, team: TeamAccess) -> str:
    client = Client()
    if role == "staff":
        sign_in_staff(client)
    elif role != "anonymous":
        client.force_login(_person(role, team))
    session = client.session
    session[TEAM_OF_SESSION] = team.public_id
    session.save()
    return session.session_key


def _person(role: str, team: TeamAccess) -> User:
    if role == "owner":
        return User.objects.get(pk=team.user_id)
    return make_user() if role == "stranger" else add_member(team, role)


@pytest.fixture
def body_of() -> Callable[[HttpResponse], object]:
    """An answer's body without what differs from request to request."""

    def body(response: HttpResponse) -> object:
        if response.headers.get("Content-Type") != "application/json":
            return response.status_code
        found = json.loads(response.content)
        found.get("error", {}).pop("request_id", None)
        return found

    return body
