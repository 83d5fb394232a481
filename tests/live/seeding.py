"""Run inside the site's environment: reads what is wanted as JSON, makes it through the services, prints the ids.

{"catalogue": {…}, "teams": [{"name": "Acme", "credits": "10", "tokens": [{"name": "a", "limit": "5", "rpm": 60}],
                              "budget": "8", "members": [{"budget": "1", "tokens": [{"name": "b"}]}]}],
 "delete_tokens": [1], "remove_members": [{"team": 1, "user": 2}]}
"""

import json
import sys
from typing import Any

import django

django.setup()

from apps.console import departures  # noqa: E402
from apps.core import clock  # noqa: E402
from apps.core.ids import uuid7  # noqa: E402
from apps.core.money import nanos_from_text  # noqa: E402
from apps.relay import services as relay  # noqa: E402
from apps.relay.catalogue import import_catalogue  # noqa: E402
from apps.teams import queries  # noqa: E402
from apps.teams import services as teams  # noqa: E402
from apps.teams.types import TeamAccess  # noqa: E402
from apps.wallet import services as wallet  # noqa: E402
from apps.wallet.types import Mandate  # noqa: E402
from tests.cast import add_member, make_team, make_user  # noqa: E402


def main() -> None:
    wanted = json.load(sys.stdin)
    if "catalogue" in wanted:
        import_catalogue(wanted["catalogue"], at=clock.now(), resolve=lambda name: name)
    made = {"teams": [_team(team) for team in wanted.get("teams", [])]}
    for token_id in wanted.get("delete_tokens", []):
        relay.delete_token(token_id, actor=None, at=clock.now())
    for gone in wanted.get("remove_members", []):
        departures.remove_member(_owned(gone["team"]), gone["user"], at=clock.now())
    json.dump(made, sys.stdout)


def _owned(team_id: int) -> TeamAccess:
    owner = next(member for member in queries.members_of(team_id) if member.role == "owner")
    return next(team for team in queries.teams_of(owner.user_id) if team.id == team_id)


def _team(wanted: dict[str, Any]) -> dict[str, Any]:
    # Keys and addresses of their own: the cast counts from one in every process.
    owner = make_user(f"{uuid7()}@example.com")
    team = make_team(wanted["name"], owner=owner, credits="0")
    nanos = nanos_from_text(wanted["credits"])
    wallet.grant_lot(
        team.wallet_id, Mandate(f"live:{uuid7()}", "for a test", actor=None), amount_nanos=nanos, source="gift"
    )
    tokens = [_token(team.id, **token) for token in wanted["tokens"]]
    members = [_member(team, **member) for member in wanted.get("members", [])]
    if "budget" in wanted:
        teams.set_team_budget(team, limit_nanos=nanos_from_text(wanted["budget"]), at=clock.now())
    return {"id": team.id, "wallet": team.wallet_id, "tokens": tokens, "members": members}


def _member(team: TeamAccess, *, tokens: list[dict[str, Any]], budget: str = "") -> dict[str, Any]:
    user = add_member(team, "developer", user=make_user(f"{uuid7()}@example.com"))
    if budget:
        teams.set_member_budget(team, user.pk, limit_nanos=nanos_from_text(budget), at=clock.now())
    return {"id": user.pk, "tokens": [_token(team.id, actor=user.pk, **token) for token in tokens]}


def _token(team_id: int, *, name: str, actor: int | None = None, limit: str = "0", **terms: Any) -> dict[str, Any]:
    token, secret = relay.create_token(
        team_id, name, actor=actor, at=clock.now(), limit_nanos=nanos_from_text(limit), **terms
    )
    return {"id": token.pk, "account": token.account_id, "secret": secret}


main()
