"""What is announced, and to whom. No tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.languages import text_in

Texts = Mapping[str, str]
"""A text by language: `{"en": …, "zh-hans": …}`."""


class Category(models.TextChoices):
    RELEASES = "releases", _("Releases")
    MODELS = "models", _("Models")
    PRICES = "prices", _("Prices")
    CAMPAIGNS = "campaigns", _("Campaigns")
    BILLING = "billing", pgettext_lazy("announcement category", "Billing")
    MAINTENANCE = "maintenance", _("Maintenance")
    SECURITY = "security", _("Security")


class Audience(models.TextChoices):
    """`groups`: who may see one of the entry's access groups; strangers see what the public catalogue's group sees."""

    EVERYONE = "everyone", _("Everyone")
    SIGNED_IN = "signed_in", _("Who is signed in")
    GROUPS = "groups", _("Who sees one of its access groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an app writes about an act of its own. `key` names the act (`price:41`), so that it is written once.

    Texts come from `core.languages.in_each_language`; `link` is a path of this site. With audience `groups` and no
    code, nobody sees it: so is a model that no group sees.
    """

    key: str
    category: str
    title: Texts
    summary: Texts
    audience: str = Audience.EVERYONE
    group_codes: tuple[str, ...] = ()
    scope: Texts = field(default_factory=dict)
    notes: Texts = field(default_factory=dict)
    link: str = ""
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """For whom feeds are read: what the access groups of the team in view see, or a stranger with the public group."""

    group_codes: frozenset[str]
    is_signed_in: bool = False


@dataclass(frozen=True, slots=True)
class PublishedEntry:
    """An entry as its readers see it. `entry_id` is the row's, for relations of other apps; people see `public_id`."""

    entry_id: int
    public_id: str
    category: str
    audience: str
    title: Texts
    scope: Texts
    summary: Texts
    notes: Texts
    link: str
    published_at: datetime | None
    effective_at: datetime | None
    withdrawn_at: datetime | None

    def title_in(self, language: str) -> str:
        return text_in(self.title, language)

    def scope_in(self, language: str) -> str:
        return text_in(self.scope, language)

    def summary_in(self, language: str) -> str:
        return text_in(self.summary, language)

    def notes_in(self, language: str) -> str:
        return text_in(self.notes, language)


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """`coming` is the badge, empty from the day on which the entry takes effect on. Dates are in the active zone.

    `is_dated`: it takes effect on another day than it was published on, which a list has to say.
    """

    public_id: str
    category: str
    category_name: str
    audience_name: str
    title: str
    scope: str
    summary: str
    notes: str
    link: str
    published_at: datetime | None
    published: str
    effective: str
    is_dated: bool
    coming: str
    withdrawn: str
