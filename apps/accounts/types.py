"""What a person may prefer, and be told. No people here."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DisplayUnit(models.TextChoices):
    USD = "usd", _("US dollars")
    CNY = "cny", _("Chinese yuan")
    CREDITS = "credits", _("Credits")


class Language(models.TextChoices):
    ENGLISH = "en", _("English")
    CHINESE = "zh-hans", _("Simplified Chinese")


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Something people are told of by mail. Each app declares its own; the console lists all of them as preferences.

    `code` names the templates `mail/<code>.*` and, in the preferences, what a person does not want. A kind that is not
    optional is always sent.
    """

    code: str
    label: str | Promise
    is_optional: bool = True
