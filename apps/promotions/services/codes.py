"""Referral codes and who was bound by them."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import errors, queries, referral_codes
from apps.promotions.models import Referral, ReferralCode

SUPPORT_WINDOW: Final = timedelta(days=7)


def referral_code_of(user_id: int, *, at: datetime) -> str:
    """The person's code, made at the first call. Callers that arrive together get the same one, by a unique index."""
    code = _code_in_use(user_id)
    if code is not None:
        return code
    try:
        with transaction.atomic():
            return ReferralCode.objects.create(user_id=user_id, code=referral_codes.mint(), created_at=at).code
    except IntegrityError:
        return ReferralCode.objects.get(user_id=user_id, retired_at=None).code


def rotate_referral_code(code_id: int, *, actor: int, at: datetime, reason: str) -> str:
    """Replaces a code that is abused: the old one is not valid from now on, who came by it stays bound.

    A code that was replaced before raises `ReferralCodeUnknown`.
    """
    with transaction.atomic():
        old = ReferralCode.objects.select_for_update().filter(pk=code_id, retired_at=None).first()
        if old is None:
            raise errors.ReferralCodeUnknown
        old.retired_at = at
        old.save(update_fields=["retired_at"])
        new = ReferralCode.objects.create(user_id=old.user_id, code=referral_codes.mint(), created_at=at)
        act = Act("referral_code.replaced", "user", str(old.user_id), actor_id=actor, reason=reason)
        journal.record_act(act, at=at)
    return new.code


def bind_invitee(invitee_id: int, *, code: str, at: datetime) -> None:
    """Binds a person who signs up to whoever owns the code. Once: the same inviter again changes nothing.

    Raises `ReferralCodeUnknown` for no code of ours, a replaced one, or one of a closed or suspended account,
    `ReferralCodeOwn`, and `InviterKnown` for another inviter than the first.
    """
    _bind(invitee_id, _usable(code), at=at)


def add_inviter(invitee_id: int, *, code: str, actor: int, at: datetime, reason: str) -> None:
    """Support adds what somebody forgot at sign-up, within seven days of joining; what came before earns nothing.

    Raises what `bind_invitee` raises, `TooLateForInviter`, `RewardOwn` for the operator's own code, and `InviterTooNew`
    for somebody who joined later: nobody is invited by whom they invited.
    """
    found = _usable(code)
    if found.user_id == actor:
        raise errors.RewardOwn
    with transaction.atomic():
        invitee = ReferralCode.objects.filter(user_id=invitee_id).select_related("user").earliest("pk").user
        if at > invitee.joined_at + SUPPORT_WINDOW:
            raise errors.TooLateForInviter
        if found.user.joined_at >= invitee.joined_at and found.user_id != invitee_id:
            raise errors.InviterTooNew
        if _bind(invitee_id, found, at=at, actor=actor):
            details = {"inviter": found.user_id, "code": found.code}
            act = Act("referral.added", "user", str(invitee_id), actor_id=actor, reason=reason, details=details)
            journal.record_act(act, at=at)


def _usable(text: str) -> ReferralCode:
    found = queries.usable_code(text)
    if found is None:
        raise errors.ReferralCodeUnknown
    return found


def _bind(invitee_id: int, code: ReferralCode, *, at: datetime, actor: int | None = None) -> bool:
    """Whether a row was written. The unique invitee decides between two that come together."""
    if code.user_id == invitee_id:
        raise errors.ReferralCodeOwn
    referral, is_new = Referral.objects.get_or_create(
        invitee_id=invitee_id,
        defaults={"inviter_id": code.user_id, "code": code, "bound_at": at, "bound_by_id": actor},
    )
    if referral.inviter_id != code.user_id:
        raise errors.InviterKnown
    return is_new


def _code_in_use(user_id: int) -> str | None:
    return ReferralCode.objects.filter(user_id=user_id, retired_at=None).values_list("code", flat=True).first()
