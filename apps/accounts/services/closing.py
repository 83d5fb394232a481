"""The end of a person's account: every way in goes, the row stays without what says who it was."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from apps.accounts import errors
from apps.accounts.models import User
from apps.accounts.types import DisplayUnit, Language


def lock_user(user_id: int) -> User:
    """The person's row until the transaction ends. Meanwhile nothing new can refer to it: no membership, no token.

    Raises `AccountClosed`.
    """
    user = User.objects.select_for_update().filter(pk=user_id, closed_at=None).first()
    if user is None:
        raise errors.AccountClosed
    return user


def close_user(user_id: int, *, at: datetime) -> None:
    """Ends every way in and replaces what says who it was; the address may sign up again, as somebody new.

    Whoever had a session is out with the next request: the person is not active any more. Raises `AccountClosed` the
    second time and `StaffCannotLeave`.
    """
    with transaction.atomic():
        user = lock_user(user_id)
        if user.is_staff or user.is_superuser:
            raise errors.StaffCannotLeave
        EmailAddress.objects.filter(user_id=user_id).delete()
        Authenticator.objects.filter(user_id=user_id).delete()
        user.groups.clear()
        user.user_permissions.clear()
        _forget(user)
        user.is_active, user.closed_at = False, at
        user.save()


def former_address(user_id: int) -> str:
    """What stands in place of the address: unique, and nothing that mail could reach or that could sign up."""
    return f"closed-account-{user_id}"


def _forget(user: User) -> None:
    user.email = former_address(user.pk)
    user.set_unusable_password()
    user.name = ""
    user.muted_kinds = []
    user.last_login = None
    user.language, user.display_unit = Language.ENGLISH, DisplayUnit.USD
    user.time_zone = User._meta.get_field("time_zone").default
