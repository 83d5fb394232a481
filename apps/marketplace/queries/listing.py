"""What lists of models show, remembered by each process: one question says whether it still holds, and brings the new.

One statement, so that models, prices, groups and grants are those of one instant of the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import connection

from apps.marketplace.leading_prices import leading_prices
from apps.marketplace.listing import ComingPrice, ListedModel, ListedVersion, seen_by
from apps.marketplace.types import Direction, Reach, Stamp
from apps.teams import queries as teams
from apps.teams.types import MAIN_GROUP, Multiplier, TeamAccess

MOST_REACHES: Final = 64

_SQL: Final = f"""
SELECT stamp.*, CASE
    WHEN stamp IS NOT DISTINCT FROM ROW(%(count)s::bigint, %(total)s::bigint, %(changed_at)s::timestamptz) THEN NULL
    ELSE json_build_object(
        'models', (SELECT coalesce(json_agg(json_build_array(
                m.id, m.code, m.type_id, m.vendor_id, m.lifecycle, m.created_at, m.retired_on, s.code, m.display_config,
                ARRAY(SELECT g.accessgroup_id FROM marketplace_model_access_groups g WHERE g.model_id = m.id),
                ARRAY(SELECT json_build_array(p.number, p.starts_at, p.ends_at, p.pricing_config, c.direction)
                      FROM marketplace_priceversion p
                      LEFT JOIN marketplace_pricechange c ON c.version_id = p.id AND NOT c.withdrawn
                      WHERE p.model_id = m.id AND p.withdrawn_at IS NULL AND (p.ends_at IS NULL OR p.ends_at > %(at)s)
                      ORDER BY p.starts_at)) ORDER BY m.id), '[]')
            FROM marketplace_model m LEFT JOIN marketplace_model s ON s.id = m.successor_id),
        'types', (SELECT coalesce(json_agg(json_build_array(id, code, name, position)), '[]')
            FROM marketplace_modeltype),
        'vendors', (SELECT coalesce(json_agg(json_build_array(id, code, name)), '[]') FROM marketplace_vendor),
        'model_grants', (SELECT coalesce(json_agg(json_build_array(team_id, model_id, ends_at)), '[]')
            FROM marketplace_modelgrant),
        'rates', (
            SELECT coalesce(json_agg(json_build_array(currency, starts_at, credits_per_unit) ORDER BY starts_at), '[]')
            FROM marketplace_creditrate),
        {teams.GROUPS_AND_GRANTS})::text END
FROM (SELECT count(*), coalesce(sum(id), 0)::bigint, max(marked_at) FROM marketplace_cataloguemark
      WHERE topic = 'models') stamp
