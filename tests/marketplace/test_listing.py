"""What a list of models shows: filters, counts, order and pages, on values alone."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from apps.core.pagination import Cursor, CursorInvalid
from apps.marketplace.leading_prices import leading_prices
from apps.marketplace.listing import (
    Filters,
    ListedModel,
    ListedVersion,
    facets_of,
    in_order,
    matching,
    page_of,
    recommended_by_use,
    seen_by,
)
from apps.marketplace.types import Reach
from tests.marketplace.configs import config, item

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)


def model(id_: int, code: str = "", **facts: Any) -> ListedModel:
    """A chat model of acme at 2 credits for a million input tokens, as everybody sees it."""
    code = code or f"model-{id_}"
    price = facts.pop("price", "2")
    display = facts.pop("display", {}) | {"context_length": facts.pop("context", None), "order": facts.pop("order", 10)}
    pricing = None if price is None else config(item("input_tokens", price))
    known: dict[str, Any] = {
        "type": "chat",
        "vendor": "acme",
        "lifecycle": "ga",
        "groups": frozenset({"default"}),
        "capabilities": frozenset(),
        "modalities": frozenset({"text"}),
        "successor": None,
    }
    return ListedModel(
        id=id_,
        code=code,
        type_name={},
        type_position=0,
        vendor_name={},
        created_at=NOON + timedelta(days=id_),
        retired_on=None,
        display_config=display,
        version=None if pricing is None else ListedVersion(1, NOON, None, json.dumps(pricing).encode()),
        prices=leading_prices(pricing),
        coming=None,
        search_text="\n".join((code, *display.get("title", {}).values(), "acme ai")).casefold(),
        **(known | facts),
    )


def ids(models: Any) -> list[int]:
    return [found.id for found in models]


CHAT = model(1, capabilities=frozenset({"tools", "vision"}), modalities=frozenset({"text", "image"}), context=128_000)
CODER = model(2, vendor="other", capabilities=frozenset({"tools"}), price="0.5")
PAINTER = model(3, type="image", modalities=frozenset({"text", "image"}), price=None)
OLD = model(4, lifecycle="retired")
ALL = [CHAT, CODER, PAINTER, OLD]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), [1, 2, 3, 4]),
        (Filters(types=frozenset({"chat"})), [1, 2, 4]),
        (Filters(types=frozenset({"chat", "image"})), [1, 2, 3, 4]),
        (Filters(vendors=frozenset({"other"})), [2]),
        (Filters(lifecycles=frozenset({"ga", "beta"})), [1, 2, 3]),
        (Filters(capabilities=frozenset({"tools"})), [1, 2]),
        (Filters(capabilities=frozenset({"tools", "vision"})), [1]),
        (Filters(modalities=frozenset({"image"})), [1, 3]),
        (Filters(min_context=128_000), [1]),
        (Filters(max_price=Decimal("0.5")), [2]),
        (Filters(max_price=Decimal("2")), [1, 2, 4]),
        (Filters(types=frozenset({"nothing"})), []),
    ],
)
def test_what_is_asked_for_is_what_is_left(filters: Filters, found: list[int]) -> None:
    assert ids(matching(ALL, filters)) == found


@pytest.mark.parametrize("search", ["SOL", "gpt sol", "6.1", " acme  sol ", "太阳"])
def test_every_word_of_a_search_stands_in_the_id_a_name_or_the_vendor(search: str) -> None:
    sol = model(1, "gpt-6.1-sol", display={"title": {"en": "GPT-6.1 Sol", "zh-hans": "GPT-6.1 太阳"}})

    assert ids(matching([sol, model(2, "qwen-max")], Filters(search=search))) == [1]


def test_the_very_name_comes_first_then_names_that_begin_so() -> None:
    models = [model(1, "not-gpt-4o", order=1), model(2, "gpt-4o-mini", order=2), model(3, "gpt-4o", order=3)]

    assert ids(page_of(models, Filters(search="GPT-4o ")).results) == [3, 2, 1]


def test_counts_say_what_another_choice_of_the_same_kind_would_leave() -> None:
    facets = facets_of(ALL, Filters(types=frozenset({"image"}), lifecycles=frozenset({"ga"})))

    assert facets.types == {"chat": 2, "image": 1}
    assert facets.lifecycles == {"ga": 1}
    assert facets.vendors == {"acme": 1}


def test_counts_of_abilities_say_what_one_more_of_them_would_leave() -> None:
    facets = facets_of(ALL, Filters(capabilities=frozenset({"tools"})))

    assert facets.capabilities == {"tools": 2, "vision": 1}
    assert facets.modalities == {"text": 2, "image": 1}


def test_the_count_of_a_choice_is_what_choosing_it_finds() -> None:
    for type_, count in facets_of(ALL, Filters(vendors=frozenset({"acme"}))).types.items():
        asked = Filters(vendors=frozenset({"acme"}), types=frozenset({type_}))
        assert len(matching(ALL, asked)) == count


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("recommended", [2, 1, 3]),
        ("price", [3, 2, 1]),
        ("newest", [3, 2, 1]),
        ("context", [1, 2, 3]),
        ("name", [3, 1, 2]),
    ],
)
def test_each_order_is_what_its_name_says(sort: str, order: list[int]) -> None:
    models = [
        model(1, "beta", order=20, price=None, context=200_000),
        model(2, "gamma", order=10, price="3", context=100_000),
        model(3, "alpha", order=30, price="1"),
    ]

    assert ids(in_order(models, sort)) == order


def walk(models: list[ListedModel], filters: Filters, size: int) -> tuple[list[int], list[int]]:
    """Ids as found page by page forwards, then backwards from the last page."""
    page = page_of(models, filters, size=size)
    pages = [ids(page.results)]
    while page.next:
        page = page_of(models, filters, cursor=page.next, size=size)
        pages.append(ids(page.results))
    back = [pages[-1]]
    while page.previous:
        page = page_of(models, filters, cursor=page.previous, size=size)
        back.insert(0, ids(page.results))
    return list(chain(*pages)), list(chain(*back))


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_show_everything_once_in_both_directions(size: int) -> None:
    models = [model(number, order=number, lifecycle="ga" if number % 3 else "retired") for number in range(1, 11)]
    everything = [1, 2, 4, 5, 7, 8, 10]

    assert walk(models, Filters(lifecycles=frozenset({"ga"})), size) == (everything, everything)


def test_the_first_page_has_no_previous_and_the_last_no_next() -> None:
    models = [model(1), model(2)]

    first = page_of(models, Filters(), size=1)
    last = page_of(models, Filters(), cursor=first.next, size=1)

    assert (first.previous, last.next) == (None, None)
    assert (first.before, last.before, last.count) == (0, 1, 2)
    assert page_of(models, Filters(), size=2).next is None


def test_a_cursor_stays_good_when_its_model_no_longer_matches() -> None:
    models = [model(1, order=1), model(2, order=2, lifecycle="retired"), model(3, order=3)]

    page = page_of(models, Filters(lifecycles=frozenset({"ga"})), cursor=Cursor("2"))

    assert ids(page.results) == [3]


def test_a_cursor_of_a_model_out_of_reach_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        page_of([model(1)], Filters(), cursor=Cursor("2"))


def reach(*groups: tuple[str, str], model_ids: frozenset[int] = frozenset()) -> Reach:
    return Reach(tuple((code, Decimal(by)) for code, by in groups), model_ids)


def test_a_successor_out_of_reach_is_not_named() -> None:
    models = [model(1, "old", successor="new"), model(2, "new", groups=frozenset({"vip"}))]

    (alone,) = seen_by(models, reach(("default", "1")))
    both = seen_by(models, reach(("default", "1"), ("vip", "1")))

    assert alone.successor is None
    assert both[0].successor == "new"


def test_a_filter_by_group_finds_what_that_group_prices() -> None:
    models = [model(1), model(2, groups=frozenset({"vip"})), model(3, groups=frozenset({"default", "vip"}))]

    seen = seen_by(models, reach(("default", "1"), ("vip", "0.8")))

    assert ids(matching(seen, Filters(group="vip"))) == [2]


def test_prices_are_compared_at_the_multiplier_of_the_caller() -> None:
    (seen,) = seen_by([model(1, price="2")], reach(("default", "0.5")))

    assert matching([seen], Filters(max_price=Decimal("1"))) == [seen]


def test_picks_stand_by_use_and_retired_ones_drop_out() -> None:
    coding = {"recommended_for": [{"use": "coding", "note": {"en": "cheap"}}, {"use": "maths"}]}
    models = [model(1, display=coding, order=2), model(2, display={"recommended_for": [{"use": "maths"}]}, order=1)]

    picks = recommended_by_use([*models, model(3, display=coding, lifecycle="retired")])

    assert {use: ids(found for found, _note in entries) for use, entries in picks.items()} == {
        "maths": [2, 1],
        "coding": [1],
    }
    assert picks["coding"][0][1] == {"en": "cheap"}
