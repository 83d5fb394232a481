"""What is announced, and to whom. No tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    RELEASES = "releases", _("Releases")
    MODELS = "models", _("Models")
    PRICES = "prices", _("Prices")
    CAMPAIGNS = "campaigns", _("Campaigns")
    BILLING = "billing", _("Billing")
    MAINTENANCE = "maintenance", _("Maintenance")
    SECURITY = "security", _("Security")


class Audience(models.TextChoices):
    """`groups`: who may see one of the entry's access groups; strangers see what the public catalogue's group sees."""

    EVERYONE = "everyone", _("Everyone")
    SIGNED_IN = "signed_in", _("Who is signed in")
    GROUPS = "groups", _("Who sees one of its access groups")
