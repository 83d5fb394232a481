"""The catalogue in the back office. A price is only ever followed by a new one."""

from apps.marketplace.admin.catalogue import CreditRateAdmin, ModelAdmin, ModelTypeAdmin, VendorAdmin
from apps.marketplace.admin.official import OfficialPriceAdmin
from apps.marketplace.admin.prices import PriceVersionAdmin
from apps.marketplace.admin.templates import PricingTemplateAdmin

__all__ = [
    "CreditRateAdmin",
    "ModelAdmin",
    "ModelTypeAdmin",
    "OfficialPriceAdmin",
    "PriceVersionAdmin",
    "PricingTemplateAdmin",
    "VendorAdmin",
]
