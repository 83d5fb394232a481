"""What a call is short of when the ledger refuses its money: whose limit, in whose words, and what helps. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from apps.core.billing_calendar import next_refill_at
from apps.relay.types import TokenSnapshot
from apps.wallet.types import HoldAnswer, Refusal

REFUSALS = frozenset((Refusal.FUNDS, Refusal.FREE))
"""Refusals that money, or a higher limit, would lift."""
SWITCH = "Stop when free credit is used up"


@dataclass(frozen=True, slots=True)
class Shortage:
    """`scope` names it to programs; `what` begins a sentence. `refilled_at`: when waiting helps as well."""

    scope: str
    what: str
    advice: str
    refilled_at: datetime | None = None


TOKEN = Shortage("token", "The limit of this API key", "raise the limit of the key")
BALANCE = Shortage("account", "Your balance", "top up")
FREE = Shortage(
    "account",
    "The free credit of your team",
    f"to spend paid credit, turn off '{SWITCH}' on the console's statement page, or "
    'PATCH /api/wallet {"stop_when_free_is_used_up": false}',
)
BUDGETS = {
    "member": Shortage(
        "member", "The member budget of whoever made this API key", "ask the team's admins for a higher budget"
    ),
    "project": Shortage("project", "The project budget", "raise the budget of the project"),
    "team": Shortage("team", "The team budget", "ask the team's admins for a higher budget"),
}


def of(answer: HoldAnswer, token: TokenSnapshot, *, at: datetime) -> Shortage:
    """What refused this call of the token."""
    if answer.refusal is Refusal.FREE:
        return FREE
    if answer.account_id == token.account_id:
        return _refilled(TOKEN, token.reset, at)
    for budget in token.budgets:
        if budget.account_id == answer.account_id:
            return _refilled(BUDGETS[budget.scope], budget.refill, at)
    return BALANCE


def _refilled(short: Shortage, refill: str, at: datetime) -> Shortage:
    if not refill:
        return short
    next_at = next_refill_at(refill, at=at)
    advice = f"{short.advice}, or wait until it is refilled ({refill}, next at {next_at:%Y-%m-%dT%H:%M:%SZ})"
    return replace(short, advice=advice, refilled_at=next_at)
