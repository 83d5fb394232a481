"""The catalogue on the platform API: public for everybody, with the caller's own limits for who is signed in."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token

pytestmark = pytest.mark.usefixtures("catalogue")


def listed(client: Client, query: str = "") -> list[str]:
    return sorted(shown["id"] for shown in client.get(f"/api/models{query}").json()["results"])


def grant_vip(team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))


def as_script(team: TeamAccess, *scopes: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_personal_token(team, *scopes).secret}"})


def test_anybody_sees_the_public_catalogue(db: None) -> None:
    assert listed(Client()) == ["chat-small", "embed-small", "one-credit"]
    assert listed(Client(), "?type=embedding") == ["embed-small"]
    assert listed(Client(), "?vendor=nobody") == []


def test_a_model_has_its_price_and_no_limits_for_a_stranger(db: None) -> None:
    shown = Client().get("/api/models/chat-small").json()

    assert (shown["id"], shown["type"], shown["vendor"], shown["lifecycle"]) == ("chat-small", "chat", "acme-ai", "ga")
    assert shown["pricing_config"]["version"] == 1
    assert shown["pricing_config"]["items"][0]["tiers"] == [{"from": 0, "to": None, "price": "2"}]
    assert shown["display_config"] == {
        "title": {"en": "chat-small"},
        "context_length": 128_000,
        "max_output": 4_096,
        "vendor": "acme-ai",
        "lifecycle": "ga",
        "successor": None,
    }
    assert shown["rate_limits"] is None


def test_a_team_sees_the_models_it_was_granted(team: TeamAccess) -> None:
    assert "chat-vip" not in listed(as_script(team))
    assert as_script(team).get("/api/models/chat-vip").status_code == 404

    grant_vip(team)

    assert "chat-vip" in listed(as_script(team))


def test_a_session_asks_for_one_of_its_teams(ada: User, team: TeamAccess) -> None:
    grant_vip(team)
    client = Client()
    client.force_login(ada)

    assert "chat-vip" not in listed(client)
    assert "chat-vip" in listed(client, f"?team={team.public_id}")


def test_no_cache_hands_one_callers_answer_to_another(db: None) -> None:
    for path in ("/api/models", "/api/models/chat-small"):
        varies = {name.strip() for name in Client().get(path)["Vary"].split(",")}
        assert {"Authorization", "Cookie"} <= varies


def test_a_script_without_the_scope_or_with_a_bad_token_is_refused(team: TeamAccess) -> None:
    assert as_script(team, "topup").get("/api/models").status_code == 403
    assert Client(headers={"Authorization": "Bearer pat_x"}).get("/api/models").status_code == 401


@pytest.mark.parametrize("model", ["nothing", "a/b", "chat-small/x", "x" * 2000])
def test_a_model_that_is_not_there_is_not_found(db: None, model: str) -> None:
    assert Client().get(f"/api/models/{model}").status_code == 404
