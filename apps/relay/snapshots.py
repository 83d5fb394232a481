"""What a process remembers of the database: catalogue, groups and channels whole, tokens and teams as they are used.

A change moves a row of `SnapshotVersion` in its own transaction; `poll` compares and reloads. What is remembered is at
most a poll old. Whether a call may spend is decided by the ledger, not here.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from django.db import Error as DatabaseError

from apps.core import clock
from apps.core.db import in_thread
from apps.core.secret_tokens import digest_of, is_well_formed
from apps.relay import queries
from apps.relay.errors import TooBusy
from apps.relay.models import Topic
from apps.relay.remembered import Remembered
from apps.relay.types import ChannelSnapshot, GroupSnapshot, ModelSnapshot, TeamSnapshot, TokenSnapshot

P = ParamSpec("P")
T = TypeVar("T")

MAX_TOKENS = 20_000
MAX_TEAMS = 20_000
STALE_SECONDS = 10.0
PRICE_CHANGES_AHEAD = 3

Catalogue = Mapping[str, ModelSnapshot]
Groups = Mapping[str, GroupSnapshot]


class Runner(Protocol):
    """How ORM code runs beside an event loop."""

    async def __call__(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


class LiveSnapshots:
    """The snapshots of one process. `poll` is called every second and whenever the database hints at a change."""

    def __init__(self, *, run: Runner = in_thread, now: Callable[[], datetime] = clock.now) -> None:
        self._run = run
        self._now = now
        self._tokens: Remembered[bytes, TokenSnapshot] = Remembered(self._load_tokens, size=MAX_TOKENS)
        self._teams: Remembered[int, TeamSnapshot] = Remembered(self._load_teams, size=MAX_TEAMS)
        self._has_legacy = False
        self._groups: Sequence[tuple[datetime, Groups]] = ()
        self._channels: tuple[ChannelSnapshot, ...] = ()
        self._catalogues: Sequence[tuple[datetime, Catalogue]] = ()
        self._seen: dict[str, int] | None = None
        self._polled_at = float("-inf")

    # -- What the relay asks ---------------------------------------------------------------------

    def models_at(self, at: datetime) -> Catalogue:
        """The catalogue at the prices of this instant: a new version counts from its start, not from the next poll."""
        return _as_of(at, self._catalogues) if self._catalogues else {}

    @property
    def channels(self) -> tuple[ChannelSnapshot, ...]:
        return self._channels

    def groups_at(self, at: datetime) -> Groups:
        """The groups at the multipliers of this instant: an announced one counts from its start, not from a poll."""
        return _as_of(at, self._groups)

    @property
    def is_fresh(self) -> bool:
        """Whether the database was seen within the last ten seconds."""
        return time.monotonic() - self._polled_at < STALE_SECONDS

    async def token_by_secret(self, secret: str) -> TokenSnapshot | None:
        """The token with this text. Noise is refused without a query unless a token of another shape exists.

        Systems that those come from take a key with or without its `sk-`; here it is stored with it.
        """
        if not self._has_legacy and not is_well_formed(queries.TOKEN_PREFIX, secret):
            return None
        found = await self._tokens.get(digest_of(secret))
        if found is None and self._has_legacy and not secret.startswith(queries.TOKEN_PREFIX):
            return await self._tokens.get(digest_of(queries.TOKEN_PREFIX + secret))
        return found

    async def token_by_digest(self, digest: bytes) -> TokenSnapshot | None:
        return await self._tokens.get(digest)

    async def team_by_id(self, team_id: int) -> TeamSnapshot:
        team = await self._teams.get(team_id)
        if team is None:
            raise LookupError(f"A token points to team {team_id}, which does not exist.")
        return team

    def group_for(self, team: TeamSnapshot, model: ModelSnapshot, at: datetime) -> GroupSnapshot | None:
        """The main group if it has the model, else the cheapest granted one, then the first by code. A model granted by
        itself goes on the terms of the main group and, as that one has no channels for it, over every line.
        """
        groups = self.groups_at(at)
        if team.main_group in model.groups:
            return groups.get(team.main_group)
        granted = [
            groups[grant.code] for grant in team.granted if grant.code in model.groups and _is_open(grant.ends_at, at)
        ]
        if granted:
            return min(granted, key=lambda group: (group.multiplier, group.code))
        if model.id in team.granted_models and _is_open(team.granted_models[model.id], at):
            return replace(groups[team.main_group], all_lines=True)
        return None

    # -- Keeping up ------------------------------------------------------------------------------

    async def poll(self) -> None:
        """Reloads what moved. Versions are read before the rows, so a change in between is seen by the next poll."""
        versions = await self._run(queries.topic_versions)
        moved = {topic for topic in Topic if self._seen is None or versions.get(topic) != self._seen.get(topic)}
        if Topic.TOKENS in moved:
            self._has_legacy = await self._run(queries.has_legacy_tokens)
            self._tokens.forget()
        if Topic.TEAMS in moved:
            self._teams.forget()
        if Topic.CATALOGUE in moved or self._has_turned():
            await self._load_catalogue()
        if Topic.CHANNELS in moved:
            self._channels = await self._run(queries.enabled_channels)
        self._seen = versions
        self._polled_at = time.monotonic()

    async def reload(self) -> None:
        """As `poll`, but believes nothing: for callers inside a transaction that no version tells about."""
        self._seen = None
        await self.poll()

    async def _load_catalogue(self) -> None:
        at = self._now()
        groups = await self._run(queries.groups_from, at)
        self._catalogues = await self._run(queries.catalogues_from, at, changes=PRICE_CHANGES_AHEAD)
        self._groups = groups

    def _has_turned(self) -> bool:
        """Whether prices changed since the catalogue was read: the change after the known ones is to be looked up."""
        return len(self._catalogues) > 1 and self._now() >= self._catalogues[1][0]

    async def _load_tokens(self, digests: list[bytes]) -> Mapping[bytes, TokenSnapshot]:
        try:
            return await self._run(queries.tokens_by_digest, digests)
        except DatabaseError as error:
            raise TooBusy from error

    async def _load_teams(self, team_ids: list[int]) -> Mapping[int, TeamSnapshot]:
        try:
            return await self._run(queries.teams_by_id, team_ids)
        except DatabaseError as error:
            raise TooBusy from error


def _as_of(at: datetime, states: Sequence[tuple[datetime, T]]) -> T:
    """The one that has begun last; the first for a call that came just before they were read."""
    if len(states) == 1:
        return states[0][1]
    return next((state for starts_at, state in reversed(states) if starts_at <= at), states[0][1])


def _is_open(ends_at: datetime | None, at: datetime) -> bool:
    return ends_at is None or at < ends_at


class FreshSnapshots(LiveSnapshots):
    """Reads everything again at each sign-in: for use inside a transaction, where no version moves."""

    async def token_by_secret(self, secret: str) -> TokenSnapshot | None:
        await self.reload()
        return await super().token_by_secret(secret)

    async def token_by_digest(self, digest: bytes) -> TokenSnapshot | None:
        await self.reload()
        return await super().token_by_digest(digest)
