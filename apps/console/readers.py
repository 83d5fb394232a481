"""Whom a request is answered for: the unit that leads, and what it is worth today."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from apps.accounts.types import DisplayUnit
from apps.console.amounts import Reader
from apps.core import clock
from apps.core.billing_calendar import billing_zone
from apps.marketplace import queries as marketplace
from apps.marketplace.queries import Listing

if TYPE_CHECKING:
    from apps.accounts.models import User

_READER: Final = "_console_reader"
_CITIES: Final[Mapping[str, Promise]] = {"Asia/Shanghai": _("Shanghai")}
"""Cities that have a name of their own in Chinese."""


def reader_of(request: HttpRequest) -> Reader:
    """Looked up once a request. Anonymous readers get the unit that their language suggests."""
    found = getattr(request, _READER, None)
    if isinstance(found, Reader):
        return found
    reader = reader_at(_unit_of(request), at=clock.now())
    setattr(request, _READER, reader)
    return reader


def reader_by(request: HttpRequest, listing: Listing, *, at: datetime) -> Reader:
    """The same at the rates that stand in a listing, for pages that have read one anyway. No query."""
    usd, cny = (listing.credits_per(currency, at=at) for currency in ("USD", "CNY"))
    reader = Reader(unit=_unit_of(request), credits_per_usd=usd, credits_per_cny=cny)
    setattr(request, _READER, reader)
    return reader


def _unit_of(request: HttpRequest) -> str:
    return request.user.display_unit if request.user.is_authenticated else default_unit(get_language() or "en")


def reader_at(unit: str, *, at: datetime) -> Reader:
    """Somebody who reads amounts in this unit at this instant."""
    return Reader(
        unit=unit,
        credits_per_usd=marketplace.credit_rate("USD", at=at).credits_per_unit,
        credits_per_cny=marketplace.credit_rate("CNY", at=at).credits_per_unit,
    )


def signed_in(request: HttpRequest | Request) -> "User":
    """Whoever sent it, where a page or an endpoint lets in nobody else."""
    return cast("User", request.user)


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The zone that times are told in: the reader's own, and for strangers that of business days."""
    return ZoneInfo(request.user.time_zone) if request.user.is_authenticated else billing_zone()


def billing_city() -> str:
    """The time zone of business days as people call it: `Asia/Shanghai` → `Shanghai`."""
    known = _CITIES.get(settings.BILLING_TZ)
    return str(known) if known else settings.BILLING_TZ.rpartition("/")[2].replace("_", " ")


def default_unit(language: str) -> str:
    """¥ leads for readers in Chinese, US$ for everybody else."""
    return DisplayUnit.CNY if language.startswith("zh") else DisplayUnit.USD
