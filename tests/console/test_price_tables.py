"""A price list as people read it: a row for each condition and length, a column for each meter."""

from decimal import Decimal

from apps.console.catalogue.price_tables import PriceTable, price_tables
from apps.marketplace.rating import parse_config
from tests.marketplace.configs import config, item, tiered


def shown(table: PriceTable) -> list[tuple[object, ...]]:
    """Conditions, start, end, then the prices in credits."""
    return [
        (dict(row.conditions), row.start, row.end, *(cell.nanos and cell.nanos / 10**9 for cell in row.cells))
        for row in table.rows
    ]


def test_tiers_are_rows_and_meters_are_columns() -> None:
    price = parse_config(
        config(
            tiered("input_tokens", (0, "2"), (272_000, "4")),
            tiered("output_tokens", (0, "10"), (272_000, "15")),
            item("cached_input_tokens", "0.5"),
        )
    )

    (table,) = price_tables(price)

    assert [column.meter for column in table.columns] == ["input_tokens", "cached_input_tokens", "output_tokens"]
    assert (table.unit, table.has_tiers) == (1_000_000, True)
    assert shown(table) == [({}, 0, 272_000, 2, Decimal("0.5"), 10), ({}, 272_000, None, 4, Decimal("0.5"), 15)]


def test_what_is_priced_under_conditions_has_a_row_for_each_of_them() -> None:
    price = parse_config(
        config(
            item("input_tokens", "2"),
            item("output_tokens", "8", thinking=True),
            item("output_tokens", "3", thinking=False),
        )
    )

    (table,) = price_tables(price)

    assert shown(table) == [({"thinking": True}, 0, None, 2, 8), ({"thinking": False}, 0, None, 2, 3)]


def test_a_price_for_everything_else_stands_beside_that_under_a_condition() -> None:
    price = parse_config(config(item("images", "0.2", unit=1), item("images", "0.4", unit=1, quality="high")))

    (table,) = price_tables(price)

    assert [row[0] for row in shown(table)] == [{}, {"quality": "high"}]


def test_conditions_of_different_meters_are_joined() -> None:
    price = parse_config(
        config(
            item("input_tokens", "2", region="sg"),
            item("input_tokens", "3", region="us"),
            item("output_tokens", "8", thinking=True),
        )
    )

    (table,) = price_tables(price)

    assert shown(table) == [
        ({"region": "sg", "thinking": True}, 0, None, 2, 8),
        ({"region": "us", "thinking": True}, 0, None, 3, 8),
    ]


def test_conditions_that_exclude_each_other_each_keep_their_row() -> None:
    price = parse_config(
        config(item("input_tokens", "2", thinking=True), item("output_tokens", "8", thinking=False)),
    )

    (table,) = price_tables(price)

    assert shown(table) == [({"thinking": True}, 0, None, 2, None), ({"thinking": False}, 0, None, None, 8)]


def test_what_is_counted_differently_stands_in_tables_of_its_own() -> None:
    price = parse_config(config(item("input_tokens", "2"), item("web_searches", "0.07", unit=1)))

    assert [table.counts for table in price_tables(price)] == ["tokens", "web_searches"]


def test_the_multiplier_of_the_group_is_in_every_price_and_the_official_one_beside_it() -> None:
    ours = parse_config(config(item("input_tokens", "2"), item("output_tokens", "8")))
    official = parse_config(config(item("input_tokens", "2000", unit=1_000_000_000)))

    (table,) = price_tables(ours, multiplier=Decimal("1.5"), official=official)

    first, second = table.rows[0].cells
    assert (first.nanos, first.official, first.is_above_official) == (3 * 10**9, 2 * 10**9, True)
    assert (second.nanos, second.official, second.is_above_official) == (12 * 10**9, None, False)
