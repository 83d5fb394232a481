"""What can go wrong with teams.

TeamsError (SluiceError)
├── TeamMissing          (NotFound)   no such team, or not this caller's
├── TeamNameInvalid      (Invalid)    a name that is empty, too long or not printable
├── TeamIsPersonal       (Conflict)   an act that a personal team knows not
├── TeamsExhausted       (Conflict)   somebody is in as many teams as one may
├── PermissionMissing    (NotAllowed) a member whose role does not cover the act
├── ScopeMissing         (NotAllowed) a personal access token without the scope
├── TokenMissing         (NotFound)   no such personal access token
├── SessionRequired      (NotAllowed) an act that no personal access token covers, whatever its scopes
├── RecentSignInMissing  (NotAllowed) an act that wants a sign-in of a moment ago
├── TokenLifetimeInvalid (Invalid)    a personal access token lives at most a year
├── TokenNameTaken       (Conflict)   somebody has a live personal access token of that name
├── TokenLimitReached    (Conflict)   somebody has as many live personal access tokens as a person may have
├── ScopesInvalid        (Invalid)    no scope, or one that does not exist
├── MemberMissing        (NotFound)   nobody with this id is in the team
├── MemberIsOwner        (Conflict)   the owner stays until somebody else owns the team
├── MembersExhausted     (Conflict)   as many members as a team may have, those who are invited counted in
├── InvitationsExhausted (Conflict)   as many open invitations as a team may have
├── RoleIsOwn            (Conflict)   nobody changes the own role
├── RoleInvalid          (Invalid)    a role that does not exist, or is not given this way
├── EmailInvalid         (Invalid)    no address that a mail could reach
├── AlreadyMember        (Conflict)   the address belongs to a member
├── AlreadyInvited       (Conflict)   the address has an open invitation
├── InvitationsTooFast   (TooMany)    more invitations in an hour than a team, or a person, may send
├── InvitationMissing    (NotFound)   no such invitation
├── InvitationEnded      (Conflict)   expired, withdrawn, declined, or used
├── InvitationOfAnother  (NotAllowed) sent to an address that is not, or not yet, confirmed as the caller's
├── BudgetInvalid        (Invalid)    an amount or a refill that no budget has; `field` names it
├── AccessGroupMissing   (NotFound)   no access group with this code
├── AccessGroupInvalid   (Invalid)    a row of an import, or a multiplier, that cannot be read
├── GrantInvalid         (Invalid)    a grant that would change nothing, or end before it begins; `field` names what
├── GrantMissing         (NotFound)   the team has no such grant that is not over
└── AccessGroupInUse     (Conflict)   a group to remove that a team still has
"""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound, SluiceError, TooMany


class TeamsError(SluiceError):
    code = "team_error"


class TeamMissing(NotFound, TeamsError):
    code = "team_not_found"
    text = _("There is no such team.")


class TeamNameInvalid(Invalid, TeamsError):
    code = "team_name_invalid"
    text = _("Give the team a name of 1 to 80 characters.")

    def __init__(self) -> None:
        super().__init__(field="name")


class TeamIsPersonal(Conflict, TeamsError):
    code = "team_is_personal"
    text = _("This is a personal team: it stays with one person and has no other members. Create a team for others.")


class TeamsExhausted(Conflict, TeamsError):
    code = "team_limit_reached"

    def __init__(self, most: int) -> None:
        super().__init__(format_lazy(_("One person is in at most {most} teams. Leave one first."), most=most))


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


class RecentSignInMissing(NotAllowed, TeamsError):
    code = "recent_sign_in_required"
    text = _("Sign in again in the console, then repeat this.")


class TokenLifetimeInvalid(Invalid, TeamsError):
    code = "lifetime_invalid"
    text = _("Choose an expiry in the future, at most 365 days ahead.")


class TokenNameTaken(Conflict, TeamsError):
    code = "personal_token_name_taken"
    text = _("You have a live access token of this name. Choose another name, or revoke that one first.")


class TokenLimitReached(Conflict, TeamsError):
    code = "personal_token_limit_reached"
    text = _("You have as many live personal access tokens as a person may have. Revoke one first.")


class ScopesInvalid(Invalid, TeamsError):
    code = "scopes_invalid"
    text = _("Choose at least one scope: read, tokens, projects or topup.")


class MemberMissing(NotFound, TeamsError):
    code = "member_not_found"
    text = _("There is no such member in this team.")


class MemberIsOwner(Conflict, TeamsError):
    code = "member_is_owner"
    text = _("The owner stays until somebody else owns the team. Transfer the ownership first.")


class MembersExhausted(Conflict, TeamsError):
    code = "member_limit_reached"

    def __init__(self, most: int) -> None:
        super().__init__(format_lazy(_("A team has at most {most} members, invited ones counted in."), most=most))


class InvitationsExhausted(Conflict, TeamsError):
    code = "invitation_limit_reached"

    def __init__(self, most: int) -> None:
        super().__init__(format_lazy(_("A team has at most {most} open invitations. Withdraw one first."), most=most))


class RoleIsOwn(Conflict, TeamsError):
    code = "role_is_own"
    text = _("Nobody changes their own role. Ask another admin or the owner.")


class RoleInvalid(Invalid, TeamsError):
    code = "role_invalid"
    text = _("Choose one of these roles: admin, billing, developer or viewer.")

    def __init__(self) -> None:
        super().__init__(field="role")


class EmailInvalid(Invalid, TeamsError):
    code = "email_invalid"
    text = _("Write an e-mail address such as ada@example.com.")

    def __init__(self) -> None:
        super().__init__(field="email")


class AlreadyMember(Conflict, TeamsError):
    code = "already_member"
    text = _("This address belongs to a member of the team already.")

    def __init__(self) -> None:
        super().__init__(field="email")


class AlreadyInvited(Conflict, TeamsError):
    code = "already_invited"
    text = _("This address has an open invitation. Send that one again, or withdraw it first.")

    def __init__(self) -> None:
        super().__init__(field="email")


class InvitationsTooFast(TooMany, TeamsError):
    code = "invitations_too_fast"
    text = _("Too many invitations within an hour. Send the next one later.")


class InvitationMissing(NotFound, TeamsError):
    code = "invitation_not_found"
    text = _("There is no such invitation.")


class InvitationEnded(Conflict, TeamsError):
    code = "invitation_ended"
    text = _("This invitation is no longer open. Ask whoever invited you for a new one.")


class InvitationOfAnother(NotAllowed, TeamsError):
    code = "invitation_of_another"
    text = _("This invitation was sent to another address than yours.")


class BudgetInvalid(Invalid, TeamsError):
    code = "budget_invalid"


class AccessGroupMissing(NotFound, TeamsError):
    code = "access_group_not_found"
    text = _("There is no such access group.")


class AccessGroupInvalid(Invalid, TeamsError):
    code = "access_group_invalid"

    def __init__(self, path: str, problem: str | Promise) -> None:
        super().__init__(format_lazy("{path}: {problem}", path=path, problem=problem), path=path)


class AccessGroupInUse(Conflict, TeamsError):
    code = "access_group_in_use"
    text = _("A team still has this access group. Move the team first, then repeat.")


class GrantInvalid(Invalid, TeamsError):
    code = "grant_invalid"


class GrantMissing(NotFound, TeamsError):
    code = "grant_not_found"
    text = _("The team has no such grant, or it is over.")
