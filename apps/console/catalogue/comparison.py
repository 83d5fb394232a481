"""Up to four models side by side: the same questions in the same order, and what each costs by what is counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import Reader, unit_price_text
from apps.console.catalogue.model_rows import abilities_of, path_of, sizes_from
from apps.console.words.models import LIFECYCLE_NAMES, MODALITY_NAMES, about, name_of, per_unit
from apps.core.languages import text_in
from apps.core.money import NANOS_PER_CREDIT
from apps.marketplace.listing import ListedModel
from apps.marketplace.meter_names import METER_NAMES

MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    code: str
    title: str
    path: str
    rest: str
    """The query that shows the comparison without this model."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question and each model's answer; an answer may have several lines."""

    name: str | Promise
    note: str
    answers: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    columns: Sequence[Column]
    facts: Sequence[Line]
    prices: Sequence[Line]


def comparison_of(models: Sequence[ListedModel], *, reader: Reader) -> Comparison:
    return Comparison(
        columns=[_column(model, models) for model in models],
        facts=[_line(name, answer, models) for name, answer in _FACTS],
        prices=[_price_line(meter, unit, models, reader) for meter, unit in _counted(models)],
    )


def _column(model: ListedModel, models: Sequence[ListedModel]) -> Column:
    others = "&".join(f"m={other.code}" for other in models if other is not model)
    return Column(model.code, model.title(_language()), path_of(model.code), others)


Answer = Callable[[ListedModel], Iterable[str]]


def _line(name: Promise, answer: Answer, models: Sequence[ListedModel]) -> Line:
    return Line(name, "", [list(answer(model)) or ["–"] for model in models])


def _abilities(model: ListedModel) -> list[str]:
    return [_listed(abilities_of(model))]


def _modalities(way: str) -> Answer:
    def answer(model: ListedModel) -> list[str]:
        kinds = (model.display_config.get("modalities") or {}).get(way) or ()
        return [_listed(name_of(kind, MODALITY_NAMES) for kind in kinds)]

    return answer


def _tokens(field: str) -> Answer:
    def answer(model: ListedModel) -> list[str]:
        count = model.display_config.get(field)
        return [gettext("%(count)s tokens") % {"count": about(count)} if count else "–"]

    return answer


_FACTS: Final[Sequence[tuple[Promise, Answer]]] = (
    (_("Vendor"), lambda model: [text_in(model.vendor_name, _language()) or model.vendor]),
    (_("Type"), lambda model: [text_in(model.type_name, _language()) or model.type]),
    (_("State"), lambda model: [name_of(model.lifecycle, LIFECYCLE_NAMES)]),
    (_("Context"), _tokens("context_length")),
    (_("Longest output"), _tokens("max_output")),
    (_("Can do"), _abilities),
    (_("Takes"), _modalities("input")),
    (_("Makes"), _modalities("output")),
)


def _counted(models: Sequence[ListedModel]) -> list[tuple[str, int]]:
    """What any of the models is charged by, and for how many of it: what goes in, what comes out, everything else."""
    found = {(item["meter"], item["unit"]) for model in models for item in _items(model)}
    places = {meter: place for place, meter in enumerate(METER_NAMES)}
    return sorted(found, key=lambda counted: (places.get(counted[0], len(places)), counted[1]))


def _price_line(meter: str, unit: int, models: Sequence[ListedModel], reader: Reader) -> Line:
    answers = [list(_prices(model, meter, unit, reader)) or ["–"] for model in models]
    return Line(name_of(meter, METER_NAMES), per_unit(meter, unit), answers)


def _prices(model: ListedModel, meter: str, unit: int, reader: Reader) -> Iterable[str]:
    for item in _items(model):
        if (item["meter"], item["unit"]) == (meter, unit):
            yield from _tier_texts(item, model, reader)


def _tier_texts(item: Mapping[str, Any], model: ListedModel, reader: Reader) -> Iterable[str]:
    conditions = [str(value) for value in (item.get("conditions") or {}).values() if isinstance(value, str)]
    for tier in item["tiers"]:
        nanos = Fraction(tier["price"]) * NANOS_PER_CREDIT * Fraction(model.multiplier)
        parts = [unit_price_text(nanos, reader), *conditions]
        if tier["from"]:
            parts.append(sizes_from(tier["from"]))
        yield " · ".join(parts)


def _items(model: ListedModel) -> Sequence[Mapping[str, Any]]:
    return model.pricing_config["items"] if model.pricing_config else ()


def _listed(parts: Iterable[str]) -> str:
    return pgettext("between items of a list", ", ").join(parts) or "–"


def _language() -> str:
    return get_language() or "en"
