"""Price alerts and announced changes for the tests that tell of them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.journal.models import OutboxMessage
from apps.marketplace import queries, services
from apps.marketplace.models import Model, PriceChange, PriceVersion
from apps.marketplace.types import Subject, WantedDirection
from apps.marketplace.types.alerts import AlertCard, Wish
from apps.teams.models import AccessGroup
from tests.catalogue import price

DAY = timedelta(days=1)


def wish(subject: str = "all", code: str = "", *, direction: str = "both", percent: str = "0") -> Wish:
    return Wish(Subject(subject), code, WantedDirection(direction), Decimal(percent))


def ask(email: str, wanted: Wish, *, at: datetime) -> None:
    """As a stranger does."""
    services.ask_address(wanted, email=email, sight=queries.sight_of_team(None, at=at), language="en", at=at)


def link_in_mail(email: str) -> str:
    """The secret in the newest mail that asks this address."""
    mail = OutboxMessage.objects.filter(recipient=email, kind="price.asked").order_by("-pk")[0]
    return str(mail.payload["path"]).rpartition("/")[2]


def subscribed(email: str, wanted: Wish, *, at: datetime) -> AlertCard:
    """Asked for and confirmed."""
    ask(email, wanted, at=at)
    return services.confirm_alert(link_in_mail(email), at=at)


def announced(
    code: str, *, old: str = "8", new: str = "10", direction: str = "up", percent: str | None = "25", at: datetime
) -> PriceChange:
    """That the output price of a model of `tests.catalogue` changes a day later: the version and its announcement."""
    model = Model.objects.get(code=code)
    starts_at = at + DAY
    last = model.price_versions.order_by("-number")[0]
    model.price_versions.filter(pk=last.pk).update(ends_at=starts_at)
    config = price(input_tokens=(1_000_000, "2"), output_tokens=(1_000_000, new))
    version = PriceVersion.objects.create(
        model=model,
        number=last.number + 1,
        pricing_config=config,
        entered_config=config,
        starts_at=starts_at,
        published_at=at,
    )
    return change_of(version=version, old=old, new=new, direction=direction, percent=percent, at=at)


def multiplied(code: str, *, old: str, new: str, at: datetime) -> PriceChange:
    """That the multiplier of an access group rises."""
    return change_of(access_group=AccessGroup.objects.get(code=code), old=old, new=new, meter="multiplier", at=at)


def change_of(
    *,
    old: str,
    new: str,
    at: datetime,
    direction: str = "up",
    percent: str | None = "25",
    meter: str = "output_tokens",
    **of: Any,
) -> PriceChange:
    line = {"meter": meter, "conditions": {}, "from": 0, "to": None, "unit": 1_000_000, "old": old, "new": new}
    return PriceChange.objects.create(
        direction=direction,
        lines=[{**line, "percent": percent}],
        largest_percent=None if percent is None else Decimal(percent),
        published_at=at,
        effective_at=at + DAY,
        **of,
    )
