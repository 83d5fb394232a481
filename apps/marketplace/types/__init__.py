"""What the catalogue answers with: frozen values, ready for the relay and for pages. No tables."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.marketplace.price_list import PriceList
from apps.marketplace.template_terms import TemplateTerms


class Lifecycle(models.TextChoices):
    PLANNED = "planned", _("Planned")
    BETA = "beta", _("Beta")
    GA = "ga", _("Available")
    RETIRED = "retired", _("Retired")


class PricePolicy(models.TextChoices):
    FLOATING = "floating", _("Floating")
    PEGGED = "pegged", _("Pegged to the official price")


class Direction(models.TextChoices):
    """`mixed`: some meters or sizes get dearer, others cheaper; announced like an increase."""

    UP = "up", _("Increase")
    DOWN = "down", _("Decrease")
    MIXED = "mixed", _("Some up, some down")


class WantedDirection(models.TextChoices):
    UP = "up", _("Increases")
    DOWN = "down", _("Decreases")
    BOTH = "both", _("Both")


class Subject(models.TextChoices):
    ALL = "all", _("All models")
    VENDOR = "vendor", _("One vendor")
    MODEL = "model", _("One model")
    GROUP = "group", _("One access group")
    LAUNCH = "launch", _("The start of a planned model")


@dataclass(frozen=True, slots=True)
class PriceInForce:
    """A price version at an instant. `price_list` is `pricing_config` parsed; both are in credits."""

    version_id: int
    number: int
    starts_at: datetime
    ends_at: datetime | None
    pricing_config: Mapping[str, Any]
    entered_config: Mapping[str, Any]
    price_list: PriceList


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price version in the history of a model: it was, is or will be in force in `[starts_at, ends_at)`."""

    number: int
    starts_at: datetime
    ends_at: datetime | None
    policy: str
    entered_config: Mapping[str, Any]
    price_list: PriceList
    announced_by: int | None
    """The row of the announcement of this change."""


@dataclass(frozen=True, slots=True)
class OfficialPriceCard:
    """What the vendor asks: `config` in its currency as recorded, `price_list` in credits at the rate then in force."""

    number: int
    config: Mapping[str, Any]
    credits_config: Mapping[str, Any]
    price_list: PriceList
    credits_per_unit: Decimal
    source: str
    as_of: date
    recorded_at: datetime

    @property
    def currency(self) -> str:
        return str(self.config.get("currency", "CREDIT"))


@dataclass(frozen=True, slots=True)
class RecordedOfficialPrice:
    """What `record_official_price` did. `changed` is false when the last one says the same."""

    number: int
    changed: bool


@dataclass(frozen=True, slots=True)
class PublishedPrice:
    """What `publish_price` did. `changed` is false when the last version already says the same; `direction` is None
    where no call pays more or less than before.
    """

    version_id: int
    number: int
    starts_at: datetime
    changed: bool
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class PriceChangeCard:
    """A change as people see it: of a model, or of an access group's multiplier. `id` is public (`chg_…`).

    Each line is `{"meter", "conditions", "from", "to", "unit", "old", "new", "percent"}`, prices in credits for `unit`.
    """

    id: str
    model: str | None
    model_id: int | None
    title: Mapping[str, str]
    vendor: str | None
    access_group: str | None
    version: int | None
    withdrawn: bool
    direction: str
    lines: tuple[Mapping[str, Any], ...]
    largest_percent: Decimal | None
    published_at: datetime
    effective_at: datetime
    announcement: str | None

    def first(self, name: str) -> str | None:
        """`meter`, `old` or `new` of the first line, for who wants only one; None where there is none."""
        return self.lines[0].get(name) if self.lines else None

    @property
    def percent_text(self) -> str | None:
        """The largest change in percent, in plain notation."""
        return None if self.largest_percent is None else f"{self.largest_percent.normalize():f}"


