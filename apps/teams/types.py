"""What other apps see of a team: plain values. No tables, no rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.core.ids import public_id
from apps.wallet.types import LimitUse

MAIN_GROUP: Final = "default"
"""The access group of every new team, and the one that strangers see the models of."""
REFILLS: Final = ("daily", "weekly", "monthly")
"""When a budget may be filled up again, in the wallet's words."""
# Content: `team` and `invited_by` by name, `role` by code, `expires_at`, `path`.
INVITED = NoticeKind("team.invited", _("Invitation to a team"), is_optional=False)
# Content: `team` and `who` by name, `role` by code, `path`.
JOINED = NoticeKind("team.joined", _("Somebody accepted an invitation"))
# Content: `team` and `who` by name, `path`.
TRANSFERRED = NoticeKind("team.transferred", _("A team was transferred to you"), is_optional=False)
# Content: `team` by name.
REMOVED = NoticeKind("team.removed", _("Removal from a team"), is_optional=False)


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """A team as one of its members reaches it: the proof that somebody asked for the right."""

    id: int
    uid: UUID
    name: str
    is_personal: bool
    wallet_id: int
    user_id: int
    role: str
    permissions: frozenset[str]
    main_group: str

    @property
    def public_id(self) -> str:
        return public_id("team", self.uid)

    def may(self, permission: str) -> bool:
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class TeamRole:
    """A team and what somebody is there; `team` is its public id."""

    team: str
    name: str
    is_personal: bool
    role: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """An invitation that somebody sent, or accepted if it `is_own`; `team` is a public id."""

    team: str
    email: str
    role: str
    is_own: bool
    created_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedTeam:
    team_id: int
    public_id: str
    name: str
    has_others: bool


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """How much a team has of what ends with it; its owner is one of the members."""

    members: int
    invitations: int
    personal_tokens: int
    budgets: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a team. `budget_account` is the ledger's account that bounds the member's tokens, if there is one."""

    uid: UUID
    user_id: int
    name: str
    email: str
    role: str
    joined_at: datetime
    budget_account: int | None

    @property
    def public_id(self) -> str:
        return public_id("mem", self.uid)

    @property
    def shown_name(self) -> str:
        return self.name or self.email


@dataclass(frozen=True, slots=True)
class TeamBudgets:
    """What bounds a team and its members: accounts, and what the ledger counted on each."""

    team_account: int | None
    member_accounts: Mapping[int, int]
    """By user."""
    uses: Mapping[int, LimitUse]

    @property
    def team(self) -> LimitUse | None:
        return None if self.team_account is None else self.uses[self.team_account]

    def member(self, user_id: int) -> LimitUse | None:
        """None for a member who never had a budget; a lifted one has no limit."""
        account = self.member_accounts.get(user_id)
        return None if account is None else self.uses[account]


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that waits, as the team sees it; `is_expired` ones wait to be sent again."""

    uid: UUID
    email: str
    role: str
    inviter: str
    created_at: datetime
    expires_at: datetime
    is_expired: bool

    @property
    def public_id(self) -> str:
        return public_id("inv", self.uid)


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation as whoever holds its link sees it. The role, and whether one is in the team, is for the invited
    alone: others learn the team's name and who invited.
    """

    team: str
    inviter: str
    masked_email: str
    expires_at: datetime
    is_open: bool
    is_for_reader: bool
    is_member: bool
    role: str


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A personal access token without its secret."""

    id: int
    uid: UUID
    name: str
    last_four: str
    team: TeamAccess
    scopes: frozenset[str]
    expires_at: datetime
    last_used_at: datetime | None

    @property
    def public_id(self) -> str:
        return public_id("pat", self.uid)


@dataclass(frozen=True, slots=True)
class PersonalTokenEntry:
    """A personal access token as its owner's list shows it. `state` is one of `limits.TokenState`.

    `team` and `team_name` are empty once the owner is in the team no more: it is a stranger's then.
    """

    uid: UUID
    name: str
    last_four: str
    team: str
    team_name: str
    is_personal: bool
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    state: str

    @property
    def public_id(self) -> str:
        return public_id("pat", self.uid)


@dataclass(frozen=True, slots=True)
class NewPersonalToken:
    """The one moment at which the secret is known."""

    token: PersonalToken
    secret: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of access groups did, by code."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Multiplier:
    """What an access group multiplies prices by, and what it was announced to become, if it was."""

    first: Decimal
    coming: Decimal | None = None
    coming_at: datetime | None = None

    def at(self, instant: datetime) -> Decimal:
        """The one in force: an announced one from its instant on, whether anybody writes a row then or not."""
        if self.coming is not None and self.coming_at is not None and self.coming_at <= instant:
            return self.coming
        return self.first

    def change_after(self, instant: datetime) -> datetime | None:
        """When another one comes into force; None while none is announced."""
        return self.coming_at if self.coming_at is not None and self.coming_at > instant else None


@dataclass(frozen=True, slots=True)
class GroupTerms:
    """An access group as calls see it; 0 stands for no limit of that kind."""

    code: str
    multiplier: Multiplier
    all_lines: bool
    rpm: int
    tpm: int
    concurrency: int
    wallet_rpm: int
    wallet_tpm: int
    wallet_concurrency: int


@dataclass(frozen=True, slots=True)
class TeamReach:
    """Which groups a team calls through: the main one and those granted, each with the end of its grant."""

    id: int
    main_group: str
    granted: tuple[tuple[str, datetime | None], ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Person:
    user_id: int
    email: str


@dataclass(frozen=True, slots=True)
class PeopleToTell:
    """Who answers for a team's money. `team` is its public id."""

    team: str
    name: str
    people: tuple[Person, ...]

    @property
    def user_ids(self) -> list[int]:
        return [person.user_id for person in self.people]
