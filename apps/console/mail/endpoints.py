"""Tells those who may mend it that a webhook of their team was turned off."""

from datetime import datetime

from django.db import transaction

from apps.accounts import services as accounts
from apps.console.mail.notice_kinds import WEBHOOK_DISABLED
from apps.journal import services as journal
from apps.teams import queries as teams
from apps.teams import roles

RIGHT = "webhooks.change"


def tell_of_disabled(*, at: datetime) -> int:
    """How many webhooks were told of. Taken and told in one transaction: safe to repeat and to be killed."""
    with transaction.atomic():
        untold = journal.take_untold_endpoints(at=at)
        for owner, endpoint_id, host in untold:
            _tell(owner, endpoint_id, host, at=at)
    return len(untold)


def _tell(owner: str, endpoint_id: str, host: str, *, at: datetime) -> None:
    team = teams.team_by_public_id(owner)
    if team is None:
        return
    people = [member.user_id for member in teams.members_of(team.pk) if RIGHT in roles.permissions_of(member.role)]
    payload = {"team_name": team.name, "host": host, "path": f"/console/team/webhooks/{endpoint_id}"}
    key = f"webhook.disabled:{endpoint_id}:{at.isoformat()}"
    accounts.notify(people, WEBHOOK_DISABLED, payload=payload, dedupe_key=key, at=at)
