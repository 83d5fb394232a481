"""Which models the public list shows. Anything that is no choice of ours counts as all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import Reader, unit_price_text
from apps.console.words.models import short_count
from apps.core.money import NANOS_PER_CREDIT, credits_decimal, credits_text, nanos_from_text, round_half_up
from apps.marketplace.listing import CALLABLE, RECOMMENDED, Filters
from apps.marketplace.types import Lifecycle

LIST_FIELDS: Final = ("type", "vendor", "capability", "modality")
MOST_VALUES: Final = 20
PRICES: Final = {
    "usd": ("0.5", "2", "5", "20"),
    "cny": ("2", "10", "30", "100"),
    "credits": ("2", "10", "30", "100"),
}
"""Steps of the price filter, in the reader's unit for a million input tokens."""
CONTEXTS: Final = (32_000, 128_000, 200_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Step:
    """One choice of a select: its value, its words, and whether it is the one chosen."""

    value: str
    label: str
    is_chosen: bool


class ModelFilterForm(forms.Form):
    SORTS = (
        (RECOMMENDED, _("Recommended first")),
        ("price", _("Lowest input price")),
        ("newest", _("Newest")),
        ("context", _("Longest context")),
        ("name", pgettext_lazy("order of a list", "By name")),
    )

    search = forms.CharField(required=False, max_length=100)
    sort = forms.ChoiceField(required=False, choices=SORTS)
    lifecycle = forms.ChoiceField(required=False, choices=[(code, code) for code in Lifecycle.values])
    group = forms.SlugField(required=False, max_length=40)
    retired = forms.BooleanField(required=False)
    max_price = forms.CharField(required=False, max_length=20)
    min_context = forms.IntegerField(required=False, min_value=1, max_value=10**9)

    def __init__(self, query: QueryDict, *, reader: Reader) -> None:
        super().__init__(query)
        self.query, self.reader = query, reader
        self.full_clean()
        self.order = self.cleaned_data.get("sort") or RECOMMENDED
        self.is_roadmap = self.cleaned_data.get("lifecycle") == Lifecycle.PLANNED
        self.max_nanos = _nanos(self.cleaned_data.get("max_price", ""))

    def chosen(self, name: str) -> frozenset[str]:
        """What is chosen of a facet that may have several values."""
        return frozenset(value[:40] for value in self.query.getlist(name)[:MOST_VALUES] if value)

    @property
    def filters(self) -> Filters:
        return Filters(
            types=self.chosen("type"),
            vendors=self.chosen("vendor"),
            lifecycles=self._lifecycles(),
            capabilities=self.chosen("capability"),
            modalities=self.chosen("modality"),
            group=self.cleaned_data.get("group", ""),
            search=self.cleaned_data.get("search", ""),
            max_price=None if self.max_nanos is None else credits_decimal(self.max_nanos),
            min_context=self.cleaned_data.get("min_context") or 0,
        )

    @property
    def active(self) -> int:
        """How many conditions are set besides the search and the order: what the drawer of a phone says."""
        data = self.cleaned_data
        single = (data.get("group"), data.get("retired"), self.max_nanos is not None, data.get("min_context"))
        return sum(len(self.chosen(name)) for name in LIST_FIELDS) + sum(map(bool, single))

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out that the list would show by itself."""
        return bool(self.active or self.cleaned_data.get("search"))

    @property
    def price_steps(self) -> Sequence[Step]:
        rate = Fraction(self.reader.rate_of(self.reader.unit)) * NANOS_PER_CREDIT
        steps = {
            round_half_up(*(Fraction(Decimal(step)) * rate).as_integer_ratio()) for step in PRICES[self.reader.unit]
        }
        chosen = self.max_nanos
        return [
            Step(credits_text(nanos), gettext("%(price)s per 1M") % {"price": self._price(nanos)}, nanos == chosen)
            for nanos in _with(steps, chosen)
        ]

    @property
    def context_steps(self) -> Sequence[Step]:
        chosen = self.cleaned_data.get("min_context")
        return [
            Step(str(tokens), gettext("%(count)s tokens") % {"count": short_count(tokens)}, tokens == chosen)
            for tokens in _with(CONTEXTS, chosen)
        ]

    def _lifecycles(self) -> frozenset[str]:
        if lifecycle := self.cleaned_data.get("lifecycle"):
            return frozenset({lifecycle})
        return CALLABLE | {Lifecycle.RETIRED.value} if self.cleaned_data.get("retired") else CALLABLE

    def _price(self, nanos: int) -> str:
        return unit_price_text(Fraction(nanos), self.reader)


def _with(steps: Iterable[int], chosen: int | None) -> list[int]:
    """The steps, and what came by an address that somebody wrote or that was made for another unit."""
    return sorted({*steps, *(() if chosen is None else (chosen,))})


def _nanos(text: str) -> int | None:
    try:
        nanos = nanos_from_text(text)
    except ValueError:
        return None
    return nanos if nanos >= 0 else None
