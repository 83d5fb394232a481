"""Who may mend a webhook hears when it was turned off."""

from datetime import UTC, datetime

import pytest

from apps.console.mail.endpoints import tell_of_disabled
from apps.core.clock import now
from apps.journal import services as journal
from apps.journal.models import OutboxMessage, WebhookEndpoint
from apps.teams.types import TeamAccess
from tests.cast import add_member

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_admins_are_told_once_and_others_are_not(team: TeamAccess) -> None:
    admin = add_member(team, "admin")
    add_member(team, "developer")
    add_member(team, "billing")
    made = journal.add_endpoint(
        team.public_id, url="https://hooks.example/secret", kinds=["balance.low"], actor=team.user_id, at=now()
    )
    row = WebhookEndpoint.objects.get()
    journal.confirm_endpoint(row.pk, challenge=row.challenge, at=NOON)
    assert tell_of_disabled(at=NOON) == 0

    journal.note_failing(row.pk, reason="answered 410", is_final=True, at=NOON)

    assert [tell_of_disabled(at=NOON) for _ in range(2)] == [1, 0]
    mails = OutboxMessage.objects.filter(kind="webhook.disabled")
    assert {mail.recipient for mail in mails} == {"ada@example.com", admin.email}
    content = {name: value for name, value in mails[0].payload.items() if name != "reader"}
    assert content == {
        "team_name": "Acme",
        "host": "hooks.example",
        "path": f"/console/team/webhooks/{made.endpoint_id}",
    }
