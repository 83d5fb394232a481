"""The calculator of a model's page: figures as people count them, conditions as the price list names them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.catalogue.estimates import (
    Choice,
    Estimate,
    PartsTooLarge,
    Quantity,
    choices_of,
    estimate,
    quantities_of,
)
from apps.console.words.models import CONDITION_NAMES, PART_NAMES, name_of
from apps.console.words.wallet import METER_NAMES
from apps.marketplace.rating import Conditions, NotPriced, PriceList

CALLS_A_DAY: Final = "calls_a_day"
USUAL_CALLS: Final = 500
MOST: Final = 1_000_000_000
MOST_CALLS: Final = 100_000_000
_WHEN: Final = "when_"
_NEITHER: Final = ""


Value = str | bool


class CountField(forms.IntegerField):
    """A whole number; the grouping that people paste with it is no mistake."""

    def __init__(self, *, label: str, most: int) -> None:
        problem = _("Write a whole number from 0 to %(most)s.") % {"most": f"{most:,}"}
        errors = dict.fromkeys(("required", "invalid", "min_value", "max_value"), problem)
        widget = forms.TextInput(attrs={"class": "input tabular", "inputmode": "numeric"})
        super().__init__(label=label, min_value=0, max_value=most, widget=widget, error_messages=errors)

    def to_python(self, value: Any) -> int | None:
        return super().to_python(value.replace(",", "").replace(" ", "") if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True)
class FaultyField:
    label: str
    problem: str


class EstimateForm(forms.Form):
    """Always bound: what the query leaves out is as usual for the model, so that a page opens with an estimate."""

    def __init__(self, query: Mapping[str, str], price: PriceList, *, longest_input: int | None) -> None:
        self._price = price
        self._quantities = quantities_of(price, longest_input=longest_input)
        self._choices = choices_of(price)
        super().__init__({**self._usual(), **query}, auto_id="estimate_%s")
        for quantity in self._quantities:
            self.fields[quantity.meter] = CountField(label=_label_of(quantity), most=MOST)
        for choice in self._choices:
            self.fields[_WHEN + choice.name] = forms.ChoiceField(
                label=name_of(choice.name, CONDITION_NAMES),
                choices=_options_of(choice),
                required=not choice.is_open,
                widget=forms.Select(attrs={"class": "select"}),
            )
        self.fields[CALLS_A_DAY] = CountField(label=gettext("Calls a day"), most=MOST_CALLS)

    def _usual(self) -> dict[str, str]:
        """A call of the first row of the price table."""
        figures = {quantity.meter: f"{quantity.usual}" for quantity in self._quantities}
        first = self._price.items[0].conditions
        chosen = {
            _WHEN + choice.name: _text_of(first.get(choice.name, _NEITHER if choice.is_open else choice.values[0]))
            for choice in self._choices
        }
        return {**figures, **chosen, CALLS_A_DAY: f"{USUAL_CALLS}"}

    def estimated(self, *, multiplier: Decimal) -> Estimate | None:
        """What the call costs; None for what is to be corrected first, which `faults` then tells."""
        if not self.is_valid():
            return None
        asked = {quantity.meter: self.cleaned_data[quantity.meter] for quantity in self._quantities}
        try:
            return estimate(
                self._price,
                asked,
                self._conditions(),
                multiplier=multiplier,
                calls_a_day=self.cleaned_data[CALLS_A_DAY],
            )
        except PartsTooLarge as error:
            self.add_error(error.meter, gettext("The parts are more than the whole: write at least their sum."))
        except NotPriced:
            self.add_error(None, gettext("There is no price for these choices together. Choose another one."))
        return None

    @property
    def faults(self) -> Iterator[FaultyField]:
        for name, problems in self.errors.items():
            label = str(self.fields[name].label) if name in self.fields else ""
            yield FaultyField(label, str(problems[0]))

    def _conditions(self) -> Conditions:
        chosen = {choice.name: (choice, self.cleaned_data[_WHEN + choice.name]) for choice in self._choices}
        return {
            name: value
            for name, (choice, text) in chosen.items()
            for value in choice.values
            if _text_of(value) == text != _NEITHER
        }


def _label_of(quantity: Quantity) -> str:
    if quantity.part_of is not None:
        return name_of(quantity.meter, PART_NAMES)
    return name_of(quantity.meter, METER_NAMES)


def _options_of(choice: Choice) -> list[tuple[str, str]]:
    options = [(_text_of(value), value_name(value)) for value in choice.values]
    return [(_NEITHER, gettext("Other")), *options] if choice.is_open else options


def value_name(value: Value) -> str:
    """A condition's value in words: yes, no, or as the vendor writes it."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return value


def _text_of(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value
