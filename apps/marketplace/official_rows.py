"""Official prices and ours, as the rows of a page or of a CSV."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext

from apps.core.spreadsheet import safe_text
from apps.marketplace.comparison import RatePoint, figure
from apps.marketplace.meter_names import METER_NAMES
from apps.marketplace.parity import ParityRow, Standing
from apps.marketplace.types import PricePolicy
from apps.marketplace.types.price_maps import PriceMapLine

_TONES: Final = {
    Standing.UNANNOUNCED: "critical",
    Standing.ABOVE: "caution",
    Standing.FOLLOWING: "caution",
    Standing.EQUAL: "positive",
}
CSV_HEAD: Final = (
    "model",
    "vendor",
    "policy",
    "standing",
    "meter",
    "conditions",
    "from",
    "unit",
    "currency",
    "official",
    "ours",
    "difference_percent",
    "source",
    "as_of",
    "announcement",
    "follows_at",
)


def shown_row(row: ParityRow) -> dict[str, Any]:
    return {
        "row": row,
        "standing": Standing(row.standing).label,
        "policy": PricePolicy(row.policy).label,
        "tone": "critical" if row.is_above and row.standing != Standing.ANNOUNCED else _TONES.get(row.standing, ""),
        "points": [shown_point(point) for point in row.points],
    }


def shown_line(line: PriceMapLine) -> dict[str, Any]:
    kept = [str(METER_NAMES.get(meter, meter)) for meter in line.kept]
    return {"line": line, "kept": kept, "points": [shown_point(point) for point in line.told]}


def shown_point(point: RatePoint) -> dict[str, Any]:
    return {
        "meter": meter_in_words(point),
        "unit": f"{point.unit:,}",
        "reference": _amount(point.reference),
        "ours": _amount(point.ours),
        "difference": _difference(point),
        "is_above": point.is_above,
    }


def meter_in_words(point: RatePoint) -> str:
    """`Input tokens, from 272,001 on`, or `Seconds of video with resolution = 1080p`."""
    name = str(METER_NAMES.get(point.meter, point.meter))
    if point.conditions:
        name = gettext("%(meter)s with %(conditions)s") % {"meter": name, "conditions": _conditions(point)}
    if not point.start:
        return name
    return gettext("%(meter)s, from %(start)s on") % {"meter": name, "start": f"{point.start:,}"}


def csv_rows(row: ParityRow) -> Iterator[tuple[object, ...]]:
    """A line for each meter, condition and size; one line for a model that has no official price."""
    head = (safe_text(row.model), row.vendor, row.policy, str(row.standing))
    told = row.as_of.isoformat() if row.as_of else ""
    follows = row.follows_at.isoformat() if row.follows_at else ""
    tail = (safe_text(row.source), told, row.announcement, follows)
    if not row.points:
        yield (*head, *[""] * (len(CSV_HEAD) - len(head) - len(tail)), *tail)
    for point in row.points:
        yield (*head, *_csv_cells(point, row.currency), *tail)


def _csv_cells(point: RatePoint, currency: str) -> tuple[object, ...]:
    percent = point.difference_percent
    return (
        point.meter,
        safe_text(_conditions(point)),
        point.start,
        point.unit,
        currency,
        "" if point.reference is None else figure(point.reference),
        "" if point.ours is None else figure(point.ours),
        "" if percent is None else f"{percent:f}",
    )


def _conditions(point: RatePoint) -> str:
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else str(value).lower()}"
        for name, value in sorted(point.conditions.items())
    )


def _amount(value: Fraction | None) -> str:
    return "–" if value is None else figure(value)


def _difference(point: RatePoint) -> str:
    """`+20 %`, `−10 %`, `0 %`; an en dash where there is nothing to divide by."""
    percent = point.difference_percent
    if percent is None:
        return "–"
    text = f"{percent:+f}".rstrip("0").rstrip(".") if percent else "0"
    return text.replace("-", "−") + " %"
