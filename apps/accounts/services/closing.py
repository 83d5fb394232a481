"""The end of a person's account: every way in goes, the row stays without what says who it was."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from apps.accounts import errors
from apps.accounts.models import FORMER, KnownDevice, User
from apps.accounts.services.sessions import end_sessions
from apps.accounts.types import DisplayUnit, Language


def lock_user(user_id: int) -> User:
    """The person's row until the transaction ends: what must not meet the closing of the account waits here.

    Raises `AccountClosed`.
    """
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id, closed_at=None).first()
    if user is None:
        raise errors.AccountClosed
    return user


def close_user(user_id: int, *, at: datetime) -> str:
    """Ends every way in and forgets who it was, but for the address, which it returns: `forget_addresses` does that.

    Whoever had a session is out with the next request: the person is not active any more. Raises `AccountClosed` the
    second time and `StaffCannotLeave`.
    """
    with transaction.atomic():
        user = lock_user(user_id)
        if user.is_staff or user.is_superuser:
            raise errors.StaffCannotLeave
        EmailAddress.objects.filter(user_id=user_id).delete()
        Authenticator.objects.filter(user_id=user_id).delete()
        SocialAccount.objects.filter(user_id=user_id).delete()
        KnownDevice.objects.filter(user_id=user_id).delete()
        end_sessions(user_id)
        user.groups.clear()
        user.user_permissions.clear()
        _forget(user)
        user.is_active, user.closed_at = False, at
        user.save()
    return user.email


def forget_addresses(*, at_most: int = 100) -> int:
    """Puts in place of the address of closed accounts what is unique and no address, so that it may sign up again.

    Apart from the closing, and a person a transaction: a key of this table changes, for which everybody who is just
    writing a row about the person must be waited for; whoever waits with other locks in hand would meet them.
    """
    waiting = User.objects.filter(closed_at__isnull=False).exclude(email__startswith=FORMER)
    ids = list(waiting.order_by("closed_at").values_list("pk", flat=True)[:at_most])
    return sum(waiting.filter(pk=user_id).update(email=f"{FORMER}{user_id}") for user_id in ids)


def _forget(user: User) -> None:
    user.set_unusable_password()
    user.name = ""
    user.muted_kinds = []
    user.last_login = None
    user.language, user.display_unit = Language.ENGLISH, DisplayUnit.USD
    user.time_zone = User._meta.get_field("time_zone").default
