"""What the back office's pages about prices show: values made ready for templates. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.money import credits_text
from apps.marketplace import queries
from apps.marketplace.comparison import RatePoint
from apps.marketplace.models import Model, PriceVersion
from apps.marketplace.price_changes import plain_text
from apps.marketplace.queries.previews import PreviewedUsage, PricePreview
from apps.marketplace.samples import Estimate
from apps.marketplace.types import Direction
from apps.marketplace.words import line_in_words, meter_in_words, usage_in_words

Facts = Sequence[tuple[str | Promise, str]]


@dataclass(frozen=True, slots=True)
class SampleRow:
    usage: str
    before: str
    after: str
    bound: str


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A preview in words: what it is compared with, what changes, what is wrong with it, what calls cost."""

    facts: Facts
    lines: tuple[str, ...]
    above_official: tuple[str, ...]
    samples: tuple[SampleRow, ...]
    has_before: bool


@dataclass(frozen=True, slots=True)
class BulkLine:
    code: str
    lines: tuple[str, ...]
    starts: str
    is_above_official: bool


@dataclass(frozen=True, slots=True)
class BulkPage:
    changed: tuple[BulkLine, ...]
    left_out: tuple[tuple[str, str | Promise], ...]
    unknown: tuple[str, ...]
    digest: str


def facts_of(model: Model) -> Facts:
    """The price in force and those that are announced."""
    versions = model.price_versions.filter(withdrawn_at=None).order_by("-number")[:3]
    return [(_version_name(version), _validity(version)) for version in versions]


def facts_of_version(version: PriceVersion) -> Facts:
    return [(_("Model"), version.model.code), (_version_name(version), _validity(version))]


def preview_page(preview: PricePreview) -> PreviewPage:
    facts: list[tuple[str | Promise, str]] = [(_("Begins at the earliest"), _instant(preview.earliest_start))]
    if preview.last_number is not None and preview.last_starts_at is not None:
        compared = gettext("version %(number)d, in force from %(instant)s") % {
            "number": preview.last_number,
            "instant": _instant(preview.last_starts_at),
        }
        direction = preview.change.direction
        said = gettext("No call pays more or less") if direction is None else str(Direction(direction).label)
        facts += [(_("Compared with"), compared), (_("Change"), said)]
    return PreviewPage(
        facts=facts,
        lines=tuple(line_in_words(line) for line in preview.change.lines),
        above_official=tuple(map(_above, preview.above_official)),
        samples=tuple(map(_sample, preview.samples)),
        has_before=preview.last_number is not None,
    )


def bulk_page(preview: queries.BulkPreview) -> BulkPage:
    changed = [
        BulkLine(
            code=row.code,
            lines=tuple(line_in_words(line) for line in row.change.lines) if row.change else (),
            starts=_instant(row.earliest_start) if row.earliest_start else "",
            is_above_official=row.is_above_official,
        )
        for row in preview.changed
    ]
    left_out = tuple((row.code, row.left_out) for row in preview.left_out)
    return BulkPage(tuple(changed), left_out, preview.unknown, preview.digest)


def _sample(sample: PreviewedUsage) -> SampleRow:
    return SampleRow(
        usage=usage_in_words(sample.usage.quantities, sample.usage.conditions),
        before=_cost(sample.before),
        after=_cost(sample.after),
        bound="–" if sample.after.bound_nanos is None else credits_text(sample.after.bound_nanos),
    )


def _cost(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return gettext("not offered") if estimate.total_nanos is None else credits_text(estimate.total_nanos)


def _above(point: RatePoint) -> str:
    return gettext("%(meter)s: %(official)s official, %(ours)s here, credits for %(unit)s") % {
        "meter": meter_in_words(point.meter, point.conditions, start=point.start),
        "official": _amount(point.reference),
        "ours": _amount(point.ours),
        "unit": f"{point.unit:,}",
    }


def _amount(exact: Fraction | None) -> str:
    return "–" if exact is None else plain_text(exact)


def _version_name(version: PriceVersion) -> str:
    return gettext("Version %(number)d") % {"number": version.number}


def _validity(version: PriceVersion) -> str:
    if version.ends_at is None:
        return gettext("from %(start)s on") % {"start": _instant(version.starts_at)}
    return gettext("from %(start)s until %(end)s") % {
        "start": _instant(version.starts_at),
        "end": _instant(version.ends_at),
    }


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
