"""What a verification brings by the campaign in force: said before somebody applies, decided when it is approved."""

from dataclasses import dataclass
from datetime import datetime

from apps.core.billing_calendar import business_date
from apps.promotions import campaigns
from apps.promotions import queries as promotions
from apps.promotions.types import Beneficiary, Stacking, Trigger


@dataclass(frozen=True, slots=True)
class Offer:
    """Credits for an approved verification. `is_difference`: less what another kind brought before."""

    amount_nanos: int
    title: str
    ends_at: datetime | None
    valid_days: int | None
    is_difference: bool


def verification_offer(kind: str, *, joined_at: datetime, language: str, at: datetime) -> Offer | None:
    """None when no campaign is in force, it pays nothing for this kind, or the account is too old for it."""
    version = promotions.version_in_force(Trigger.VERIFIED, Beneficiary.SELF, at=at)
    if version is None:
        return None
    terms = version.terms
    amount = campaigns.amount_for_kind(terms, kind)
    if not amount or not campaigns.is_new(
        business_date(joined_at), acted_on=business_date(at), days=terms.new_user_days
    ):
        return None
    return Offer(
        amount_nanos=amount,
        title=terms.title(language),
        ends_at=version.ends_at,
        valid_days=terms.valid_days,
        is_difference=terms.stacking == Stacking.DIFFERENCE,
    )
