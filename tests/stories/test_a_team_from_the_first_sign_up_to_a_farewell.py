"""Olive founds a team and asks Dan to join; he spends his budget, the team goes on without him, and he leaves."""

import re
from dataclasses import replace

import pytest

from tests.cast import grant
from tests.relay.conftest import Relay
from tests.stories.person import Visitor

pytestmark = pytest.mark.django_db


def test_sign_up_invite_spend_reach_the_budget_and_leave(relay: Relay) -> None:
    olive, dan = Visitor("olive@example.com"), Visitor("dan@example.com")

    # Olive signs up, founds a team and gets credits.
    olive.sign_up()
    olive.send("/console/settings", name="Olive", language="en", display_unit="credits", time_zone="Asia/Shanghai")
    olive.send("/console/teams/new", name="Orchard")
    grant(olive.teams["Orchard"], "20")
    assert "Orchard" in olive.open("/console/")

    # She asks somebody who has no account yet. The link in the mail leads through the sign-up into the team.
    olive.send("/console/team/invite", email="dan@example.com", role="developer")
    invitation = dan.found_in_mail(r"(\S+/invitations/\S+)")
    assert "Orchard" in dan.open(invitation)
    dan.sign_up()
    dan.send(f"{invitation}/accept")
    assert dan.teams["Orchard"].role == "developer"
    assert any("dan@example.com" in subject or "joined" in subject for subject in olive.subjects())

    # One credit a month for Dan: two calls at 0.5, and not a third. Olive's own token goes on.
    of_dans = next(row for row in olive.open("/console/team/budgets").split("<tr") if "dan@example.com" in row)
    form = re.search(r'"(/console/team/budgets/[^"]+)"', of_dans)
    assert form is not None
    olive.send(form[1], limit="1", refill="monthly")
    of_dan, of_olive = (key_of(person, relay) for person in (dan, olive))
    assert [of_dan.chat(model="fixed-model").status for _ in range(2)] == [200, 200]
    refused = of_dan.chat(model="fixed-model")
    assert (refused.status, refused.error["code"]) == (402, "insufficient_quota")
    assert "The member budget of whoever made this API key leaves 0" in refused.error["message"]
    assert of_olive.chat(model="fixed-model").status == 200

    # Dan leaves. His token is refused, Olive's is not, and the team's trail tells all of it.
    dan.send("/console/team/leave")
    assert list(dan.teams) == ["Personal"]
    assert of_dan.chat(model="fixed-model").status in {401, 403}
    assert of_olive.chat(model="fixed-model").status == 200
    trail = olive.open("/console/team/audit")
    for told in ("Invited dan@example.com", "Joined by the invitation", "Set the budget of", "Left the team"):
        assert told in trail
    assert "18.00 credits" in olive.open("/console/")  # four calls at half a credit


def key_of(person: Visitor, relay: Relay, *, team: str = "Orchard") -> Relay:
    """A token that this person makes for a team, as a program uses it."""
    of_team = person.teams[team]
    person.browser.post("/console/payer", {"team": of_team.public_id})
    answer = person.browser.post(
        "/console/tokens/new", {"name": person.user.get_short_name(), "limit": "0", "whole_balance": "on"}
    )
    secret = re.search(r"sk-[\w-]{40,}", answer.content.decode())
    assert secret is not None, answer.content.decode()
    return replace(relay, team=of_team, secret=secret[0])
