"""What can go wrong with promotions.

PromotionsError
├── ReferralCodeUnknown     (Invalid) no such code, or its owner's account is closed or suspended
├── ReferralCodeOwn         (Invalid) one's own code
├── InviterKnown            (Conflict) somebody else is the inviter already
├── TooLateForInviter       (Conflict) more than seven days after joining
├── InviterTooNew           (Invalid) the inviter's account is not older than the invitee's
├── RewardOwn               (NotAllowed) an operator decides on what pays that operator
├── RewardTooSmall          (Invalid) below the least that can be transferred
├── RewardsTooLow           (Conflict) more than what is available
├── TransferKeyReused       (Conflict) the same form was sent with another amount or team
├── RewardMissing           (NotFound)
├── RewardNotOpen           (Conflict) the reward is past what was asked for it
├── CapReached              (Conflict) the campaign pays no more
├── CampaignMissing         (NotFound)
├── CampaignOverlap         (Conflict) another campaign of this kind is in force or planned then
├── VersionPlanned          (Conflict) a later version is planned: withdraw it first
├── VersionInPast           (Invalid) terms are never changed for the past
├── VersionOver             (Conflict) the version has ended
└── TermsInvalid            (Invalid) the terms do not fit the campaign; `field` names where
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound, SluiceError


class PromotionsError(SluiceError):
    code = "promotions_error"


class ReferralCodeUnknown(Invalid, PromotionsError):
    code = "referral_code_unknown"
    text = _("This referral code is not valid. Check it with whoever gave it to you.")


class ReferralCodeOwn(Invalid, PromotionsError):
    code = "referral_code_own"
    text = _("This is your own referral code. It is for people who have no account yet.")


class InviterKnown(Conflict, PromotionsError):
    code = "inviter_known"
    text = _("This person was invited by somebody else.")


class TooLateForInviter(Conflict, PromotionsError):
    code = "too_late_for_inviter"
    text = _("An inviter can be added within seven days of joining only.")


class InviterTooNew(Invalid, PromotionsError):
    code = "inviter_too_new"
    text = _("The inviter joined after this person.")


class RewardOwn(NotAllowed, PromotionsError):
    code = "reward_own"
    text = _("You would be paid yourself. Somebody else has to decide.")


class RewardTooSmall(Invalid, PromotionsError):
    code = "reward_too_small"
    text = _("This is less than the least that can be transferred.")


class RewardsTooLow(Conflict, PromotionsError):
    code = "rewards_too_low"
    text = _("This is more than the rewards that are available now.")


class TransferKeyReused(Conflict, PromotionsError):
    code = "transfer_key_reused"
    text = _("This form was sent before with another amount or team. Load the page again.")


class RewardMissing(NotFound, PromotionsError):
    code = "reward_missing"
    text = _("There is no such reward.")


class RewardNotOpen(Conflict, PromotionsError):
    code = "reward_not_open"
    text = _("This reward is not in a state in which that can be done.")


class CapReached(Conflict, PromotionsError):
    code = "cap_reached"
    text = _("The campaign pays no more: a cap or its budget is used up.")


class CampaignMissing(NotFound, PromotionsError):
    code = "campaign_missing"
    text = _("There is no such campaign.")


class CampaignOverlap(Conflict, PromotionsError):
    code = "campaign_overlap"
    text = _("Another campaign for the same act and the same people is in force or planned in that time.")


class VersionPlanned(Conflict, PromotionsError):
    code = "version_planned"
    text = _("A later version is planned within that time. Withdraw it first, or end this one before it begins.")


class VersionInPast(Invalid, PromotionsError):
    code = "version_in_past"
    text = _("Terms hold from now or later. What happened before was decided by the terms of its time.")


class VersionOver(Conflict, PromotionsError):
    code = "version_over"
    text = _("This version has ended.")


class TermsInvalid(Invalid, PromotionsError):
    code = "terms_invalid"
    text = _("These terms do not fit the campaign.")
