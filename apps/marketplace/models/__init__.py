"""The catalogue: vendors, types, models, prices and templates. Prices are never edited, only succeeded."""

from apps.marketplace.models.catalogue import CreditRate, Model, ModelGrant, ModelType, RateCurrency, Vendor
from apps.marketplace.models.dictionaries import CatalogueMark, PricingTemplate
from apps.marketplace.models.prices import OfficialPrice, PriceChange, PriceVersion
from apps.marketplace.models.subscriptions import LIVE, PriceNotice, PriceSubscription, PriceSubscriptionQuerySet
from apps.marketplace.types import Lifecycle

__all__ = [
    "LIVE",
    "CatalogueMark",
    "CreditRate",
    "Lifecycle",
    "Model",
    "ModelGrant",
    "ModelType",
    "OfficialPrice",
    "PriceChange",
    "PriceNotice",
    "PriceSubscription",
    "PriceSubscriptionQuerySet",
    "PriceVersion",
    "PricingTemplate",
    "RateCurrency",
    "Vendor",
]