@dataclass(frozen=True, slots=True)
class ChangedMultiplier:
    """What `change_multiplier` did. `changed` is false when this multiplier is in force or announced already."""

    starts_at: datetime
    changed: bool


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model as calls see it; `price` is None while there is none in force."""

    id: int
    code: str
    type: str
    vendor: str
    lifecycle: str
    created_at: datetime
    context_length: int | None
    max_output: int | None
    groups: frozenset[str]
    price: PriceList | None
    price_version_id: int | None
    retired_on: date | None
    successor: str | None


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """All models at an instant. At `next_change_at` a scheduled price begins, without any row being written."""

    models: tuple[CatalogueModel, ...]
    next_change_at: datetime | None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as people see it. `pricing_config` carries the facts of its version; None while there is no price."""

    id: int
    code: str
    type: str
    vendor: str
    vendor_name: Mapping[str, str]
    lifecycle: str
    display_config: Mapping[str, Any]
    pricing_config: Mapping[str, Any] | None
    retired_on: date | None
    successor: str | None

    def title(self, language: str) -> str:
        """The model's name in this language, else in English, else its id."""
        titles = self.display_config.get("title") or {}
        return str(titles.get(language) or titles.get("en") or self.code)


@dataclass(frozen=True, slots=True)
class ReachedModel:
    """A model as one caller sees it, on the terms of the group that would price a call.

    The card names a successor only where the caller sees that too.
    """

    card: ModelCard
    group: str
    multiplier: Decimal
    type_name: Mapping[str, str]
    endpoints: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ModelTypeCard:
    """An entry of the dictionary of types. `model_count` are those one can call, `planned_count` those to come."""

    code: str
    name: Mapping[str, str]
    position: int
    model_count: int
    planned_count: int
    endpoints: tuple[str, ...]
    facets: tuple[str, ...]
    pricing_templates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PricingTemplateCard:
    """A version of a pricing template. Prices stay with the version they were published under."""

    id: int
    code: str
    version: int
    terms: TemplateTerms
    is_deprecated: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PublishedTemplate:
    """What `publish_template` did. `changed` is false when the newest version already says the same."""

    template_id: int
    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class CreditRateInForce:
    """`rate_id` is None while the setting has not been written to a row yet."""

    rate_id: int | None
    credits_per_unit: Decimal


@dataclass(frozen=True, slots=True)
class Reach:
    """The access groups of a caller with the multiplier of each, in the order in which a call takes them (the main one,
    then the cheapest, then the first by code), and the rows of models granted one by one.
    """

    groups: tuple[tuple[str, Decimal], ...]
    model_ids: frozenset[int]

    @classmethod
    def of(cls, groups: Iterable[tuple[str, Decimal]], *, main: str, model_ids: Iterable[int] = ()) -> "Reach":
        """The reach of who is in these groups, with their multipliers, of which `main` is the main one."""
        in_order = sorted(groups, key=lambda group: (group[0] != main, group[1], group[0]))
        return cls(tuple(in_order), frozenset(model_ids))

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for code, _multiplier in self.groups)

    def group_of(self, model_id: int, model_groups: Collection[str]) -> tuple[str, Decimal] | None:
        """The one group that prices, limits and routes a call of a model in these groups; None for one out of reach.

        A granted model that none of them has is called on the terms of the main one.
        """
        having = (group for group in self.groups if group[0] in model_groups)
        fallback = self.groups[0] if self.groups and model_id in self.model_ids else None
        return next(having, fallback)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, by kind and code, such as `models/gpt-4o-mini`; prices are `prices/gpt-4o-mini`.

    `details` say more of some of them, such as when a price begins.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a topic of the catalogue looked like: an equal one says that what was read under it still holds."""

    count: int
    total: int
    changed_at: datetime | None
    newest: int = 0
    """The number of the last change: what a version of the topic is called."""


# Content of the three: see `services.telling` and `services.subscriptions`.
ALERT_ASKED = NoticeKind("price.asked", _("Confirmation of a price alert"), is_optional=False)
PRICE_CHANGED = NoticeKind("price.changed", _("A price changes"))
MODEL_LAUNCHED = NoticeKind("model.launched", _("A planned model starts"))
