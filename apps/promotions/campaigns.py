"""The rules of campaigns on plain values: who is new, what an act is worth, what caps leave, what a refund undoes."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.core.money import NANOS_PER_CREDIT, round_down
from apps.promotions.types import Beneficiary, Room, Stacking, Terms, Trigger

MINOR_PER_UNIT = 100


def is_in_force(starts_at: datetime, ends_at: datetime | None, *, at: datetime) -> bool:
    """Whether an instant lies in `[starts_at, ends_at)`."""
    return starts_at <= at and (ends_at is None or at < ends_at)


def is_new(joined_on: date, *, acted_on: date, days: int | None) -> bool:
    """Whether an account was at most so many business days old; None takes any account."""
    return days is None or acted_on - joined_on <= timedelta(days=days)


def amount_for_kind(terms: Terms, kind: str) -> int:
    """What a verification of this kind is worth before stacking and caps."""
    amount = terms.enterprise_nanos if kind == "enterprise" else terms.amount_nanos
    return amount or 0


def amount_for_payment(terms: Terms, paid_minor: int, *, credits_per_unit: Decimal) -> int:
    """A fixed amount, or the rate of the paid amount in credits, rounded down once."""
    if terms.rate is None:
        return terms.amount_nanos or 0
    over, under = (terms.rate * credits_per_unit).as_integer_ratio()
    return round_down(paid_minor * NANOS_PER_CREDIT * over, MINOR_PER_UNIT * under)


def stacked(amount_nanos: int, *, had_nanos: int, stacking: str) -> int:
    """What is left of an amount for somebody who got `had_nanos` for other verifications."""
    if stacking == Stacking.FULL or not had_nanos:
        return amount_nanos
    return max(0, amount_nanos - had_nanos) if stacking == Stacking.DIFFERENCE else 0


def within(amount_nanos: int, room: Room) -> int:
    """The part of an amount that every cap has room for."""
    rooms = (room.per_invitee_nanos, room.per_inviter_nanos, room.budget_nanos)
    return max(0, min([amount_nanos, *(nanos for nanos in rooms if nanos is not None)]))


def room_left(cap_nanos: int | None, used_nanos: int) -> int | None:
    """None: no cap. Never below zero: a later version may have a lower cap than what is used."""
    return None if cap_nanos is None else max(0, cap_nanos - used_nanos)


def reversed_share(amount_nanos: int, *, refunded_minor: int, paid_minor: int) -> int:
    """How much of a reward is undone when so much of its order was paid back in all; rounded down, whole at the end."""
    return round_down(amount_nanos * min(refunded_minor, paid_minor), paid_minor)


def taken_in_order(lefts: Sequence[int], amount_nanos: int) -> list[int]:
    """How an amount is taken from these, the first ones first."""
    taken = []
    for left in lefts:
        part = min(left, amount_nanos)
        taken.append(part)
        amount_nanos -= part
    return taken


def masked(email: str) -> str:
    """`anna@example.com` → `a***@e***.com`: enough to recognise somebody one knows, too little to find anybody."""
    local, _, domain = email.partition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{local[:1]}***@{host[:1]}***{dot}{ending if dot else ''}"


def misfit(terms: Terms, *, trigger: str, beneficiary: str) -> str | None:
    """The first field that does not fit a campaign of this kind, as the database has it; None when all do."""
    is_own, is_verified = beneficiary == Beneficiary.SELF, trigger == Trigger.VERIFIED
    wrong = {
        "rate": terms.rate is not None and (trigger != Trigger.PURCHASED or not 0 < terms.rate <= 1),
        "amount_nanos": (terms.amount_nanos is None) == (terms.rate is None) or (terms.amount_nanos or 0) < 0,
        "enterprise_nanos": (terms.enterprise_nanos is None) == is_verified or (terms.enterprise_nanos or 0) < 0,
        "per_invitee_nanos": _is_no_cap(terms.per_invitee_nanos, is_possible=not is_own),
        "per_inviter_nanos": _is_no_cap(terms.per_inviter_nanos, is_possible=not is_own),
        "budget_nanos": _is_no_cap(terms.budget_nanos, is_possible=True),
        "delay_days": terms.delay_days < 0 or (is_own and terms.delay_days > 0),
        "valid_days": terms.valid_days is not None and (not is_own or terms.valid_days < 1),
        "auto_transfer": is_own and terms.auto_transfer,
        "title_en": not all((terms.title_en, terms.title_zh, terms.text_en, terms.text_zh)),
    }
    return next((name for name, is_wrong in wrong.items() if is_wrong), None)


def _is_no_cap(nanos: int | None, *, is_possible: bool) -> bool:
    return nanos is not None and (nanos <= 0 or not is_possible)


def changed_terms(older: Terms, newer: Terms) -> list[str]:
    """Names of what a version says otherwise than the one before it."""
    return [field.name for field in fields(Terms) if getattr(older, field.name) != getattr(newer, field.name)]