"""  # noqa: S608  constants of ours


class _Version(msgspec.Struct, array_like=True, gc=False):
    number: int
    starts_at: datetime
    ends_at: datetime | None
    pricing_config: msgspec.Raw
    direction: str | None


class _Model(msgspec.Struct, array_like=True, gc=False):
    id: int
    code: str
    type_id: int
    vendor_id: int
    lifecycle: str
    created_at: datetime
    retired_on: date | None
    successor: str | None
    display_config: dict[str, Any]
    groups: list[int]
    versions: list[_Version]


class _Type(msgspec.Struct, array_like=True, gc=False):
    id: int
    code: str
    name: dict[str, str]
    position: int


class _Vendor(msgspec.Struct, array_like=True, gc=False):
    id: int
    code: str
    name: dict[str, str]


class _Group(msgspec.Struct, array_like=True, gc=False):
    id: int
    code: str
    multiplier: Decimal
    coming: Decimal | None
    coming_at: datetime | None


class _Grant(msgspec.Struct, array_like=True, gc=False):
    """Of a group or of a model, whose row is `thing`."""

    team_id: int
    thing: int
    ends_at: datetime | None

    def is_open(self, at: datetime) -> bool:
        return self.ends_at is None or self.ends_at > at


class _Rate(msgspec.Struct, array_like=True, gc=False):
    currency: str
    starts_at: datetime
    credits_per_unit: Decimal


class _Read(msgspec.Struct):
    models: list[_Model]
    types: list[_Type]
    vendors: list[_Vendor]
    model_grants: list[_Grant]
    rates: list[_Rate]
    groups: list[_Group]
    group_grants: list[_Grant]


@dataclass(frozen=True, slots=True)
class Listing:
    """Every model there is, and who reaches it, from `from_at` until the next scheduled price begins."""

    stamp: Stamp
    from_at: datetime
    until_at: datetime | None
    models: tuple[ListedModel, ...]
    _read: _Read
    _seen: dict[Reach, tuple[ListedModel, ...]] = field(default_factory=dict)

    def seen_by(self, reach: Reach) -> tuple[ListedModel, ...]:
        """The models in reach, at its multipliers. Remembered too: most callers reach the same."""
        seen = self._seen.get(reach)
        if seen is None:
            if len(self._seen) >= MOST_REACHES:
                self._seen.clear()
            seen = self._seen[reach] = seen_by(self.models, reach)
        return seen

    def holds_at(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until_at is None or at < self.until_at)

    def reach_of(self, team: TeamAccess | None, *, at: datetime) -> Reach:
        """What `queries.reach_of` answers, without a question."""
        main, granted, model_ids = MAIN_GROUP, frozenset[int](), frozenset[int]()
        if team is not None:
            main, granted = team.main_group, _granted(self._read.group_grants, team.id, at)
            model_ids = _granted(self._read.model_grants, team.id, at)
        in_reach = (group for group in self._read.groups if group.code == main or group.id in granted)
        return Reach.of(((group.code, _multiplier(group).at(at)) for group in in_reach), main=main, model_ids=model_ids)

    def credits_per(self, currency: str, *, at: datetime) -> Decimal:
        """What `queries.credit_rate` answers, without a question."""
        rows = [rate for rate in self._read.rates if rate.currency == currency and rate.starts_at <= at]
        seeds = {"USD": settings.CREDITS_PER_USD, "CNY": settings.CREDITS_PER_CNY}
        return rows[-1].credits_per_unit if rows else Decimal(seeds[currency])


class _Memory:
    """The last listing of this process. Threads may replace it at once: each answers with the one it read itself."""

    def __init__(self) -> None:
        self.listing: Listing | None = None


_memory: Final = _Memory()


def listing(*, at: datetime) -> Listing:
    """Everything that lists of models show at this instant. One query, cold or warm; what still holds is not read."""
    known = _memory.listing
    if known is not None and not known.holds_at(at):
        known = None
    stamp, text = _asked(known, at)
    if text is None and known is not None:
        return known
    fresh = _memory.listing = _made(stamp, msgspec.json.decode(text or "", type=_Read), at)
    return fresh


def listed_models(reach: Reach, *, at: datetime) -> tuple[ListedModel, ...]:
    """The models in reach with what their calls cost there, retired and planned ones included. One query."""
    return listing(at=at).seen_by(reach)


def _asked(known: Listing | None, at: datetime) -> tuple[Stamp, str | None]:
    last = Stamp(-1, 0, None) if known is None else known.stamp
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"count": last.count, "total": last.total, "changed_at": last.changed_at, "at": at})
        count, total, changed_at, text = cursor.fetchone()
    return Stamp(count, total, changed_at), text


@dataclass(frozen=True, slots=True)
class _Names:
    """What rows of models point at, by row id."""

    types: Mapping[int, _Type]
    vendors: Mapping[int, _Vendor]
    groups: Mapping[int, str]


def _made(stamp: Stamp, read: _Read, at: datetime) -> Listing:
    names = _Names(
        types={type_.id: type_ for type_ in read.types},
        vendors={vendor.id: vendor for vendor in read.vendors},
        groups={group.id: group.code for group in read.groups},
    )
    models = tuple(_listed(model, names, at) for model in read.models)
    return Listing(stamp, from_at=at, until_at=_next_change(read, at), models=models, _read=read)


def _next_change(read: _Read, at: datetime) -> datetime | None:
    """When a price begins or ends, a multiplier changes or a rate begins: no answer may be kept beyond that."""
    versions = [version for model in read.models for version in model.versions]
    instants = (
        *(version.starts_at for version in versions),
        *(version.ends_at for version in versions),
        *(group.coming_at for group in read.groups),
        *(rate.starts_at for rate in read.rates),
    )
    return min((instant for instant in instants if instant is not None and instant > at), default=None)


def _listed(row: _Model, known: _Names, at: datetime) -> ListedModel:
    in_force = next((version for version in row.versions if version.starts_at <= at), None)
    coming = next((version for version in row.versions if version.starts_at > at), None)
    titles = row.display_config.get("title") or {}
    modalities = row.display_config.get("modalities") or {}
    type_, vendor = known.types[row.type_id], known.vendors[row.vendor_id]
    groups = frozenset(known.groups[group] for group in row.groups)
    names = (row.code, *titles.values(), *vendor.name.values())
    return ListedModel(
        id=row.id,
        code=row.code,
        type=type_.code,
        type_name=type_.name,
        type_position=type_.position,
        vendor=vendor.code,
        vendor_name=vendor.name,
        lifecycle=row.lifecycle,
        created_at=row.created_at,
        retired_on=row.retired_on,
        successor=row.successor,
        display_config=row.display_config,
        version=None if in_force is None else _in_force(in_force),
        prices=leading_prices(None if in_force is None else msgspec.json.decode(in_force.pricing_config)),
        coming=None if coming is None else _coming(coming),
        groups=groups,
        group=MAIN_GROUP if MAIN_GROUP in groups else "",
        capabilities=frozenset(row.display_config.get("capabilities") or ()),
        modalities=frozenset(kind for kinds in modalities.values() for kind in kinds),
        search_text="\n".join(names).casefold(),
    )


def _in_force(version: _Version) -> ListedVersion:
    return ListedVersion(version.number, version.starts_at, version.ends_at, bytes(version.pricing_config))


def _coming(version: _Version) -> ComingPrice:
    return ComingPrice(version.starts_at, Direction(version.direction) if version.direction else None)


def _multiplier(group: _Group) -> Multiplier:
    return Multiplier(group.multiplier, group.coming, group.coming_at)


def _granted(grants: list[_Grant], team_id: int, at: datetime) -> frozenset[int]:
    return frozenset(grant.thing for grant in grants if grant.team_id == team_id and grant.is_open(at))
