"""Questions that several apps answer together. Writes nothing."""

from dataclasses import dataclass

from apps.core.ids import parse_public_id
from apps.marketplace import queries as marketplace
from apps.marketplace.types import PriceInForce
from apps.relay import queries as relay
from apps.relay.types import CallCost
from apps.usage import queries as usage
from apps.usage.types import CallDetail
from apps.wallet import queries as wallet
from apps.wallet.types import CallEntries, DrawnFrom


@dataclass(frozen=True, slots=True)
class ExplainedCall:
    """A call with all that says why it cost what it did. `price` and `cost` are None where the price is not kept."""

    detail: CallDetail
    price: PriceInForce | None
    cost: CallCost | None
    entries: CallEntries | None
    draws: list[DrawnFrom]

    @property
    def net_nanos(self) -> int:
        """The cost after refunds."""
        return self.entries.net_nanos if self.entries else self.detail.logged.charge_nanos


def explained_call(team_id: int, request_id: str) -> ExplainedCall | None:
    """A call of the team; None for any other id, whoever's it is."""
    call_id = parse_public_id("req", request_id)
    detail = None if call_id is None else usage.call_detail(team_id, call_id)
    if call_id is None or detail is None:
        return None
    price = marketplace.price_version(detail.logged.price_version_id)
    return ExplainedCall(
        detail=detail,
        price=price,
        cost=None if price is None else relay.cost_of_call(detail, price.price_list),
        entries=wallet.entries_of_call(call_id),
        draws=wallet.draws_of(call_id),
    )
