"""What a price map changed, line by line, as `import_catalogue` prints it. English, like all that commands print."""

from collections.abc import Iterator
from fractions import Fraction

from apps.marketplace.comparison import RatePoint, figure
from apps.marketplace.types.price_maps import PriceMapLine, PriceMapReport


def price_map_lines(report: PriceMapReport) -> Iterator[str]:
    """`+` a first official price, `~` another one, `!` what somebody should look at; prices are credits."""
    for line in report.lines:
        yield from _lines_of(line)
    if report.absent:
        yield f"The map does not know these models from their vendors: {', '.join(report.absent)}."


def _lines_of(line: PriceMapLine) -> Iterator[str]:
    if line.is_changed:
        yield f"{'+' if line.is_first else '~'} {line.subject} ({line.key})"
        yield from (f"    {_said(point)}" for point in line.told)
    if line.ours is not None and line.ours.changed:
        yield f"~ prices/{line.model}: version {line.ours.number} from {line.ours.starts_at:%Y-%m-%d %H:%M:%S} UTC"
    yield from (f"! {note}" for note in _to_look_at(line))
    if line.kept:
        yield f"  {line.subject}: kept, the map does not name them: {', '.join(line.kept)}"
    if line.left_out:
        yield f"  {line.subject}: left out, calls here do not have them: {', '.join(line.left_out)}"


def _to_look_at(line: PriceMapLine) -> Iterator[str]:
    if line.refusal:
        yield f"prices/{line.model}: {line.refusal}"
    if line.number is None:
        yield f"{line.subject}: {line.key} has no price that is counted here"
    if line.is_other_list:
        yield f"{line.subject}: recorded in another currency, so of another price list: it stays"
    if line.unknown:
        yield f"{line.subject}: unknown keys, and one may be a price: {', '.join(line.unknown)}"


def _said(point: RatePoint) -> str:
    conditions = "".join(f" {name}={value}" for name, value in point.conditions.items())
    size = f" from {point.start}" if point.start else ""
    return f"{point.meter}{conditions}{size}: {_text(point.reference)} → {_text(point.ours)} for {point.unit}"


def _text(value: Fraction | None) -> str:
    return "–" if value is None else figure(value)
