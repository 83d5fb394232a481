"""What all calls of a team, and what the tokens of one member, may spend: limits of the ledger, owned here."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.money import MAX_NANOS, credits_text
from apps.teams import queries
from apps.teams.errors import BudgetInvalid, MemberMissing
from apps.teams.models import Membership, Team
from apps.teams.services.authority import lock_team_as, record
from apps.teams.types import REFILLS, TeamAccess, TeamBudgets
from apps.wallet import queries as ledger
from apps.wallet import services as wallet
from apps.wallet.types import LimitKind

PERMISSION: Final = "budgets.change"
Terms = tuple[int | None, str]


def set_team_budget(access: TeamAccess, *, limit_nanos: int | None, refill: str = "", at: datetime) -> None:
    """Bounds what all calls of the team spend from now on; None lifts the bound, and the account counts on.

    A bound below what is used refuses further calls; calls under way finish. Safe to repeat. Raises `TeamMissing`,
    `PermissionMissing`, `BudgetInvalid`.
    """
    terms = _checked(limit_nanos, refill)
    with transaction.atomic():
        team = lock_team_as(access, PERMISSION)
        before = _terms_of(team.budget_id)
        if terms == before:
            return
        team.budget_id = _bounded(team, team.budget_id, terms, kind=LimitKind.TEAM, label=team.name)
        team.save(update_fields=["budget"])
        record("team.budget_changed", team, actor=access.user_id, at=at, details=_change(before, terms))


def set_member_budget(
    access: TeamAccess, user_id: int, *, limit_nanos: int | None, refill: str = "", at: datetime
) -> None:
    """Bounds what the tokens that this member made in the team spend, as `set_team_budget` does for all of them.

    Raises `MemberMissing` besides.
    """
    terms = _checked(limit_nanos, refill)
    with transaction.atomic():
        team = lock_team_as(access, PERMISSION)
        member = Membership.objects.select_related("user").filter(team=team, user_id=user_id).first()
        if member is None:
            raise MemberMissing
        before = _terms_of(member.budget_id)
        if terms == before:
            return
        label = member.user.get_username()
        member.budget_id = _bounded(team, member.budget_id, terms, kind=LimitKind.MEMBER, label=label)
        member.save(update_fields=["budget"])
        details = {"name": member.user.get_full_name(), **_change(before, terms)}
        target = ("user", str(user_id))
        record("member.budget_changed", team, actor=access.user_id, at=at, target=target, details=details)


def budgets_now(team_id: int, *, at: datetime) -> TeamBudgets:
    """What the team's budgets stand at. Those whose period has ended are refilled first, as a call would do it."""
    found = queries.budgets_of(team_id)
    due = [
        account
        for account, use in found.uses.items()
        if use.limit_nanos is not None and use.resets_at is not None and use.resets_at <= at
    ]
    return queries.budgets_of(team_id) if due and wallet.tend_accounts(due) else found


def end_member_budget(member: Membership) -> None:
    """Closes the account of somebody who leaves the team, whose row is locked: no page shows it as a limit any more,
    and the ledger, which keeps it, forgets the address.
    """
    if member.budget_id is not None:
        wallet.close_account(member.budget_id)
        wallet.label_account(member.budget_id, label=member.public_id)


def _checked(limit_nanos: int | None, refill: str) -> Terms:
    """What is stored: nothing refills what is not bounded."""
    if limit_nanos is not None and not 0 <= limit_nanos <= MAX_NANOS // 2:
        raise BudgetInvalid(_("Write an amount of credits such as 100 or 99.50."), field="limit")
    if refill and refill not in REFILLS:
        raise BudgetInvalid(_("A budget is refilled daily, weekly, monthly or never."), field="refill")
    return limit_nanos, "" if limit_nanos is None else refill


def _terms_of(account_id: int | None) -> Terms:
    if account_id is None:
        return None, ""
    use = ledger.limit_use([account_id])[account_id]
    return use.limit_nanos, use.refill


def _bounded(team: Team, account_id: int | None, terms: Terms, *, kind: LimitKind, label: str) -> int:
    """The account with these terms: opened at the first time, the same one ever after."""
    limit_nanos, refill = terms
    if account_id is None:
        return wallet.open_limit(team.wallet_id, kind=kind, label=label, limit_nanos=limit_nanos, refill=refill)
    wallet.set_limit(account_id, limit_nanos=limit_nanos, refill=refill)
    return account_id


def _change(before: Terms, after: Terms) -> dict[str, object]:
    return {"from": _shown(before), "to": _shown(after)}


def _shown(terms: Terms) -> dict[str, str | None]:
    limit_nanos, refill = terms
    return {"limit": None if limit_nanos is None else credits_text(limit_nanos), "refill": refill}
