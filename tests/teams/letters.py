"""The mails of invitations, as they wait in the outbox: the only place where a link's secret ever stands."""

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import OutboxMessage
from apps.teams import services
from apps.teams.types import TeamAccess
from tests.cast import make_user


def secret_for(email: str) -> str:
    """The secret in the newest mail to this address."""
    mail = OutboxMessage.objects.filter(kind="team.invited", recipient=email).latest("pk")
    return str(mail.payload["path"]).removeprefix("/invitations/")


def invited(team: TeamAccess, email: str = "bob@example.com", role: str = "developer") -> str:
    """Invites the address to the team; the secret of the link."""
    services.invite(team, email=email, role=role, at=clock.now())
    return secret_for(email)


def joined(team: TeamAccess, email: str = "bob@example.com", role: str = "developer") -> User:
    """Somebody who was invited and accepted."""
    user = make_user(email)
    services.accept_invitation(invited(team, email, role), user=user, at=clock.now())
    return user
