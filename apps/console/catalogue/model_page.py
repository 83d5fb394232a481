"""Everything that the page of a model shows, put together for one reader. Prices are computed elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language

from apps.console.catalogue.call_snippets import Snippet, snippets_for
from apps.console.catalogue.estimates import Estimate
from apps.console.catalogue.price_labels import label_of
from apps.console.catalogue.price_tables import PriceTable, Row, nanos_for, price_tables
from apps.console.words.models import CAPABILITY_NAMES, LINK_NAMES, MODALITY_NAMES, USE_NAMES, name_of
from apps.core.languages import text_in
from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace import comparison
from apps.marketplace import queries as marketplace
from apps.marketplace.multipliers import Multipliers, multipliers_of
from apps.marketplace.price_changes import PriceLine, change_between
from apps.marketplace.rating import Conditions, PriceList
from apps.marketplace.types import OfficialPriceCard, PricePoint, ReachedModel

CALLABLE: Final = frozenset({"beta", "ga"})
LEADING: Final = frozenset({"input_tokens", "output_tokens"})
MOST_COLUMNS: Final = 3


@dataclass(frozen=True, slots=True)
class Official:
    """The vendor's own price beside ours. `discount` is what every call saves at least, in percent; None: no badge."""

    card: OfficialPriceCard
    discount: Decimal | None
    is_above: bool
    is_equal: bool


@dataclass(frozen=True, slots=True)
class AnnouncedLine:
    """One meter under some conditions and sizes, before and after; None where it is not to be had."""

    meter: str
    conditions: Conditions
    start: int
    end: int | None
    unit: int
    old: Fraction | None
    new: Fraction | None


@dataclass(frozen=True, slots=True)
class Announced:
    """The next version: what it changes, and from when. `direction` is None where no call costs more or less."""

    number: int
    starts_at: datetime
    direction: str | None
    lines: tuple[AnnouncedLine, ...]
    entry_row: int | None


@dataclass(frozen=True, slots=True)
class PastPrice:
    """One line of the history: a version, or today. A figure for each column; None where the version has none."""

    number: int
    at: datetime
    is_today: bool
    is_announced: bool
    nanos: tuple[Fraction | None, ...]


@dataclass(frozen=True, slots=True)
class Series:
    meter: str
    tone: int
    nanos: Fraction | None


@dataclass(frozen=True, slots=True)
class History:
    """The leading meters at the smallest size under `conditions`, version by version."""

    conditions: Conditions
    meters: tuple[str, ...]
    unit: int
    lines: tuple[PastPrice, ...]

    @property
    def is_steady(self) -> bool:
        """Whether there was never another price, and none is announced."""
        return len(self.lines) == 1

    @property
    def series(self) -> tuple[Series, ...]:
        """What the legend of the chart names: each meter at today's price, in the colour of its place."""
        today = next(line for line in self.lines if line.is_today)
        pairs = enumerate(zip(self.meters, today.nanos, strict=True), start=1)
        return tuple(Series(meter, tone, nanos) for tone, (meter, nanos) in pairs)

    @property
    def is_drawable(self) -> bool:
        """Two instants make a line; a figure that is missing would make a hole that looks like a price of nothing."""
        return not self.is_steady and all(None not in line.nanos for line in self.lines)


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """The price in force, in all its views; multiplier included, but for `multipliers`, which stand beside it."""

    point: PricePoint
    tables: tuple[PriceTable, ...]
    official: Official | None
    multipliers: Multipliers | None

    @property
    def table(self) -> PriceTable | None:
        """The one table, if all its prices are for the same unit: then that stands above it once."""
        return self.tables[0] if len(self.tables) == 1 and self.tables[0].unit else None

    @property
    def has_tiers(self) -> bool:
        return any(table.has_tiers for table in self.tables)

    @property
    def is_sized_by_prompt(self) -> bool:
        return "input_tokens" in self.point.price_list.tiered_by

    def rows_of(self, found: Estimate) -> list[Row]:
        """The rows that an estimate falls in, where there are others that it does not."""
        if self.point.price_list.graduated:
            return []
        return [row for table in self.tables if len(table.rows) > 1 for row in _narrowest(table, found)]


def _narrowest(table: PriceTable, found: Estimate) -> list[Row]:
    holding = [row for row in table.rows if row.holds(found.size, found.conditions)]
    most = max((len(row.conditions) for row in holding), default=0)
    return [row for row in holding if len(row.conditions) == most]


@dataclass(frozen=True, slots=True)
class About:
    """Facts of display_config in the reader's language. Links are (name, address)."""

    title: str
    summary: str
    vendor: str
    type: str
    capabilities: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    picks: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ModelPage:
    model: ReachedModel
    about: About
    price: ModelPrice | None
    announced: Announced | None
    history: History | None
    snippets: tuple[Snippet, ...]

    @property
    def is_callable(self) -> bool:
        return self.model.card.lifecycle in CALLABLE and self.price is not None


