"""What each role of a team may do: the one table. Pure; whether somebody has a role is asked in `queries`."""

from typing import Final

PERMISSIONS: Final = frozenset(
    {
        "wallet.view",
        "wallet.change",
        "logs.view",
        "tokens.view",
        "tokens.change",
        "team.view",
        "team.change",
        "members.change",
        "budgets.change",
        "audit.view",
        "verification.view",
        "verification.change",
        "webhooks.change",
        "team.transfer",
        "team.close",
    },
)
OWNER_ONLY: Final = frozenset({"team.transfer", "team.close"})

_VIEWER: Final = frozenset({"wallet.view", "logs.view", "tokens.view", "team.view"})

_MAY: Final[dict[str, frozenset[str]]] = {
    "owner": PERMISSIONS,
    "admin": PERMISSIONS - OWNER_ONLY,
    "billing": frozenset(
        {"wallet.view", "wallet.change", "logs.view", "team.view", "budgets.change", "verification.view"}
    ),
    "developer": _VIEWER | {"tokens.change"},
    "viewer": _VIEWER,
}

ROLES: Final = tuple(_MAY)
GIVEN: Final = tuple(role for role in ROLES if role != "owner")
"""What one member can make of another; ownership is transferred."""


def permissions_of(role: str) -> frozenset[str]:
    """Everything the role may do; an unknown role may do nothing."""
    return _MAY.get(role, frozenset())


def roles_with(permission: str) -> list[str]:
    """Every role that has this permission."""
    return [role for role, permissions in _MAY.items() if permission in permissions]
