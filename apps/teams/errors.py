"""What can go wrong with teams.

TeamsError (SluiceError)
├── TeamMissing          (NotFound)   no such team, or not this caller's
├── PermissionMissing    (NotAllowed) a member whose role does not cover the act
├── ScopeMissing         (NotAllowed) a personal access token without the scope
├── TokenMissing         (NotFound)   no such personal access token
├── SessionRequired      (NotAllowed) an act that no personal access token covers, whatever its scopes
├── TokenLifetimeInvalid (Invalid)    a personal access token lives at most a year
├── TokenLimitReached    (Conflict)   somebody has as many live personal access tokens as a person may have
├── ScopesInvalid        (Invalid)    no scope, or one that does not exist
├── MemberMissing        (NotFound)   nobody with this id is in the team
├── BudgetInvalid        (Invalid)    an amount or a refill that no budget has; `field` names it
├── AccessGroupInvalid   (Invalid)    a row of an import that cannot be read
└── AccessGroupInUse     (Conflict)   a group to remove that a team still has
"""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound, SluiceError


class TeamsError(SluiceError):
    code = "team_error"


class TeamMissing(NotFound, TeamsError):
    code = "team_not_found"
    text = _("There is no such team.")


class PermissionMissing(NotAllowed, TeamsError):
    code = "permission_missing"
    text = _("Your role in this team does not cover this.")


class ScopeMissing(NotAllowed, TeamsError):
    code = "scope_missing"
    text = _("This personal access token lacks the scope for this.")


class TokenMissing(NotFound, TeamsError):
    code = "personal_token_not_found"
    text = _("There is no such personal access token.")


class SessionRequired(NotAllowed, TeamsError):
    code = "session_required"
    text = _("No personal access token may do this. Sign in to the console.")


class TokenLifetimeInvalid(Invalid, TeamsError):
    code = "lifetime_invalid"
    text = _("Choose an expiry in the future, at most 365 days ahead.")


class TokenLimitReached(Conflict, TeamsError):
    code = "personal_token_limit_reached"
    text = _("You have as many live personal access tokens as a person may have. Revoke one first.")


class ScopesInvalid(Invalid, TeamsError):
    code = "scopes_invalid"
    text = _("Choose at least one scope: read, tokens, projects or topup.")


class MemberMissing(NotFound, TeamsError):
    code = "member_not_found"
    text = _("Nobody like this is in the team.")


class BudgetInvalid(Invalid, TeamsError):
    code = "budget_invalid"


class AccessGroupInvalid(Invalid, TeamsError):
    code = "access_group_invalid"

    def __init__(self, path: str, problem: str | Promise) -> None:
        super().__init__(format_lazy("{path}: {problem}", path=path, problem=problem), path=path)


class AccessGroupInUse(Conflict, TeamsError):
    code = "access_group_in_use"
    text = _("A team still has this access group. Move the team first, then repeat.")
