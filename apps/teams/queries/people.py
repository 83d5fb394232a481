"""Who is in a team."""

from collections.abc import Collection

from django.db.models import Prefetch

from apps.teams import roles
from apps.teams.models import Membership, Team
from apps.teams.types import PeopleToTell, Person


def people_to_tell(wallet_ids: Collection[int]) -> dict[int, PeopleToTell]:
    """By wallet: the active members of its open team who may change what the wallet does. Two queries."""
    members = Membership.objects.filter(role__in=roles.roles_with("wallet.change"), user__is_active=True)
    told = Prefetch("memberships", members.select_related("user").order_by("user_id"))
    rows = Team.objects.filter(wallet_id__in=wallet_ids, closed_at=None).prefetch_related(told)
    return {
        team.wallet_id: PeopleToTell(
            team.public_id, tuple(Person(member.user_id, member.user.email) for member in team.memberships.all())
        )
        for team in rows
    }
