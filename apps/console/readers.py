"""Whom a request is answered for: the unit that leads. Anonymous readers get what their language suggests."""

from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from apps.accounts.types import DisplayUnit
from apps.console.amounts import Reader


def reader_of(request: HttpRequest) -> Reader:
    return Reader(
        unit=request.user.display_unit if request.user.is_authenticated else default_unit(get_language() or "en"),
        credits_per_usd=Decimal(settings.CREDITS_PER_USD),
        credits_per_cny=Decimal(settings.CREDITS_PER_CNY),
    )


def default_unit(language: str) -> str:
    """¥ leads for readers in Chinese, US$ for everybody else."""
    return DisplayUnit.CNY if language.startswith("zh") else DisplayUnit.USD
