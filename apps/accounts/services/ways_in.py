"""What opens an account: password, address, accounts elsewhere, passkeys. None is removed that is the last."""

from collections.abc import Collection

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction

from apps.accounts import queries
from apps.accounts.errors import EmailTaken, IdentityTaken, LastWayIn
from apps.accounts.models import User
from apps.core.errors import NotFound


def set_password(user: User, *, password: str) -> None:
    """A new password; every session made with the old one ends.

    While no address is confirmed, whoever sets it proved the address by a mail, and whoever signed up with it did not:
    an account elsewhere or a second factor that the account came with would let that one back in, and goes.
    """
    with transaction.atomic():
        person = _locked(user.pk)
        if not EmailAddress.objects.filter(user_id=user.pk, verified=True).exists():
            SocialAccount.objects.filter(user_id=user.pk).delete()
            Authenticator.objects.filter(user_id=user.pk).delete()
        person.set_password(password)
        person.save(update_fields=["password"])
    user.password = person.password


def confirm_email(user: User) -> None:
    """Takes the address as the person's own, without a code: for doors where somebody else vouches. Safe to repeat."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def change_email(user: User, *, email: str) -> str:
    """Makes a confirmed address the person's only one and returns the former one. Safe to repeat.

    Raises `EmailTaken` if the address is somebody else's, confirmed or not.
    """
    address = email.strip().lower()
    try:
        with transaction.atomic():
            person = User.objects.select_for_update().get(
                pk=user.pk
            )  # a key of the row changes: waits before, not within
            former, person.email = person.email, address
            person.save(update_fields=["email"])
            EmailAddress.objects.filter(user_id=user.pk).delete()
            EmailAddress.objects.create(user_id=user.pk, email=address, verified=True, primary=True)
    except IntegrityError as error:
        raise EmailTaken from error
    user.email = address
    return former


def add_identity(user: User, identity: SocialAccount) -> None:
    """Lets an account elsewhere open this one. Raises `IdentityTaken`, also for the loser of a race."""
    identity.user = user
    try:
        with transaction.atomic():
            identity.save(force_insert=True)
    except IntegrityError as error:
        raise IdentityTaken from error


def remove_identity(user_id: int, *, identity_id: int, providers: Collection[str]) -> SocialAccount:
    """An account elsewhere no longer opens this one; returns what was removed.

    `providers` are those that people can sign in with now. Raises `NotFound`, and `LastWayIn`.
    """
    with transaction.atomic():
        person = _locked(user_id)
        identity = SocialAccount.objects.filter(user_id=user_id, pk=identity_id).first()
        if identity is None:
            raise NotFound
        if identity.provider in providers and queries.ways_in(person, providers=providers).count < 2:
            raise LastWayIn
        identity.delete()
    return identity


def remove_passkey(user_id: int, *, passkey_id: int, providers: Collection[str]) -> None:
    """The passkey opens nothing any more; recovery codes go with the last second factor.

    Raises `NotFound`, and `LastWayIn` if it is the only way to sign in.
    """
    with transaction.atomic():
        person = _locked(user_id)
        passkey = Authenticator.objects.filter(user_id=user_id, type=Authenticator.Type.WEBAUTHN, pk=passkey_id).first()
        if passkey is None:
            raise NotFound
        passkey.delete()
        if not queries.ways_in(person, providers=providers).count:
            raise LastWayIn
        left = Authenticator.objects.filter(user_id=user_id)
        if not left.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            left.delete()


def _locked(user_id: int) -> User:
    """Two removals at once would each leave the other's way in."""
    return User.objects.select_for_update(no_key=True).get(pk=user_id)
