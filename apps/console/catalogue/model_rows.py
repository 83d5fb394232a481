"""Models as a list says them: one line of facts, what leads the price, and what one should know before choosing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import Reader, unit_price_text
from apps.console.catalogue.price_labels import label_of
from apps.console.forms.models import LIST_FIELDS, ModelFilterForm
from apps.console.words.models import (
    BADGE_NAMES,
    CAPABILITY_NAMES,
    MODALITY_NAMES,
    USE_NAMES,
    about,
    name_of,
    per_unit,
    short_count,
)
from apps.core.languages import text_in
from apps.marketplace.leading_prices import UnitPrice
from apps.marketplace.listing import Facets, ListedModel, recommended_by_use
from apps.marketplace.types import Direction, Lifecycle

ABILITIES: Final = 4
"""How many abilities a row names."""
OPEN_CHOICES: Final = 6
"""How many choices of a facet stand open; the rest unfolds."""
OF_EVERY_TYPE: Final = frozenset({"chat", "embeddings", "rerank", "moderation"})
"""Abilities that say no more than the type does."""
ICONS: Final = frozenset({"chat", "image", "video", "embedding"})

NamesInUse = Mapping[str, str | Promise]

_COMING: Final[Mapping[Direction | None, tuple[Promise, str]]] = {
    Direction.UP: (_("Price rises %(day)s"), "caution"),
    Direction.DOWN: (_("Price falls %(day)s"), "positive"),
    Direction.MIXED: (_("Price changes %(day)s"), "caution"),
    None: (_("Price changes %(day)s"), "caution"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class PriceWords:
    """A figure, and what it is for where there are two: `US$2.00 in`."""

    amount: str
    word: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    model: ListedModel
    path: str
    title: str
    summary: str
    facts: str
    icon: str
    badges: tuple[Badge, ...]
    prices: tuple[PriceWords, ...]
    is_lowest: bool
    unit: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet, with the number of models that choosing it shows."""

    value: str
    name: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    field: str
    name: str | Promise
    choices: Sequence[Choice]
    more: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Pick:
    path: str
    title: str
    note: str
    is_planned: bool


@dataclass(frozen=True, slots=True)
class Use:
    name: str
    picks: Sequence[Pick]


def model_row(model: ListedModel, *, reader: Reader, names: Mapping[str, str], at: datetime) -> ModelRow:
    """`names`: titles of successors in reach by their ids."""
    language = get_language() or "en"
    return ModelRow(
        model=model,
        path=path_of(model.code),
        title=model.title(language),
        summary=_summary(model, names, language),
        facts=" · ".join(_facts(model, language)),
        icon=model.type if model.type in ICONS else "models",
        badges=tuple(_badges(model, at)),
        prices=tuple(_price_words(model, reader)),
        is_lowest=any(price.is_lowest for price in model.prices),
        unit=_unit_words(model),
    )


def path_of(code: str) -> str:
    """The address of a model's own page."""
    return reverse("console:model", kwargs={"model_id": code})


def facets_shown(models: Sequence[ListedModel], counts: Facets, form: ModelFilterForm) -> list[Facet]:
    """The facets with their counts; what is chosen stays, even where nothing is left of it."""
    language = get_language() or "en"
    types = {model.type: text_in(model.type_name, language) or model.type for model in models}
    vendors = {model.vendor: text_in(model.vendor_name, language) or model.vendor for model in models}
    positions = {model.type: model.type_position for model in models}
    abilities = {code: count for code, count in counts.capabilities.items() if code not in OF_EVERY_TYPE}
    by_position = sorted(counts.types, key=lambda code: (positions[code], code))
    shown: Mapping[str, tuple[Promise, NamesInUse, Mapping[str, int]]] = {
        "type": (_("Type"), types, {code: counts.types[code] for code in by_position}),
        "vendor": (_("Vendor"), vendors, _largest_first(counts.vendors)),
        "capability": (_("Can do"), CAPABILITY_NAMES, _largest_first(abilities)),
        "modality": (_("Takes or makes"), MODALITY_NAMES, _largest_first(counts.modalities)),
    }
    return [_facet(field, *shown[field], chosen=form.chosen(field)) for field in LIST_FIELDS]


def uses_shown(models: Iterable[ListedModel]) -> list[Use]:
    """What is recommended for what, in the order in which the uses are known, then those that operators added."""
    language, picks = get_language() or "en", recommended_by_use(models)
    known = [use for use in USE_NAMES if use in picks]
    return [
        Use(
            name_of(use, USE_NAMES),
            [
                Pick(
                    path_of(model.code),
                    model.title(language),
                    text_in(note, language),
                    model.lifecycle == Lifecycle.PLANNED,
                )
                for model, note in picks[use]
            ],
        )
        for use in (*known, *sorted(picks.keys() - USE_NAMES.keys()))
    ]


