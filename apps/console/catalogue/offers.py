"""What search engines read of a price: one offer a meter, at the smallest size, in US dollars. Microdata, no script."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from apps.console.amounts import unit_price
from apps.console.catalogue.model_page import ModelPage
from apps.console.words.models import COLUMN_NAMES, name_of, per_unit
from apps.console.words.wallet import METER_NAMES

_IN_STOCK: Final = "https://schema.org/InStock"
_DISCONTINUED: Final = "https://schema.org/Discontinued"
_NOT_YET: Final = "https://schema.org/OutOfStock"


@dataclass(frozen=True, slots=True)
class Offer:
    name: str
    price: str
    currency: str
    unit: str
    availability: str


def offers_of(page: ModelPage, *, credits_per_usd: Decimal) -> Iterator[Offer]:
    availability = _availability(page)
    for table in page.price.tables if page.price else ():
        for column, cell in zip(table.columns, table.rows[0].cells, strict=True):
            if cell.nanos is not None:
                yield Offer(
                    name=name_of(column.meter, COLUMN_NAMES if column.meter in COLUMN_NAMES else METER_NAMES),
                    price=unit_price(cell.nanos, credits_per_usd).replace(",", ""),
                    currency="USD",
                    unit=per_unit(column.meter, column.unit),
                    availability=availability,
                )


def _availability(page: ModelPage) -> str:
    if page.is_callable:
        return _IN_STOCK
    return _DISCONTINUED if page.model.card.lifecycle == "retired" else _NOT_YET
