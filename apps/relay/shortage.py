"""What a call is short of when the ledger refuses its money: whose limit, in whose words, and what helps. Pure."""

from dataclasses import dataclass

from apps.relay.types import TokenSnapshot
from apps.wallet.types import HoldAnswer, Refusal

REFUSALS = frozenset((Refusal.FUNDS,))
"""Refusals that money, or a higher limit, would lift."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """`scope` names it to programs; `what` begins a sentence."""

    scope: str
    what: str
    advice: str


TOKEN = Shortage("token", "The limit of this API key", "raise the limit of the key")
BALANCE = Shortage("account", "Your balance", "top up")
BUDGETS = {
    "member": Shortage("member", "Your budget in the team", "ask for a higher budget"),
    "project": Shortage("project", "The budget of this project", "raise the budget of the project"),
    "team": Shortage("team", "The budget of your team", "raise the budget of the team"),
}


def of(answer: HoldAnswer, token: TokenSnapshot) -> Shortage:
    """What refused this call of the token."""
    if answer.account_id == token.account_id:
        return TOKEN
    scopes = {budget.account_id: budget.scope for budget in token.budgets}
    scope = scopes.get(answer.account_id)
    return BALANCE if scope is None else BUDGETS[scope]
