"""What the acts on verifications share: finding the rows, and writing the trail."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet

from apps.journal import services as journal
from apps.journal.types import Act
from apps.verification.errors import VerificationMissing
from apps.verification.models import Kind, Verification
from apps.verification.types import Applicant


def applications_of(applicant: Applicant) -> QuerySet[Verification]:
    """The applicant's own of this kind: a person's, or a team's whoever of it applied."""
    if applicant.team is None:
        return Verification.objects.filter(kind=Kind.PERSONAL, user_id=applicant.user_id)
    return Verification.objects.filter(kind=Kind.ENTERPRISE, team_id=applicant.team.id)


def locked(verification_id: int) -> Verification:
    """The row, locked until the transaction ends. Raises `VerificationMissing`."""
    rows = Verification.objects.select_for_update(of=("self",)).select_related("subject", "user", "team")
    row = rows.filter(pk=verification_id).first()
    if row is None:
        raise VerificationMissing
    return row


def record(
    act: str,
    row: Verification,
    *,
    actor: int | None,
    at: datetime,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """One line of the trail; for an organisation its team's admins may read it. No particulars, ever."""
    journal.record_act(
        Act(
            act,
            "verification",
            row.public_id,
            actor_id=actor,
            reason=reason,
            details={"kind": row.kind, "user": row.user_id, **(details or {})},
            scope="" if row.team is None else row.team.public_id,
        ),
        at=at,
    )
