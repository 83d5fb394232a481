"""What a call is short of when the ledger refuses its money: whose limit, in whose words, and what helps. Pure."""

from dataclasses import dataclass, replace

from apps.relay.types import TokenSnapshot
from apps.wallet.types import HoldAnswer, Refusal

REFUSALS = frozenset((Refusal.FUNDS, Refusal.FREE))
"""Refusals that money, or a higher limit, would lift."""
SWITCH = "Stop when free credit is used up"


@dataclass(frozen=True, slots=True)
class Shortage:
    """`scope` names it to programs; `what` begins a sentence."""

    scope: str
    what: str
    advice: str


TOKEN = Shortage("token", "The limit of this API key", "raise the limit of the key")
BALANCE = Shortage("account", "Your balance", "top up")
FREE = Shortage(
    "account",
    "The free credit of your team",
    f"to spend paid credit, turn off '{SWITCH}' on the console's statement page, or "
    'PATCH /api/wallet {"stop_when_free_is_used_up": false}',
)
BUDGETS = {
    "member": Shortage("member", "Your budget in the team", "ask for a higher budget"),
    "project": Shortage("project", "The budget of this project", "raise the budget of the project"),
    "team": Shortage("team", "The budget of your team", "raise the budget of the team"),
}


def of(answer: HoldAnswer, token: TokenSnapshot) -> Shortage:
    """What refused this call of the token."""
    if answer.refusal is Refusal.FREE:
        return FREE
    if answer.account_id == token.account_id:
        return _of_token(token)
    scopes = {budget.account_id: budget.scope for budget in token.budgets}
    scope = scopes.get(answer.account_id)
    return BALANCE if scope is None else BUDGETS[scope]


def _of_token(token: TokenSnapshot) -> Shortage:
    if not token.reset:
        return TOKEN
    return replace(TOKEN, advice=f"{TOKEN.advice}, or wait until it is refilled ({token.reset})")
