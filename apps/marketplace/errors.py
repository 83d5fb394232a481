"""What can be wrong with the catalogue.

SluiceError
├── NotFound
│   ├── PriceVersionMissing   no such version
│   └── AlertMissing          no such price alert
├── Invalid
│   ├── PricingConfigError    a pricing_config that cannot be priced; says where and what to write instead
│   ├── CatalogueError        a catalogue section that cannot be imported; says which entry
│   ├── PriceMapError         a price map that cannot be read; says which price
│   ├── TemplateInvalid       a pricing template that cannot be used; says where and what to write instead
│   └── WishInvalid           a price alert about what is not there, or in terms that mean nothing; says which field
└── Conflict
    ├── PriceMapChanged       an import that would do something else than what was shown
    ├── PriceConflict         a version that would change the past, or come without the notice it owes
    ├── TemplateInUse         prices were published under this version of a template: it stays
    ├── AlertLinkExpired      a confirmation that came too late
    └── TooManyAlerts         more price alerts than an address, or a team, may have
"""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict, Invalid, NotFound


class PricingConfigError(Invalid):
    code = "invalid_pricing_config"

    def __init__(self, path: str, problem: str | Promise) -> None:
        self.path = path
        self.problem = problem
        super().__init__(format_lazy("{path}: {problem}", path=path, problem=problem), path=path)


class CatalogueError(Invalid):
    code = "invalid_catalogue"

    def __init__(self, entry: str, problem: str | Promise) -> None:
        self.entry = entry
        super().__init__(format_lazy("{entry}: {problem}", entry=entry, problem=problem), entry=entry)


class PriceMapError(Invalid):
    code = "invalid_price_map"

    def __init__(self, place: str, problem: str | Promise) -> None:
        super().__init__(format_lazy("{place}: {problem}", place=place, problem=problem), place=place)


class PriceConflict(Conflict):
    code = "price_conflict"


class PriceVersionMissing(NotFound):
    code = "price_version_missing"
    text = _("There is no such price version.")


class TemplateInvalid(Invalid):
    code = "invalid_pricing_template"

    def __init__(self, path: str, problem: str | Promise) -> None:
        self.path = path
        self.problem = problem
        super().__init__(format_lazy("{path}: {problem}", path=path or "–", problem=problem), path=path)


class TemplateInUse(Conflict):
    code = "pricing_template_in_use"
    text = _("Prices were published under this version, so it stays: deprecate it, and no new price begins with it.")


class WishInvalid(Invalid):
    code = "alert_invalid"

    def __init__(self, field: str, problem: str | Promise) -> None:
        self.field = field
        super().__init__(problem, field=field)


class AlertLinkExpired(Conflict):
    code = "alert_link_expired"
    text = _("This link is too old. Ask for the alert again: a new link comes by mail.")


class TooManyAlerts(Conflict):
    code = "too_many_alerts"

    def __init__(self, most: int) -> None:
        super().__init__(_("There are %(most)d alerts already. End one of them first.") % {"most": most}, most=most)


class AlertMissing(NotFound):
    code = "alert_missing"
    text = _("There is no such alert.")


class PriceMapChanged(Conflict):
    code = "price_map_changed"
    text = _("The catalogue changed since this was shown. Read the new diff, then import it.")
