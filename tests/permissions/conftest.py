"""One team, somebody for every role, and a client that each of them is signed in with."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_team, make_token, make_user
from tests.permissions.table import Row
from tests.staff import sign_in_staff

TEAM_OF_SESSION = "console.team"


@dataclass(frozen=True)
class World:
    team: TeamAccess
    token_id: str

    def client(self, role: str) -> Client:
        """Signed in as somebody with this role, who asks for Acme's pages."""
        client = Client()
        if role == "staff":
            sign_in_staff(client)
        elif role != "anonymous":
            client.force_login(self._person(role))
        session = client.session
        session[TEAM_OF_SESSION] = self.team.public_id
        session.save()
        return client

    def access(self, role: str) -> TeamAccess:
        return access_of(add_member(self.team, role), self.team)

    def send(self, client: Client, row: Row, **other: str) -> HttpResponse:
        """The row's request, with Acme's ids unless others are named."""
        ids = {"team": self.team.public_id, "token": self.token_id} | other
        path, body = filled(row.path, ids), filled(row.body, ids)
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        return client.generic(row.method, path, body, content_type=kind)

    def _person(self, role: str) -> object:
        return make_user() if role == "stranger" else add_member(self.team, role)


def filled(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@pytest.fixture
def world(catalogue: None) -> World:
    team = make_team("Acme")
    token, _ = make_token(team)
    return World(team=team, token_id=token.public_id)


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
