"""What keeps a team or an account open. Each question asks one thing; a new app adds its own to the tuples below.

They are asked for the page, and again under the locks by whoever closes.
"""

from collections.abc import Callable, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import queries as accounts
from apps.console.closing.errors import StillOpen
from apps.console.closing.types import Leaving, Reason
from apps.core.money import credits_text
from apps.journal import queries as journal
from apps.promotions import queries as promotions
from apps.teams import queries as teams
from apps.verification import queries as verification
from apps.wallet import queries as wallet

Question = Callable[[Leaving], list[Reason]]
WALLET: Final = "wallet"


def calls_under_way(leaving: Leaving) -> list[Reason]:
    count = wallet.calls_under_way(leaving.team.wallet_id)
    text = ngettext(
        "%(count)s call is still under way. It ends by itself; then load this page again.",
        "%(count)s calls are still under way. They end by themselves; then load this page again.",
        count,
    )
    return [Reason(text % {"count": count}, "console:logs", _("See the calls"))] if count else []


def unpaid_dues(leaving: Leaving) -> list[Reason]:
    owed = wallet.arrears_of(leaving.team.wallet_id)
    text = _("%(amount)s credits are owed. They are paid as soon as there is credit.")
    return [Reason(text % {"amount": credits_text(owed)}, "console:statement", _("See what is owed"))] if owed else []


def undecided_corrections(leaving: Leaving) -> list[Reason]:
    is_open = journal.has_open_approvals(WALLET, str(leaving.team.wallet_id), at=leaving.at)
    return [Reason(_("A correction of the balance waits for the decision of our staff."))] if is_open else []


def undecided_verification(leaving: Leaving) -> list[Reason]:
    is_open = verification.is_undecided(leaving.user_id, team=leaving.team)
    text = _("A verification is being checked. The decision takes a few working days.")
    return [Reason(text)] if is_open else []


def pending_rewards(leaving: Leaving) -> list[Reason]:
    count = promotions.pending_rewards(leaving.user_id)
    text = ngettext(
        "%(count)s reward for an invitation is still pending.",
        "%(count)s rewards for invitations are still pending.",
        count,
    )
    return [Reason(text % {"count": count})] if count else []


def owned_teams(leaving: Leaving) -> list[Reason]:
    """Nobody's team is left without an owner: it is handed over, or closed by the rules of its own."""
    return [
        _with_others(owned.name, owned.public_id) if owned.has_others else _alone(owned.name, owned.public_id)
        for owned in teams.owned_teams(leaving.user_id)
    ]


def staff_account(leaving: Leaving) -> list[Reason]:
    text = _("Your account opens the back office. Have that right taken away first.")
    return [Reason(text)] if accounts.is_staff(leaving.user_id) else []


TEAM_QUESTIONS: Final[tuple[Question, ...]] = (
    calls_under_way,
    unpaid_dues,
    undecided_corrections,
    undecided_verification,
)
PERSON_QUESTIONS: Final[tuple[Question, ...]] = (staff_account, owned_teams, pending_rewards, *TEAM_QUESTIONS)


def what_keeps_open(questions: Sequence[Question], leaving: Leaving) -> list[Reason]:
    return [reason for question in questions for reason in question(leaving)]


def refuse_while_open(questions: Sequence[Question], leaving: Leaving) -> None:
    """Raises `StillOpen` with every reason there is."""
    reasons = what_keeps_open(questions, leaving)
    if reasons:
        raise StillOpen(reasons)


def _with_others(name: str, team: str) -> Reason:
    text = _("You own the team %(team)s, which has other members. Hand it over or close it.")
    return Reason(text % {"team": name}, "console:team", _("Open the team"), team)


def _alone(name: str, team: str) -> Reason:
    text = _("You own the team %(team)s. Close it first.")
    return Reason(text % {"team": name}, "console:team_close", _("Close the team"), team)