def abilities_of(model: ListedModel) -> list[str]:
    """In the order in which the operator wrote them."""
    codes = model.display_config.get("capabilities") or ()
    return [name_of(code, CAPABILITY_NAMES) for code in codes if code not in OF_EVERY_TYPE]


def _summary(model: ListedModel, names: Mapping[str, str], language: str) -> str:
    if model.lifecycle == Lifecycle.RETIRED and model.successor:
        return gettext("Successor: %(model)s.") % {"model": names.get(model.successor, model.successor)}
    return text_in(model.display_config.get("summary") or {}, language)


def _facts(model: ListedModel, language: str) -> Iterable[str]:
    yield text_in(model.vendor_name, language) or model.vendor
    yield text_in(model.type_name, language) or model.type
    if model.context_length:
        yield gettext("%(count)s context") % {"count": about(model.context_length)}
    if abilities := abilities_of(model)[:ABILITIES]:
        yield pgettext("between items of a list", ", ").join(abilities)


def _badges(model: ListedModel, at: datetime) -> Iterable[Badge]:
    if model.lifecycle == Lifecycle.PLANNED:
        yield Badge(gettext("Planned"), "info")
    elif model.lifecycle == Lifecycle.RETIRED:
        yield Badge(gettext("Retired"), "outline")
    elif model.lifecycle == Lifecycle.BETA:
        yield Badge(gettext("Beta"), "outline")
    if model.retired_on and model.lifecycle in (Lifecycle.BETA, Lifecycle.GA):
        day = date_format(model.retired_on, pgettext("date format", "j M Y"), use_l10n=False)
        yield Badge(gettext("Retires %(day)s") % {"day": day}, "critical")
    if model.coming is not None and model.lifecycle != Lifecycle.RETIRED:
        text, tone = _COMING[model.coming.direction]
        day = date_format(localtime(model.coming.starts_at), pgettext("date format", "j M"), use_l10n=False)
        yield Badge(str(text) % {"day": day}, tone)
    if badge := model.display_config.get("badge"):
        yield Badge(name_of(badge, BADGE_NAMES), "info")


def _price_words(model: ListedModel, reader: Reader) -> Iterable[PriceWords]:
    words = (gettext("in"), gettext("out")) if len(model.prices) > 1 else ("",)
    for price, word in zip(model.prices, words, strict=False):
        yield PriceWords(unit_price_text(price.nanos, reader) if price.nanos else gettext("Free"), word)


def _unit_words(model: ListedModel) -> str:
    if not model.prices:
        return gettext("No price yet") if model.lifecycle == Lifecycle.PLANNED else gettext("No price")
    first = model.prices[0]
    parts = [per_unit(first.meter, first.unit), *_conditions(model, first)]
    if first.begins_at is not None:
        parts.append(gettext("other prices %(sizes)s") % {"sizes": sizes_from(first.begins_at)})
    return " · ".join(parts)


def sizes_from(start: int) -> str:
    """`above 272K` for a tier that begins one token later, `from 32K` for one that begins there."""
    if start % 1_000 == 1:
        return gettext("above %(size)s") % {"size": short_count(start - 1)}
    return gettext("from %(size)s") % {"size": short_count(start)}


def _conditions(model: ListedModel, price: UnitPrice) -> Iterable[str]:
    """What the operator calls them, else the values that tell: `720P`; of yes and no nothing, which the model's own
    page spells out."""
    if label := _label(model, price):
        return (label,)
    return (value for value in price.conditions.values() if isinstance(value, str))


def _label(model: ListedModel, price: UnitPrice) -> str:
    """The config is read only where there are lines that could name something in it."""
    if not price.conditions or not model.display_config.get("price_lines") or model.pricing_config is None:
        return ""
    priced = [(item["meter"], item.get("conditions") or {}) for item in model.pricing_config["items"]]
    return label_of(
        model.display_config,
        priced,
        meters={price.meter},
        conditions=price.conditions,
        language=get_language() or "en",
    )


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _facet(
    field: str,
    name: str | Promise,
    names: NamesInUse,
    counts: Mapping[str, int],
    *,
    chosen: frozenset[str],
) -> Facet:
    codes = [*counts, *sorted(chosen - counts.keys())]
    choices = [Choice(code, _named(code, names), counts.get(code, 0), code in chosen) for code in codes]
    first = [choice for place, choice in enumerate(choices) if place < OPEN_CHOICES or choice.is_chosen]
    return Facet(field, name, first, [choice for choice in choices if choice not in first])


def _named(code: str, names: NamesInUse) -> str:
    known = names.get(code)
    return str(known) if known is not None else name_of(code, {})
