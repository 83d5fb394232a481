"""What a person may prefer. No people here."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DisplayUnit(models.TextChoices):
    USD = "usd", _("US dollars")
    CNY = "cny", _("Chinese yuan")
    CREDITS = "credits", _("Credits")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")
