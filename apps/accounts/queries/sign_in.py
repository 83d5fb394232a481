"""How a person comes in, and where they are in. Writes nothing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils.crypto import constant_time_compare

from apps.accounts.devices import device_name
from apps.accounts.models import KnownDevice, User
from apps.accounts.types import Factors, OpenSession, Passkey, WaysIn

# All that is kept of what a provider tells: enough for its owner to recognise the account.
IDENTITY_LABELS: Final = ("email", "login", "nickname", "preferred_username", "name")


def ways_in(user: User, *, providers: Collection[str]) -> WaysIn:
    """How this person can sign in; accounts elsewhere count where people can sign in with them now."""
    passkeys = Authenticator.objects.filter(
        user_id=user.pk,
        type=Authenticator.Type.WEBAUTHN,
        data__credential__clientExtensionResults__credProps__rk=True,  # others do not know whom they belong to
    )
    identities = SocialAccount.objects.filter(user_id=user.pk, provider__in=providers)
    return WaysIn(has_password=user.has_usable_password(), passkeys=passkeys.count(), identities=identities.count())


def factors_of(user_id: int) -> Factors:
    """The authenticator app, the passkeys in the order they were added, and how many recovery codes are left."""
    found = list(Authenticator.objects.filter(user_id=user_id).order_by("created_at", "pk"))
    codes = next((row for row in found if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return Factors(
        has_app=any(row.type == Authenticator.Type.TOTP for row in found),
        passkeys=tuple(_passkey(row) for row in found if row.type == Authenticator.Type.WEBAUTHN),
        recovery_codes=None if codes is None else len(codes.wrap().get_unused_codes()),
    )


def _passkey(row: Authenticator) -> Passkey:
    key = row.wrap()
    return Passkey(
        id=row.pk,
        name=key.name,
        added_at=row.created_at,
        used_at=row.last_used_at,
        opens_alone=bool(key.is_passwordless),
    )


def identities_of(user_id: int) -> list[SocialAccount]:
    """Accounts elsewhere that open this one, in the order they were connected."""
    return list(SocialAccount.objects.filter(user_id=user_id).order_by("date_joined", "pk"))


def identity_label(identity: SocialAccount) -> str:
    """What its owner calls an account elsewhere; empty if its provider never said."""
    told = identity.extra_data
    return next((str(told[name]) for name in IDENTITY_LABELS if told.get(name)), "")


def sessions_of(user: User, *, current_key: str, at: datetime) -> list[OpenSession]:
    """Every browser in which the person is signed in: this one, then the one that was seen last. Two queries."""
    noted = UserSession.objects.filter(user_id=user.pk).order_by("-last_seen_at", "-pk")
    stored = Session.objects.filter(session_key__in=[row.session_key for row in noted], expire_date__gt=at)
    live = {session.session_key for session in stored if _is_signed_in(session.get_decoded(), user)}
    found = [_open_session(row, current_key) for row in noted if row.session_key in live]
    return sorted(found, key=lambda session: not session.is_current)


def share_a_device(user_id: int, other_id: int) -> bool:
    """Whether both signed in with one browser: a sign that they are one person, or one household."""
    digests = KnownDevice.objects.filter(user_id=other_id).values("secret_digest")
    return KnownDevice.objects.filter(user_id=user_id, secret_digest__in=digests).exists()


def _is_signed_in(content: Mapping[str, object], user: User) -> bool:
    """A session made before the password changed opens nothing any more."""
    made_with = str(content.get(HASH_SESSION_KEY, ""))
    return content.get(SESSION_KEY) == str(user.pk) and constant_time_compare(made_with, user.get_session_auth_hash())


def _open_session(row: UserSession, current_key: str) -> OpenSession:
    return OpenSession(
        id=row.pk,
        device=device_name(row.user_agent),
        address=row.ip,
        since=row.created_at,
        seen_at=row.last_seen_at,
        is_current=row.session_key == current_key,
    )
