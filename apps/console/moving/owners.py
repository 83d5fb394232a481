"""Whose wallet and tokens a row is for: people by address, teams by public id, a few queries for many rows."""

from collections.abc import Collection
from dataclasses import dataclass

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.console import services
from apps.console.moving.rows import Owner
from apps.teams import queries as teams
from apps.teams import services as team_services


@dataclass(frozen=True, slots=True)
class Home:
    """Where an owner's money and tokens go. None in both: a person whose personal team is founded at need."""

    team_id: int | None
    wallet_id: int | None


def homes_of(owners: Collection[Owner]) -> dict[Owner, Home]:
    """The owners that exist; unknown ones, and those whose team was closed, are absent. Three queries."""
    users = people.users_by_email({owner.email for owner in owners if owner.email})
    personal = teams.personal_teams_of([user.pk for user in users.values()])
    named = teams.teams_by_public_id({owner.team for owner in owners if owner.team})
    homes: dict[Owner, Home] = {}
    for owner in owners:
        if owner.team in named:
            homes[owner] = Home(named[owner.team].pk, named[owner.team].wallet_id)
        elif owner.email in users:
            team = personal.get(users[owner.email].pk)
            if team is None or team.closed_at is None:
                homes[owner] = Home(None, None) if team is None else Home(team.pk, team.wallet_id)
    return homes


def settle_homes(owners: Collection[Owner], *, create_users: bool) -> dict[Owner, Home]:
    """As `homes_of`, with personal teams founded where one is missing and, on request, people added.

    Whoever is added has no password and sets one by "forgot password". Joins the caller's transaction.
    """
    homes = homes_of(owners)
    for owner in owners:
        if owner not in homes and owner.email and create_users:
            services.enrol_user(accounts.new_user(owner.email, password=None))
    missing = {owner.email for owner in owners if owner in homes and homes[owner].team_id is None}
    for user in people.users_by_email(missing).values():
        team_services.personal_team_of(user)
    return homes_of(owners)
