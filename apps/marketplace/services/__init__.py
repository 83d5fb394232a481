"""Acts on the catalogue, by subject. Each joins the caller's transaction."""

from apps.marketplace.services.credit_rates import set_credit_rate
from apps.marketplace.services.importing import import_section
from apps.marketplace.services.marks import prune_marks
from apps.marketplace.services.official import record_official_price
from apps.marketplace.services.publishing import publish_price, withdraw_price
from apps.marketplace.services.templates import (
    add_template_version,
    deprecate_template,
    publish_template,
    reinstate_template,
    remove_template,
)

__all__ = [
    "add_template_version",
    "deprecate_template",
    "import_section",
    "prune_marks",
    "publish_price",
    "publish_template",
    "record_official_price",
    "reinstate_template",
    "remove_template",
    "set_credit_rate",
    "withdraw_price",
]
