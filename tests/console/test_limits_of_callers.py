"""`rate_limits` on `GET /api/models/{id}`: those of this caller, be it a session, a key or a script for a team."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.relay.models import ApiToken
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import HoldRequest, RateLimits
from tests.cast import make_personal_token, make_team, make_token

pytestmark = pytest.mark.usefixtures("catalogue")


def limits(client: Client, model: str = "chat-small", query: str = "") -> dict[str, Any]:
    found = client.get(f"/api/models/{model}{query}")
    assert found.status_code == 200, found.content
    return dict(found.json()["rate_limits"])


def bearer(secret: str, **more: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"}, **more)


def as_script(team: TeamAccess) -> Client:
    return bearer(make_personal_token(team, "read").secret)


def call(token: ApiToken, team: TeamAccess, *, tokens: int, of_token: RateLimits, of_wallet: RateLimits) -> None:
    """A call that is under way, and counted against these limits."""
    request = HoldRequest(uuid7(), (token.account_id, team.wallet_id), 1_000, tokens, of_token, of_wallet, 60)
    assert wallet.authorise(request, owner_id=wallet.register_owner("limits")).refusal is None


def test_a_team_has_what_its_group_gives_each_token(team: TeamAccess) -> None:
    assert limits(as_script(team)) == {
        "scope": {"group": "default", "wallet": team.public_id, "token": None},
        "limited_by": "group",
        "effective": {"rpm": 600, "tpm": 1_000_000, "concurrency": 100},
        "current": {"rpm": 0, "tpm": 0, "concurrency": 0},
        "reset_at": None,
        "upgrade_url": "/console/limits",
    }


def test_a_granted_group_limits_the_models_that_only_it_has(team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))

    found = limits(as_script(team), "chat-vip")

    assert (found["scope"]["group"], found["effective"]["rpm"]) == ("vip", 6000)


def test_what_the_busiest_token_used_stands_beside_the_limit(team: TeamAccess) -> None:
    busy, _ = make_token(team, "busy")
    make_token(team, "idle")
    of_token = RateLimits(concurrency=100, rpm=600, tpm=1_000_000)

    call(busy, team, tokens=250_000, of_token=of_token, of_wallet=RateLimits())

    found = limits(as_script(team))
    assert found["current"]["rpm"] == 1
    assert 200_000 < found["current"]["tpm"] <= 250_000  # a minute refills 16,667 tokens a second
    assert found["current"]["concurrency"] == 1
    assert found["reset_at"] is not None


def test_a_key_has_the_lower_of_its_own_limit_and_the_groups(team: TeamAccess) -> None:
    own, secret = make_token(team, "own", rpm=60, tpm=9_000_000)

    found = limits(bearer(secret))

    assert found["scope"] == {"group": "default", "wallet": team.public_id, "token": own.public_id}
    assert found["effective"] == {"rpm": 60, "tpm": 1_000_000, "concurrency": 100}
    assert found["limited_by"] == "token"


def test_each_key_counts_for_itself(team: TeamAccess) -> None:
    busy, busy_secret = make_token(team, "busy")
    _, idle_secret = make_token(team, "idle")
    of_token = RateLimits(concurrency=100, rpm=600, tpm=1_000_000)

    call(busy, team, tokens=1, of_token=of_token, of_wallet=RateLimits())

    assert limits(bearer(busy_secret))["current"]["concurrency"] == 1
    assert limits(bearer(idle_secret))["current"]["concurrency"] == 0


def test_a_limit_of_the_whole_wallet_counts_where_it_leaves_less_room(team: TeamAccess) -> None:
    AccessGroup.objects.filter(code="default").update(wallet_concurrency=2)
    busy, _ = make_token(team, "busy")
    _, idle_secret = make_token(team, "idle")
    of_wallet = RateLimits(concurrency=2)

    call(busy, team, tokens=0, of_token=RateLimits(concurrency=100), of_wallet=of_wallet)

    found = limits(bearer(idle_secret))
    assert (found["effective"]["concurrency"], found["current"]["concurrency"]) == (2, 1)
    assert found["limited_by"] == "wallet"


def test_a_session_has_the_limits_of_the_team_it_asks_for(ada: User, team: TeamAccess) -> None:
    client = Client()
    client.force_login(ada)

    assert limits(client)["scope"]["wallet"] != team.public_id  # her personal team
    assert limits(client, query=f"?team={team.public_id}")["scope"]["wallet"] == team.public_id


def test_a_key_knows_nothing_of_models_that_it_may_not_use(team: TeamAccess) -> None:
    _, secret = make_token(team, "narrow", model_codes=["embed-small"])

    assert bearer(secret).get("/api/models/embed-small").status_code == 200
    assert bearer(secret).get("/api/models/chat-small").status_code == 404
    assert bearer(secret).get("/api/models/chat-vip").status_code == 404


def test_a_key_that_the_relay_refuses_is_refused_here(team: TeamAccess) -> None:
    token, secret = make_token(team, "ended")
    ApiToken.objects.filter(pk=token.pk).update(disabled_at=token.created_at)
    _, elsewhere = make_token(make_team("Elsewhere"), "bound", ip_allow=["192.0.2.0/24"])

    assert bearer(secret).get("/api/models/chat-small").status_code == 401
    assert bearer("sk-unknown").get("/api/models/chat-small").status_code == 401
    assert bearer(elsewhere).get("/api/models/chat-small").status_code == 403


def test_no_cache_keeps_what_is_one_callers_own(team: TeamAccess) -> None:
    found = as_script(team).get("/api/models/chat-small")

    assert found["Cache-Control"] == "no-store"
    assert "Authorization" in found["Vary"]
