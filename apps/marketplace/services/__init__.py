"""Acts on the catalogue, by subject. Each joins the caller's transaction."""

from apps.marketplace.services.credit_rates import set_credit_rate
from apps.marketplace.services.importing import import_section
from apps.marketplace.services.official import record_official_price
from apps.marketplace.services.publishing import publish_price, withdraw_price

__all__ = ["import_section", "publish_price", "record_official_price", "set_credit_rate", "withdraw_price"]
