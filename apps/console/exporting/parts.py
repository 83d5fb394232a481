"""The files of an export. Each comes from the queries of one app; a new app adds its own to `PARTS`.

Tables are read in chunks of short queries, so that memory and snapshots stay small however much there is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts import queries as accounts
from apps.console.exporting.tables import document, line, records, table
from apps.console.statement_csv import statement_csv
from apps.core.money import credits_text
from apps.journal import queries as journal
from apps.journal.types import AuditLine
from apps.marketplace import queries as marketplace
from apps.promotions import queries as promotions
from apps.relay import queries as relay
from apps.relay.types import CreatedToken
from apps.teams import queries as teams
from apps.teams.types import TeamAccess
from apps.usage import queries as usage
from apps.usage.types import LoggedCall
from apps.verification import queries as verification
from apps.wallet import queries as wallet
from apps.wallet.statement_lines import Movement, Period

ADDRESS: Final = re.compile(r"[^\s\"'<>,:;{}\[\]]+@[^\s\"'<>,:;{}\[\]]+")
PEOPLE: Final = frozenset({"user", "member"})
NAMES: Final = frozenset({"name", "from", "to"})
MOST_ENDED_TOKENS: Final = 10_000
CALL_FIELDS: Final = (
    "model_code",
    "endpoint",
    "status",
    "error_code",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "estimated",
    "streamed",
    "latency_ms",
    "first_byte_ms",
    "ip",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an export is about, and until when."""

    user_id: int
    personal: TeamAccess
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name, what it holds, and its text piece by piece."""

    name: str
    about: str | Promise
    pieces: Callable[[Subject], Iterator[str]]


def account(subject: Subject) -> Iterator[str]:
    ways = [asdict(way) for way in accounts.ways_to_sign_in(subject.user_id)]
    return document(asdict(accounts.profile_of(subject.user_id)) | {"ways_to_sign_in": ways})


def sessions(subject: Subject) -> Iterator[str]:
    return records(accounts.browsers_of(subject.user_id, at=subject.at), ("device", "address", "since", "seen_at"))


def team_roles(subject: Subject) -> Iterator[str]:
    return records(teams.roles_of(subject.user_id), ("team", "name", "is_personal", "role", "joined_at"))


def invitations(subject: Subject) -> Iterator[str]:
    head = ("team", "email", "role", "is_own", "created_at", "accepted_at", "ended_at")
    return records(teams.invitations_about(subject.user_id), head)


def api_tokens(subject: Subject) -> Iterator[str]:
    head = ("public_id", "team", "name", "last_four", "created_at", "expires_at", "disabled_at", "deleted_at")
    return records(relay.tokens_created_by(subject.user_id), head)


def access_tokens(subject: Subject) -> Iterator[str]:
    live = teams.live_tokens_of(subject.user_id, at=subject.at)
    ended = teams.ended_tokens_of(subject.user_id, at=subject.at, at_most=MOST_ENDED_TOKENS)
    head = ("public_id", "team", "name", "last_four", "created_at", "last_used_at", "expires_at", "state")
    return records([*live, *ended], head)


def calls(subject: Subject) -> Iterator[str]:
    """Those that the personal team paid, then those of own tokens in other teams, each oldest first. Of a team that the
    person left none: an admin may have enabled the token again, and whoever calls with it now is somebody else.
    """
    own = {token.token_id: token for token in relay.tokens_created_by(subject.user_id)}
    others = {team.id for team in teams.teams_of(subject.user_id)} - {subject.personal.id}
    elsewhere = [token.token_id for token in own.values() if token.team_id in others]
    chunks = chain(usage.calls_of_team(subject.personal.id), *map(usage.calls_of_token, elsewhere))
    rows = (_call(call, own, subject.personal) for chunk in chunks for call in chunk)
    return table(("request_id", "at", "team", "token", "cost", *CALL_FIELDS), rows)


def statement(subject: Subject) -> Iterator[str]:
    wallet_id = subject.personal.wallet_id
    period = Period(wallet.first_movement_at(wallet_id) or subject.at, subject.at)
    found = wallet.statement(wallet_id, period, size=1)
    movements: Iterator[list[Movement]] = iter(())
    if found.page.results:
        newest = found.page.results[0]
        last = (newest.at, newest.id)
        movements = wallet.movements(wallet_id, period, opening_nanos=found.opening_nanos, last=last)
    return statement_csv(period, found.opening_nanos, movements)


def verifications(subject: Subject) -> Iterator[str]:
    return document(verification.personal_data_of(subject.user_id))


def granted_credits(subject: Subject) -> Iterator[str]:
    found = promotions.credits_of(subject.user_id)
    rows = [(one.kind, credits_text(one.amount_nanos), credits_text(one.taken_back_nanos), one.at) for one in found]
    return table(("kind", "credits", "taken_back", "at"), rows)


def referral_codes(subject: Subject) -> Iterator[str]:
    return records(promotions.codes_of(subject.user_id), ("code", "created_at", "replaced_at"))


def invitees(subject: Subject) -> Iterator[str]:
    return records(promotions.invitees_of(subject.user_id), ("referral", "masked_email", "bound_at"))


def rewards(subject: Subject) -> Iterator[str]:
    rows = (
        (
            one.referral,
            one.trigger,
            one.status,
            credits_text(one.amount_nanos),
            credits_text(one.reversed_nanos),
            one.earned_at,
        )
        for one in promotions.rewards_of(subject.user_id)
    )
    return table(("referral", "trigger", "status", "credits", "reversed", "earned_at"), rows)


def price_alerts(subject: Subject) -> Iterator[str]:
    head = ("about", "code", "direction", "from_percent", "email", "created_at", "confirmed_at", "ended_at")
    rows = (
        (
            str(one.wish.subject),
            one.wish.code,
            str(one.wish.direction),
            f"{one.wish.threshold_percent:f}",
            one.email,
            one.created_at,
            one.confirmed_at,
            one.ended_at,
        )
        for one in marketplace.all_alerts_of_person(subject.user_id)
    )
    return table(head, rows)


def acts(subject: Subject) -> Iterator[str]:
    own = accounts.profile_of(subject.user_id).email
    rows = (
        (act.at, act.act, act.target, act.target_id, act.scope, act.reason, _about_others(act, subject, own), act.ip)
        for act in journal.acts_of(subject.user_id)
    )
    return table(("at", "act", "target", "target_id", "scope", "reason", "details", "ip"), rows)


def _about_others(act: AuditLine, subject: Subject, own: str) -> str:
    """What the line tells, without the names and with the addresses masked of those whom the person dealt with."""
    is_about_another = act.target in PEOPLE and act.target_id != str(subject.user_id)
    told = {name: value for name, value in act.details.items() if not (is_about_another and name in NAMES)}
    return ADDRESS.sub(lambda found: found[0] if found[0].lower() == own else teams.masked(found[0]), line(told))


PARTS: Final = (
    Part("account.json", _("Your account: address, name, preferences, and what opens it."), account),
    Part("sessions.csv", _("Browsers in which you are signed in."), sessions),
    Part("teams.csv", _("The teams that you are in, and your role in each."), team_roles),
    Part("invitations.csv", _("Invitations that you sent or accepted. Addresses of others are masked."), invitations),
    Part("api-tokens.csv", _("API tokens that you created, without their secrets."), api_tokens),
    Part("access-tokens.csv", _("Your personal access tokens, without their secrets."), access_tokens),
    Part(
        "calls.csv",
        _("Calls that your personal team paid for, and calls with API tokens that you created in teams you are in."),
        calls,
    ),
    Part("statement.csv", _("Every movement of the balance of your personal team."), statement),
    Part("verifications.json", _("Your verifications, with what you said about yourself."), verifications),
    Part("credits.csv", _("Credits that campaigns granted you."), granted_credits),
    Part("referral-codes.csv", _("Your referral codes."), referral_codes),
    Part("invitees.csv", _("Whom you invited. Addresses are masked."), invitees),
    Part("rewards.csv", _("What your invitations earned."), rewards),
    Part("price-alerts.csv", _("Price alerts that go to your addresses, ended ones too."), price_alerts),
    Part("audit.csv", _("What you did that our audit log has written down."), acts),
)


def _call(call: LoggedCall, own: Mapping[int, CreatedToken], personal: TeamAccess) -> Sequence[object]:
    token = own.get(call.token_id)
    team = personal.public_id if token is None else token.team
    known = "" if token is None else token.public_id
    figures = [getattr(call, name) for name in CALL_FIELDS]
    return (call.request_id, call.at, team, known, credits_text(call.charge_nanos), *figures)
