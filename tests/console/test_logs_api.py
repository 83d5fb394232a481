"""The request log on the platform API: the team's calls, newest first, and nothing of anybody else."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import public_id
from apps.marketplace import queries as marketplace
from apps.relay import services as relay
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from tests.cast import make_team, make_token
from tests.usage.calls import row, store, this_morning

TWO_CREDITS = 2_000_000_000


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def call(team: TeamAccess, token: ApiToken, minutes_ago: int = 0, **changes: object) -> str:
    """A charged call of two credits; its request id."""
    stored = row(
        this_morning() - timedelta(minutes=minutes_ago),
        team_id=team.id,
        wallet_id=team.wallet_id,
        token_id=token.pk,
        **changes,
    )
    store((stored, "charged", TWO_CREDITS))
    return public_id("req", stored.id)


def logged(client: Client, team: TeamAccess, **query: str) -> list[str]:
    body = client.get("/api/usage/logs", {"team": team.public_id, **query}).json()
    return [shown["request_id"] for shown in body["results"]]


@pytest.mark.usefixtures("catalogue")
def test_a_call_shows_what_it_was_and_cost(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    model_id = marketplace.model_ids(["chat-small"])["chat-small"]
    in_force = marketplace.price_in_force(model_id, at=clock.now())
    request_id = call(
        team, token[0], model_code="chat-small", cached_tokens=3, price_version_id=in_force.version_id, ip="192.0.2.7"
    )

    (shown,) = client.get(f"/api/usage/logs?team={team.public_id}").json()["results"]

    assert shown | {"at": ""} == {
        "request_id": request_id,
        "at": "",
        "token": token[0].public_id,
        "token_name": "app",
        "model": "chat-small",
        "endpoint": "chat.completions",
        "input_tokens": 12,
        "output_tokens": 7,
        "cached_tokens": 3,
        "cost": "2",
        "price_version": 1,
        "status": 200,
        "error_code": "",
        "latency_ms": 240,
        "first_byte_ms": None,
        "streamed": False,
        "estimated": False,
        "ip": "192.0.2.7",
    }


def test_calls_of_other_teams_are_not_there(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    strangers = make_team("Strangers")
    call(strangers, make_token(strangers)[0])
    mine = call(team, token[0])

    assert logged(client, team) == [mine]


def test_filters_narrow_the_log(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    other, _ = make_token(team, "other")
    old = call(team, token[0], minutes_ago=30)
    failed = call(team, token[0], minutes_ago=20, status=502)
    embedding = call(team, other, minutes_ago=10, model_code="embed-small")

    half_past = (this_morning() - timedelta(minutes=20)).isoformat()
    assert logged(client, team, token=other.public_id) == [embedding]
    assert logged(client, team, model="embed-small") == [embedding]
    assert logged(client, team, status="502") == [failed]
    assert logged(client, team, **{"from": half_past}) == [embedding, failed]
    assert logged(client, team, to=half_past) == [old]


def test_a_deleted_token_keeps_its_name_and_its_filter(
    client: Client, team: TeamAccess, token: tuple[ApiToken, str]
) -> None:
    request_id = call(team, token[0])
    relay.delete_token(token[0].pk, actor=team.user_id, at=clock.now())

    assert logged(client, team, token=token[0].public_id) == [request_id]


def test_a_strangers_token_is_no_filter(client: Client, team: TeamAccess) -> None:
    foreign, _ = make_token(make_team("Strangers"))

    response = client.get("/api/usage/logs", {"team": team.public_id, "token": foreign.public_id})

    assert response.status_code == 404


def test_pages_follow_each_other(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    calls = [call(team, token[0], minutes_ago=ago) for ago in (1, 2, 3)]

    first = client.get("/api/usage/logs", {"team": team.public_id, "limit": "2"}).json()
    second = client.get(first["next"]).json()

    assert [shown["request_id"] for shown in first["results"] + second["results"]] == calls


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=0001-01-01T00:00:00Z",
        "from=9999-12-31T23:59:59Z",
        "from=2026-02-30T00:00:00Z",
        "status=ok",
        "status=-1",
        "model=%00",
        "token=%00",
        "cursor=PDE",
        "limit=1e9",
    ],
)
def test_a_filter_that_cannot_be_is_refused(client: Client, team: TeamAccess, query: str) -> None:
    assert client.get(f"/api/usage/logs?team={team.public_id}&{query}").status_code == 400
