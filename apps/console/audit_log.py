"""A team's own part of the audit trail: lines about the team and about its wallet, with people by their names.

Operators of the platform stay behind one name: a team learns what they did, not who they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext

from apps.accounts import queries as people
from apps.console.words.audit import KIND_NAMES, MEMBER_ACTS, STAFF_ACTS, kind_of, reason_of, sentence_of
from apps.core.pagination import MAX_SIZE, Cursor, Page
from apps.journal import queries as journal
from apps.journal.types import LoggedAct, TrailFilters
from apps.teams import queries as teams
from apps.teams.types import TeamAccess

STAFF: Final = "staff"


@dataclass(frozen=True, slots=True)
class AuditLine:
    at: datetime
    who: str
    act: str
    sentence: str
    reason: str
    kind: str | Promise


@dataclass(frozen=True, slots=True)
class TeamPeople:
    """Who is or was in the team, by id: those who may be named. `keys` name them in addresses, where no id stands."""

    team: TeamAccess
    names: Mapping[int, str]

    @property
    def keys(self) -> dict[str, int]:
        return {_key(self.team, user_id): user_id for user_id in self.names}

    def filters_for(self, chosen: str) -> TrailFilters:
        """The lines of one of them, of the platform's staff, or of everybody."""
        if chosen == STAFF:
            return TrailFilters(outsiders_to=tuple(self.names), their_acts=STAFF_ACTS)
        user_id = self.keys.get(chosen)
        return TrailFilters() if user_id is None else TrailFilters(actor_id=user_id, their_acts=STAFF_ACTS)


def people_of(team: TeamAccess) -> TeamPeople:
    """Three queries."""
    known = {member.user_id: member.shown_name for member in teams.members_of(team.id)}
    gone = journal.actors_within(scopes_of(team), MEMBER_ACTS) - set(known)
    return TeamPeople(team, {**known, **people.shown_names(gone)})


def scopes_of(team: TeamAccess) -> tuple[str, str]:
    return (team.public_id, f"wallet:{team.wallet_id}")


def audit_page(known: TeamPeople, filters: TrailFilters, *, cursor: Cursor | None, size: int) -> Page[AuditLine]:
    page = journal.acts_within(scopes_of(known.team), filters, cursor=cursor, size=size)
    return Page(_lines(page.results, known), page.next, page.previous)


def audit_chunks(known: TeamPeople, filters: TrailFilters) -> Iterator[list[AuditLine]]:
    """Every line, the newest first, a page of the database at a time."""
    cursor: Cursor | None = None
    while True:
        page = audit_page(known, filters, cursor=cursor, size=MAX_SIZE)
        yield list(page.results)
        if page.next is None:
            return
        cursor = page.next


def _lines(lines: Sequence[LoggedAct], known: TeamPeople) -> list[AuditLine]:
    about = {int(line.target_id) for line in lines if line.target == "user" and line.target_id.isdigit()}
    names = {**people.shown_names(about - set(known.names)), **known.names}
    return [
        AuditLine(
            at=line.at,
            who=_who(line, known.names),
            act=line.act,
            sentence=sentence_of(line, names),
            reason=reason_of(line),
            kind=KIND_NAMES.get(kind_of(line.act), ""),
        )
        for line in lines
    ]


def _who(line: LoggedAct, names: Mapping[int, str]) -> str:
    if line.actor_id is None:
        return "Sluice"
    if line.act in STAFF_ACTS or line.actor_id not in names:
        return gettext("Sluice staff")
    return names[line.actor_id]


def _key(team: TeamAccess, user_id: int) -> str:
    return salted_hmac("audit-log-person", f"{team.id}:{user_id}", algorithm="sha256").hexdigest()[:16]
