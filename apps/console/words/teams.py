"""What roles are for and what each may do, in words. The table itself is `teams.roles`; here it is only read out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.teams import roles

SWITCHED: Final = _("You switched to another team after this page was opened. Look at it again, then repeat.")
ROLE_NAMES: Final[Mapping[str, str | Promise]] = {
    "owner": _("Owner"),
    "admin": _("Admin"),
    "billing": _("Billing"),
    "developer": _("Developer"),
    "viewer": _("Viewer"),
}
ROLE_SUMMARIES: Final[Mapping[str, str | Promise]] = {
    "admin": _("Runs the team: members, tokens, budgets and money. Only the owner can do more."),
    "billing": _("Tops up, reads the statement and sets budgets. Makes no tokens."),
    "developer": _("Makes and changes API tokens, reads logs and the balance."),
    "viewer": _("Reads tokens, logs and the balance. Changes nothing."),
}
PERMISSION_WORDS: Final[Mapping[str, str | Promise]] = {
    "team.view": _("See the team and its members"),
    "wallet.view": _("See the balance and the statement"),
    "logs.view": _("See the logs of calls"),
    "tokens.view": _("See API tokens and what they spent"),
    "tokens.change": _("Create, change and delete API tokens"),
    "wallet.change": _("Top up and decide what the balance may be spent on"),
    "budgets.change": _("Set budgets of members and of the team"),
    "members.change": _("Invite people, change roles, remove members"),
    "audit.view": _("Read and export the audit log"),
    "verification.view": _("See the verification of the organisation"),
    "verification.change": _("Apply for the verification of the organisation"),
    "webhooks.change": _("Set up webhooks of the team"),
    "team.change": _("Rename the team"),
    "team.transfer": _("Transfer the ownership"),
    "team.close": _("Close the team"),
}


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that a member can get, as a tile to choose."""

    code: str
    name: str | Promise
    summary: str | Promise
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One line of the table of roles: in the order of ROLE_NAMES, who may."""

    words: str | Promise
    allowed: tuple[bool, ...]


def role_choices(chosen: str) -> list[RoleChoice]:
    return [
        RoleChoice(code, ROLE_NAMES[code], summary, is_chosen=code == chosen)
        for code, summary in ROLE_SUMMARIES.items()
    ]


def permission_rows() -> list[PermissionRow]:
    return [
        PermissionRow(words, tuple(permission in roles.permissions_of(role) for role in ROLE_NAMES))
        for permission, words in PERMISSION_WORDS.items()
    ]
