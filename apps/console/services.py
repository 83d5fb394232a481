"""Acts that compose floors: sign-up, and the switch of a team's wallet. The rest are services of one app."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from apps.accounts import services as accounts
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import services as promotions
from apps.promotions.errors import ReferralCodeUnknown
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount

    from apps.accounts.models import User


def register_user(
    user: "User",
    *,
    identity: "SocialAccount | None" = None,
    is_email_confirmed: bool = False,
    referral_code: str = "",
) -> "User":
    """Stores the person with a personal team, its wallet and the account elsewhere they came with, or nothing.

    A referral code binds them to its owner; one that is not valid binds nobody and stops nobody. Raises `EmailTaken`
    and `IdentityTaken`, also for the loser of a race.
    """
    with transaction.atomic(durable=True):
        _enrol_with_inviter(user, referral_code)
        if identity is not None:
            accounts.add_identity(user, identity)
        if is_email_confirmed:
            accounts.confirm_email(user)
    return user


def rehearse_registration(*, referral_code: str) -> None:
    """The work of `register_user`, undone: an address that has an account must not show by a faster answer."""
    with transaction.atomic(durable=True):
        _enrol_with_inviter(accounts.new_user(f"{uuid7().hex}@nobody.invalid", password=None), referral_code)
        transaction.set_rollback(True)


def _enrol_with_inviter(user: "User", referral_code: str) -> None:
    enrol_user(user)
    with suppress(ReferralCodeUnknown):
        promotions.bind_invitee(user.pk, code=referral_code, at=user.joined_at)


def enrol_user(user: "User") -> None:
    """As `register_user`, within the caller's transaction, and without an inviter."""
    with transaction.atomic():
        accounts.add_user(user)
        teams.personal_team_of(user)
        promotions.referral_code_of(user.pk, at=user.joined_at)


def set_free_only(team: TeamAccess, *, is_on: bool, at: datetime) -> bool:
    """Turns "stop when free credit is used up" on or off for the team's wallet, and records who did.

    It holds for the next call and those under way. Safe to repeat: False, and no record, when it stood so already.
    """
    with transaction.atomic():
        wallet.lock_accounts([team.wallet_id])
        if wallet_queries.is_free_only(team.wallet_id) is is_on:
            return False
        wallet.set_free_only(team.wallet_id, is_on=is_on)
        act = "wallet.free_only_on" if is_on else "wallet.free_only_off"
        journal.record_act(Act(act, "team", team.public_id, actor_id=team.user_id, scope=team.public_id), at=at)
    return True
