"""How verifications stand: for applicants masked, for reviewers with what else carries the same legal id."""

from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.countries import country_name
from apps.journal import queries as journal
from apps.teams.types import TeamAccess
from apps.verification.legal_ids import masked
from apps.verification.models import Kind, ReasonCode, Review, Status, Verification
from apps.verification.sealing import unsealed
from apps.verification.types import DocumentInfo, Duplicate, Particulars, Step, VerificationState


def personal_of(user_id: int) -> VerificationState | None:
    """The person's last application, whatever became of it."""
    return _last(Verification.objects.filter(kind=Kind.PERSONAL, user_id=user_id))


def waiting_personal_id(user_id: int) -> int | None:
    """For commands of operators: the row of the person's application that a reviewer has not decided."""
    rows = Verification.objects.filter(kind=Kind.PERSONAL, user_id=user_id, status=Status.SUBMITTED)
    return rows.values_list("pk", flat=True).first()


def enterprise_of(team_id: int) -> VerificationState | None:
    """The team's last application, whoever made it."""
    return _last(Verification.objects.filter(kind=Kind.ENTERPRISE, team_id=team_id))


def is_undecided(user_id: int, *, team: TeamAccess) -> bool:
    """Whether an application of this team, or of the person whose personal team it is, waits for a decision."""
    rows = Verification.objects.filter(status=Status.SUBMITTED)
    applied = Q(kind=Kind.PERSONAL, user_id=user_id) if team.is_personal else Q(team_id=team.id)
    return rows.filter(applied).exists()


def verified_teams(team_ids: Collection[int]) -> set[int]:
    """Those of these teams that are organisations: with an approved enterprise verification."""
    rows = Verification.objects.filter(team_id__in=team_ids, status=Status.APPROVED)
    return {team_id for team_id in rows.values_list("team_id", flat=True) if team_id is not None}


def is_verified_person(user_id: int) -> bool:
    return Verification.objects.filter(kind=Kind.PERSONAL, user_id=user_id, status=Status.APPROVED).exists()


def documents_of(verification: str) -> list[DocumentInfo]:
    """The documents that are still kept of the verification with this public id."""
    return [DocumentInfo(file.uid, file.name, file.content_type, file.size) for file in journal.files_of(verification)]


def duplicates_of(row: Verification) -> list[Duplicate]:
    """The same legal id under other accounts: those approved first, then the newest. Accounts are masked."""
    rows = same_subject(row).select_related("user", "team").order_by("-approved_at", "-pk")
    return [
        Duplicate(
            verification_id=other.pk,
            public_id=other.public_id,
            account=_account(other),
            status_label=Status(other.status).label,
            submitted_at=other.submitted_at,
        )
        for other in rows
    ]


def same_subject(row: Verification) -> QuerySet[Verification]:
    """Other applicants' verifications about the same subject; of a team, whoever of it applied."""
    others = Verification.objects.filter(subject_id=row.subject_id)
    return others.exclude(user_id=row.user_id) if row.team_id is None else others.exclude(team_id=row.team_id)


def personal_data_of(user_id: int) -> list[dict[str, object]]:
    """What is kept of a person's own verifications, for the export of their data. In clear: it is theirs."""
    rows = Verification.objects.filter(kind=Kind.PERSONAL, user_id=user_id).order_by("created_at")
    return [_exported(row, unsealed(row.sealed)) for row in rows]


def _exported(row: Verification, particulars: Particulars | None) -> dict[str, object]:
    return {
        "id": row.public_id,
        "status": row.status,
        "submitted_at": row.submitted_at.isoformat(),
        "name": particulars.name if particulars else "",
        "country": particulars.country if particulars else "",
        "number": particulars.number if particulars else "",
        "documents": [document.name for document in documents_of(row.public_id)],
    }


def _last(rows: QuerySet[Verification]) -> VerificationState | None:
    row = rows.order_by("-created_at", "-pk").first()
    return None if row is None else _state(row)


def _state(row: Verification) -> VerificationState:
    particulars = unsealed(row.sealed)
    reviews = list(Review.objects.filter(verification=row).order_by("at", "pk"))
    return VerificationState(
        public_id=row.public_id,
        kind=row.kind,
        status=row.status,
        waits_for=row.waits_for,
        country=country_name(particulars.country) if particulars else "",
        name=particulars.name if particulars else "",
        number=masked(particulars.number) if particulars else "",
        reason=ReasonCode(row.reason_code).label if row.reason_code else "",
        words=row.reason,
        credited_nanos=row.credited_nanos,
        submitted_at=row.submitted_at,
        decided_at=row.revoked_at or row.approved_at or row.rejected_at,
        documents=len(journal.files_of(row.public_id)),
        steps=tuple(_steps(row, reviews)),
    )


def _steps(row: Verification, reviews: Iterable[Review]) -> Iterable[Step]:
    """Each submission before the decision on it; the one that waits comes last."""
    for review in reviews:
        if review.decision != Status.REVOKED:
            yield Step("submitted", review.submitted_at)
        reason = ReasonCode(review.reason_code).label if review.reason_code else ""
        yield Step(review.decision, review.at, reason, review.reason)
    if row.is_open:
        yield Step("submitted", row.submitted_at)


def _account(row: Verification) -> str:
    """Enough to recognise an account by whoever may look it up, too little for anybody else."""
    local, _, domain = row.user.email.partition("@")
    address = f"{local[:2]}•••@{domain}"
    return address if row.team is None else f"{row.team.name} ({address})"


def with_duplicates(rows: QuerySet[Verification]) -> QuerySet[Verification]:
    """The rows with `is_duplicate`: whether another applicant's verification carries the same legal id."""
    others = Verification.objects.filter(subject_id=OuterRef("subject_id"))
    another_person = Q(team=None) & ~Q(user_id=OuterRef("user_id"))
    another_team = Q(team__isnull=False) & ~Q(team_id=OuterRef("team_id"))
    return rows.annotate(is_duplicate=Exists(others.filter(another_person | another_team)))
