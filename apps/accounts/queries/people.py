"""Who a person is. Writes nothing."""

from collections.abc import Collection, Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.db.models.functions import Lower

from apps.accounts.models import DataExport, User
from apps.accounts.queries.sign_in import identities_of, identity_label, sessions_of
from apps.accounts.types import ExportInfo, ExportState, OpenSession, Profile, WayIn
from apps.core.ids import parse_public_id


def profile_of(user_id: int) -> Profile:
    """What the account says about a person."""
    user = User.objects.get(pk=user_id)
    return Profile(
        user_id=user.pk,
        email=user.email,
        name=user.name,
        language=user.language,
        display_unit=user.display_unit,
        time_zone=user.time_zone,
        muted_kinds=tuple(user.muted_kinds),
        joined_at=user.joined_at,
        last_sign_in_at=user.last_login,
    )


def shown_names(user_ids: Collection[int]) -> dict[int, str]:
    """What people are called where others see them; closed accounts say so. One query."""
    return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=user_ids)}


def is_closed(user_id: int) -> bool:
    """Whether somebody closed this account."""
    return User.objects.filter(pk=user_id, closed_at__isnull=False).exists()


def is_staff(user_id: int) -> bool:
    """Whether this account opens the back office."""
    return User.objects.filter(Q(is_staff=True) | Q(is_superuser=True), pk=user_id).exists()


def ways_to_sign_in(user_id: int) -> list[WayIn]:
    """Addresses, accounts elsewhere and second factors, the oldest first of each; no secret of any."""
    addresses = EmailAddress.objects.filter(user_id=user_id).order_by("pk")
    factors = Authenticator.objects.filter(user_id=user_id).order_by("pk")
    return [
        *(WayIn("email", address.email, None, None) for address in addresses),
        *(WayIn(row.provider, identity_label(row), row.date_joined, row.last_login) for row in identities_of(user_id)),
        *(WayIn(factor.type, "", factor.created_at, factor.last_used_at) for factor in factors),
    ]


def browsers_of(user_id: int, *, at: datetime) -> list[OpenSession]:
    """Every browser in which the person is signed in. Three queries."""
    return sessions_of(User.objects.get(pk=user_id), current_key="", at=at)


def exports_of(user_id: int, *, at: datetime, at_most: int = 20) -> list[ExportInfo]:
    """A person's data exports, the newest first."""
    rows = DataExport.objects.filter(user_id=user_id).order_by("-asked_at", "-pk")[:at_most]
    return [_export(row, at=at) for row in rows]


def export_by_public_id(user_id: int, public_id: str, *, at: datetime) -> ExportInfo | None:
    """One of this person's exports; None for any other id, whoever's it is."""
    uid = parse_public_id("exp", public_id)
    row = None if uid is None else DataExport.objects.filter(user_id=user_id, uid=uid).first()
    return None if row is None else _export(row, at=at)


def user_by_email(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return User.objects.annotate(address=Lower("email")).filter(address=email.strip().lower()).first()


def users_by_email(emails: Iterable[str]) -> dict[str, User]:
    """The people with these addresses, by the address in lower case; unknown ones are absent. One query."""
    wanted = {email.strip().lower() for email in emails}
    users = User.objects.annotate(address=Lower("email")).filter(address__in=wanted)
    return {user.email.lower(): user for user in users}


def is_operator(user_id: int) -> bool:
    return User.objects.filter(pk=user_id, is_active=True, is_staff=True).exists()


def confirmed_addresses(user_id: int) -> frozenset[str]:
    """The addresses, in lower case, of which the person has shown to read their mail."""
    rows = EmailAddress.objects.filter(user_id=user_id, verified=True)
    return frozenset(address.lower() for address in rows.values_list("email", flat=True))


def reader_behind(email: str) -> int | None:
    """The active person who has shown to read mail at this address; None for an address of nobody."""
    shown = EmailAddress.objects.filter(email=email.lower(), verified=True, user__is_active=True).first()
    return None if shown is None else int(shown.user_id)


def _export(row: DataExport, *, at: datetime) -> ExportInfo:
    return ExportInfo(
        public_id=row.public_id,
        state=_state_of(row, at=at),
        asked_at=row.asked_at,
        parts_done=row.parts_done,
        parts=row.parts,
        size=row.size,
        file_uid=row.file_uid,
        expires_at=row.expires_at,
    )


def _state_of(row: DataExport, *, at: datetime) -> ExportState:
    if row.given_up_at is not None:
        return ExportState.FAILED
    if row.ready_at is None or row.expires_at is None:
        return ExportState.STARTED if row.attempts else ExportState.WAITING
    return ExportState.READY if row.expires_at > at else ExportState.EXPIRED