def model_page(model: ReachedModel, *, credits_per_usd: Decimal, at: datetime) -> ModelPage:
    points = marketplace.price_history(model.card.id)
    official = marketplace.official_prices([model.card.id], at=at).get(model.card.id)
    current = next((point for point in points if _holds(point, at)), None)
    price = None if current is None else _price(current, model, official, credits_per_usd)
    return ModelPage(
        model=model,
        about=_about(model),
        price=price,
        announced=_announced(points, current, model.multiplier, at),
        history=None if price is None else _history(points, price, model.multiplier, at),
        snippets=tuple(snippets_for(model.card.code, model.card.type, model.endpoints, base_url=settings.PUBLIC_URL)),
    )


def _holds(point: PricePoint, at: datetime) -> bool:
    return point.starts_at <= at and (point.ends_at is None or at < point.ends_at)


def _price(
    point: PricePoint, model: ReachedModel, official: OfficialPriceCard | None, credits_per_usd: Decimal
) -> ModelPrice:
    ours, theirs = point.price_list, None if official is None else official.price_list
    tables = price_tables(ours, multiplier=model.multiplier, official=theirs)
    return ModelPrice(
        point=point,
        tables=tuple(_labelled(table, ours, model.card.display_config) for table in tables),
        official=None if official is None else _beside(ours, official, model.multiplier),
        multipliers=multipliers_of(ours, credits_per_usd),
    )


def _labelled(table: PriceTable, price: PriceList, display_config: Mapping[str, Any]) -> PriceTable:
    """With the rows called what the operator calls them."""
    language, meters = get_language() or "en", {column.meter for column in table.columns}
    priced = [(item.meter, item.conditions) for item in price.items]

    def named(row: Row) -> Row:
        return replace(
            row, label=label_of(display_config, priced, meters=meters, conditions=row.conditions, language=language)
        )

    return replace(table, rows=tuple(named(row) for row in table.rows))


def _beside(ours: PriceList, official: OfficialPriceCard, multiplier: Decimal) -> Official:
    compared = comparison.compare(ours, official.price_list, multiplier=multiplier)
    return Official(official, compared.discount_percent, compared.is_above, compared.is_equal)


def _announced(
    points: list[PricePoint], current: PricePoint | None, multiplier: Decimal, at: datetime
) -> Announced | None:
    coming = next((point for point in points if point.starts_at > at), None)
    if coming is None:
        return None
    change = change_between(None if current is None else current.price_list, coming.price_list)
    lines = tuple(_announced_line(line, Fraction(multiplier)) for line in change.lines)
    return Announced(coming.number, coming.starts_at, change.direction, lines, coming.announced_by)


def _announced_line(line: PriceLine, factor: Fraction) -> AnnouncedLine:
    old, new = (None if text is None else Fraction(text) * NANOS_PER_CREDIT * factor for text in (line.old, line.new))
    return AnnouncedLine(line.meter, line.conditions, line.start, line.end, line.unit, old, new)


def _history(points: list[PricePoint], price: ModelPrice, multiplier: Decimal, at: datetime) -> History:
    """The leading meters at the smallest size, in every version. The multiplier of today's group, for one line only
    tells what prices did, and not what groups did."""
    table = price.tables[0]
    alike = [column for column in table.columns if column.unit == table.columns[0].unit]
    columns = [column for column in alike if column.meter in LEADING] or alike[:MOST_COLUMNS]
    conditions = table.rows[0].conditions

    def line(point: PricePoint, when: datetime, *, is_today: bool) -> PastPrice:
        found = (nanos_for(point.price_list, column, conditions, 0) for column in columns)
        figures = tuple(None if nanos is None else nanos * Fraction(multiplier) for nanos in found)
        return PastPrice(point.number, when, is_today, when > at, figures)

    lines = [line(point, point.starts_at, is_today=False) for point in points]
    if len(points) > 1:
        lines.append(line(price.point, at, is_today=True))
    ordered = tuple(sorted(lines, key=lambda entry: entry.at))
    return History(conditions, tuple(column.meter for column in columns), columns[0].unit, ordered)


def _about(model: ReachedModel) -> About:
    language, display = get_language() or "en", model.card.display_config
    modalities = display.get("modalities") or {}
    type_name = text_in(model.type_name, language) or model.card.type
    abilities = (name_of(code, CAPABILITY_NAMES) for code in display.get("capabilities") or ())
    return About(
        title=model.card.title(language),
        summary=text_in(display.get("summary") or {}, language),
        vendor=text_in(model.card.vendor_name, language) or model.card.vendor,
        type=type_name,
        capabilities=tuple(name for name in abilities if name != type_name),
        inputs=tuple(name_of(code, MODALITY_NAMES) for code in modalities.get("input") or ()),
        outputs=tuple(name_of(code, MODALITY_NAMES) for code in modalities.get("output") or ()),
        picks=tuple(_pick(pick, language) for pick in display.get("recommended_for") or ()),
        links=tuple((name_of(code, LINK_NAMES), address) for code, address in (display.get("links") or {}).items()),
    )


def _pick(pick: dict[str, Any], language: str) -> tuple[str, str]:
    return name_of(pick["use"], USE_NAMES), text_in(pick.get("note") or {}, language)
