"""What promotions take and return: choices and frozen values. No tables, no rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.core.pagination import Page

REWARD_AVAILABLE: Final = NoticeKind("reward.available", _("A reward for an invitation is available"))
REWARD_REVERSED: Final = NoticeKind("reward.reversed", _("A reward for an invitation was taken back"))


class Trigger(models.TextChoices):
    REGISTERED = "registered", _("Registered")
    VERIFIED = "verified", _("Verified")
    PURCHASED = "purchased", _("Purchased")


class Beneficiary(models.TextChoices):
    SELF = "self", _("Who did it")
    INVITER = "inviter", _("Who invited them")


class Stacking(models.TextChoices):
    """What a second kind of verification is worth to somebody who got credits for the first."""

    DIFFERENCE = "difference", _("The difference")
    FULL = "full", _("The whole amount")
    NONE = "none", _("Nothing")


class CapPeriod(models.TextChoices):
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")
    CAMPAIGN = "campaign", _("Whole campaign")


class CreditKind(models.TextChoices):
    """What a person did to get credits of their own."""

    REGISTERED = "registered", _("Registered")
    PERSONAL = "personal", _("Personal verification")
    ENTERPRISE = "enterprise", _("Enterprise verification")


class CreditOutcome(models.TextChoices):
    GRANTED = "granted", _("Granted")
    NO_CAMPAIGN = "no_campaign", _("No campaign in force")
    NOT_NEW = "not_new", _("Account too old")
    NOTHING_LEFT = "nothing_left", _("Nothing left to grant")
    BUDGET_SPENT = "budget_spent", _("Budget used up")
    DUPLICATE = "duplicate", _("Same subject before")


class RewardStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    AVAILABLE = "available", _("Available")
    TRANSFERRED = "transferred", _("Transferred")
    REVERSED = "reversed", _("Reversed")
    BLOCKED = "blocked", _("Blocked")


class BlockReason(models.TextChoices):
    SAME_SUBJECT = "same_subject", _("Same legal subject as the inviter")
    KNOWN_SUBJECT = "known_subject", _("Legal subject verified before on another account")
    SAME_DEVICE = "same_device", _("Same device as the inviter")
    SAME_PAYMENT = "same_payment", _("Same means of payment as the inviter")
    CAPPED = "capped", _("Most that the campaign pays is reached")


class MarkKind(models.TextChoices):
    """What tells that two accounts are one person."""

    SUBJECT = "subject", _("Legal subject")
    PAYMENT = "payment", _("Means of payment")


@dataclass(frozen=True, slots=True)
class VerifiedSubject:
    """An approved verification. `kind` is personal or enterprise; `wallet_id` is the wallet that gets credits.

    `subject_key` is the hex of the keyed hash of the legal id: the subject, whoever applies.
    """

    verification_id: int
    kind: str
    subject_key: str
    user_id: int
    wallet_id: int
    submitted_at: datetime
    user_joined_at: datetime


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order that money came in for. Codes, verification credits and gifts are no orders.

    `payment_fingerprint` names the card or the payer's account the same way each time, without telling it.
    """

    order_key: str
    user_id: int
    paid_minor: int
    currency: str
    payment_fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifyingAct:
    """What an invitee did that may earn the inviter a reward. `acted_at` decides how new the account was then."""

    trigger: str
    user_id: int
    joined_at: datetime
    acted_at: datetime
    kind: str = ""
    verification_id: int | None = None
    is_known_subject: bool = False
    order: PaidOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a version of a campaign says. `amount_nanos` is that of a personal verification where there are two.

    None: for caps and the budget no limit, for `new_user_days` any account, for `valid_days` without an end.
    """

    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    amount_nanos: int | None = None
    enterprise_nanos: int | None = None
    rate: Decimal | None = None
    per_invitee_nanos: int | None = None
    per_inviter_nanos: int | None = None
    cap_period: str = CapPeriod.MONTH
    budget_nanos: int | None = None
    delay_days: int = 0
    new_user_days: int | None = 30
    stacking: str = Stacking.DIFFERENCE
    valid_days: int | None = None
    auto_transfer: bool = False

    def title(self, language: str) -> str:
        return self.title_zh if language.startswith("zh") else self.title_en

    def text(self, language: str) -> str:
        return self.text_zh if language.startswith("zh") else self.text_en


@dataclass(frozen=True, slots=True)
class Plan:
    """Terms and when they hold; `starts_at` None: from now on, `ends_at` None: until something else is published."""

    terms: Terms
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a campaign, valid in `[starts_at, ends_at)`; `planned_ends_at` is what it was published with."""

    version_id: int
    campaign_id: int
    code: str
    trigger: str
    beneficiary: str
    number: int
    starts_at: datetime
    ends_at: datetime | None
    planned_ends_at: datetime | None
    terms: Terms

    @property
    def was_withdrawn(self) -> bool:
        """Taken back before it began."""
        return self.ends_at == self.starts_at


