"""The request log: a team's own calls, newest first, by pages and filters."""

from datetime import timedelta
from typing import Any

import pytest

from apps.usage import queries
from apps.usage.types import LogFilters
from tests.usage.calls import charged, row, this_morning

pytestmark = pytest.mark.django_db

EVERYTHING = LogFilters()
MINUTE = timedelta(minutes=1)


def test_a_call_is_shown_with_what_it_cost_and_where_it_came_from() -> None:
    call = row(ip="192.0.2.7", cached_tokens=5, status=200)
    charged(call, 105_000)

    (shown,) = queries.log_page(1, EVERYTHING).results

    assert shown.call_id == call.id
    assert shown.request_id.startswith("req_")
    assert (shown.model_code, shown.input_tokens, shown.cached_tokens) == ("gpt-4o-mini", 12, 5)
    assert (shown.charge_nanos, shown.ip) == (105_000, "192.0.2.7")


def test_a_team_sees_its_own_calls_alone() -> None:
    charged(row(team_id=2))

    assert queries.log_page(1, EVERYTHING).results == []


def test_the_newest_call_comes_first_and_pages_follow_one_another() -> None:
    calls = [charged(row(this_morning() + n * MINUTE)) for n in range(5)]

    first = queries.log_page(1, EVERYTHING, size=2)
    second = queries.log_page(1, EVERYTHING, size=2, cursor=first.next)
    third = queries.log_page(1, EVERYTHING, size=2, cursor=second.next)

    assert [[call.call_id for call in page.results] for page in (first, second, third)] == [
        [calls[4], calls[3]],
        [calls[2], calls[1]],
        [calls[0]],
    ]
    assert third.next is None


@pytest.mark.parametrize(
    "filters",
    [
        LogFilters(token_id=30),
        LogFilters(model_code="claude-opus-5"),
        LogFilters(status=502),
        LogFilters(from_at=this_morning() + 10 * MINUTE),
        LogFilters(token_id=30, status=502, to_at=this_morning() + 11 * MINUTE),
    ],
)
def test_each_filter_finds_the_one_call(filters: LogFilters) -> None:
    charged(row())
    charged(row(this_morning() + MINUTE))
    other = row(this_morning() + 10 * MINUTE, token_id=30, model_code="claude-opus-5", status=502)
    charged(other)

    assert [call.call_id for call in queries.log_page(1, filters).results] == [other.id]


def test_a_span_includes_its_beginning_and_not_its_end() -> None:
    early, late = charged(row()), charged(row(this_morning() + MINUTE))

    until = queries.log_page(1, LogFilters(to_at=this_morning() + MINUTE))
    since = queries.log_page(1, LogFilters(from_at=this_morning() + MINUTE))

    assert [call.call_id for call in until.results] == [early]
    assert [call.call_id for call in since.results] == [late]


def test_a_page_takes_two_queries_however_long(django_assert_num_queries: Any) -> None:
    for n in range(10):
        charged(row(this_morning() + n * MINUTE, ip="192.0.2.7"))

    with django_assert_num_queries(2):
        page = queries.log_page(1, EVERYTHING)

    assert len(page.results) == 10


def test_one_call_is_found_by_its_id_within_its_team() -> None:
    call_id = charged(row())

    found = queries.logged_call(1, call_id)

    assert found is not None
    assert found.call_id == call_id
    assert queries.logged_call(2, call_id) is None
