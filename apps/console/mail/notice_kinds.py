"""Every kind of mail that people may get, by subject: what the preferences list. Each app declares its own kinds."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import ACCOUNT_CLOSED, EXPORT_READY, NEW_DEVICE, NoticeKind
from apps.console.closing.types import TEAM_CLOSED
from apps.marketplace.types import ALERT_ASKED, MODEL_LAUNCHED, PRICE_CHANGED
from apps.promotions.types import REWARD_AVAILABLE, REWARD_REVERSED
from apps.teams.types import INVITED, JOINED, REMOVED, TRANSFERRED
from apps.usage.types import BALANCE_LOW, BUDGET_KINDS
from apps.verification.types import NOTICE_KINDS as VERIFICATION_KINDS

WEBHOOK_DISABLED: Final = NoticeKind("webhook.disabled", _("A webhook was turned off"))


@dataclass(frozen=True, slots=True)
class Subject:
    label: str | Promise
    kinds: tuple[NoticeKind, ...]


SUBJECTS: Final = (
    Subject(_("Security"), (NEW_DEVICE,)),
    Subject(_("Account and data"), (EXPORT_READY, ACCOUNT_CLOSED)),
    Subject(_("Balance and budgets"), (BALANCE_LOW, *BUDGET_KINDS)),
    Subject(_("Verification"), VERIFICATION_KINDS),
    Subject(_("Teams"), (INVITED, JOINED, REMOVED, TRANSFERRED, TEAM_CLOSED, WEBHOOK_DISABLED)),
    Subject(_("Rewards"), (REWARD_AVAILABLE, REWARD_REVERSED)),
    Subject(_("Price alerts"), (ALERT_ASKED, PRICE_CHANGED, MODEL_LAUNCHED)),
)
# What a team's webhooks may be told: facts of the team, not of a person.
TEAM_EVENTS: Final = (BALANCE_LOW, *BUDGET_KINDS, *VERIFICATION_KINDS, PRICE_CHANGED, MODEL_LAUNCHED)
KINDS: Final = {kind.code: kind for subject in SUBJECTS for kind in subject.kinds}


def is_optional(code: str) -> bool:
    """Whether people may end this kind; one that we do not list is not ended by anybody."""
    return code in KINDS and KINDS[code].is_optional