@dataclass(frozen=True, slots=True)
class CampaignHistory:
    """A campaign with its versions, newest first."""

    code: str
    trigger: str
    beneficiary: str
    versions: Sequence[Version]


@dataclass(frozen=True, slots=True)
class Room:
    """What the caps of a campaign leave for one more reward; None: no cap of that kind."""

    per_invitee_nanos: int | None
    per_inviter_nanos: int | None
    budget_nanos: int | None


@dataclass(frozen=True, slots=True)
class RewardSums:
    """What somebody's invitations earned. `available_nanos` is the reward balance; it is not spendable.

    `shortfall_nanos` was reversed after it had been transferred: the next rewards make up for it.
    """

    pending_nanos: int = 0
    available_nanos: int = 0
    transferred_nanos: int = 0
    shortfall_nanos: int = 0


@dataclass(frozen=True, slots=True)
class VersionCost:
    """What one version of a campaign cost so far. `credits`, `rewards`, `blocked` are numbers of rows."""

    number: int
    credits: int
    granted_nanos: int
    taken_back_nanos: int
    rewards: int
    blocked: int
    promised_nanos: int
    reversed_nanos: int
    pending_nanos: int

    @property
    def net_nanos(self) -> int:
        return self.granted_nanos - self.taken_back_nanos + self.promised_nanos - self.reversed_nanos


@dataclass(frozen=True, slots=True)
class EarnedReward:
    """A reward as its inviter sees it. `amount_nanos` is what is left of it after reversals."""

    trigger: str
    status: str
    amount_nanos: int
    reversed_nanos: int
    earned_at: datetime
    due_at: datetime
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who was invited, as the inviter sees them: an address that nobody could be found by."""

    public_id: str
    masked: str
    joined_at: datetime
    rewards: Sequence[EarnedReward]


@dataclass(frozen=True, slots=True)
class ReferralLink:
    """What somebody hands out; empty texts before the first need."""

    code: str
    link: str


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Code and link (empty before the first need), what was earned, and a page of who came by it."""

    code: str
    link: str
    sums: RewardSums
    invitees: Page[Invitee]


@dataclass(frozen=True, slots=True)
class MovedRewards:
    """Rewards that were moved to a team's wallet."""

    public_id: str
    team: str
    amount_nanos: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A referral code as its owner exports it."""

    code: str
    created_at: datetime
    replaced_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """What a campaign granted somebody, as they export it."""

    kind: str
    amount_nanos: int
    taken_back_nanos: int
    at: datetime


@dataclass(frozen=True, slots=True)
class InviteeRecord:
    """Somebody whom a person invited, masked. `referral` is a public id."""

    referral: str
    masked_email: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class RewardRecord:
    """A reward as its inviter exports it. `referral` is a public id."""

    referral: str
    trigger: str
    status: str
    amount_nanos: int
    reversed_nanos: int
    earned_at: datetime
