"""Usage records in the back office: found by their ids, bounded in time, changed by nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.ids import public_id
from tests.cast import make_team
from tests.staff import sign_in_staff
from tests.usage.calls import charged, row

pytestmark = pytest.mark.django_db

LIST = "admin:usage_usagerecord_changelist"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in_staff(client)


@pytest.fixture
def team_id() -> int:
    return make_team().id


def shown(staff: Client, **query: str) -> list[Any]:
    response = staff.get(reverse(LIST), query)
    assert response.status_code == 200
    return [record.id for record in response.context["cl"].result_list]


def test_the_calls_of_the_last_day_are_listed_with_their_cost(staff: Client, team_id: int) -> None:
    call_id = charged(row(datetime.now(UTC), team_id=team_id), 105_000)

    page = staff.get(reverse(LIST))

    assert [record.id for record in page.context["cl"].result_list] == [call_id]
    assert "0.000105" in page.content.decode()


def test_a_shorter_period_leaves_older_calls_out(staff: Client, team_id: int) -> None:
    now = datetime.now(UTC)
    earlier = max(now - timedelta(hours=2), now.replace(hour=0, minute=0, second=0, microsecond=0))
    old, new = charged(row(earlier, team_id=team_id)), charged(row(now, team_id=team_id))

    assert shown(staff, period="hour")[0] == new
    assert shown(staff, period="day") == [new, old]


def test_a_call_is_found_by_its_request_id_and_by_its_model(staff: Client, team_id: int) -> None:
    call_id = charged(row(datetime.now(UTC), team_id=team_id))
    charged(row(datetime.now(UTC), team_id=team_id, model_code="claude-opus-5"))

    assert shown(staff, q=public_id("req", call_id)) == [call_id]
    assert shown(staff, q="gpt-4o-mini") == [call_id]
    assert shown(staff, q="gpt") == []


def test_failed_calls_can_be_picked_out(staff: Client, team_id: int) -> None:
    charged(row(datetime.now(UTC), team_id=team_id))
    failed = charged(row(datetime.now(UTC), team_id=team_id, status=502))

    assert shown(staff, outcome="ours") == [failed]


def test_a_call_shows_its_address_and_takes_no_change(staff: Client, team_id: int) -> None:
    call_id = charged(row(datetime.now(UTC), team_id=team_id, ip="192.0.2.7"))
    url = reverse("admin:usage_usagerecord_change", args=[call_id])

    assert "192.0.2.7" in staff.get(url).content.decode()
    assert staff.post(url, {"status": "200"}).status_code == 403


def test_the_list_takes_the_same_queries_however_many_calls(
    staff: Client, team_id: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        charged(row(datetime.now(UTC), team_id=team_id))

    staff.get(reverse("admin:index"))  # the first page of a session notes the session
    with django_assert_max_num_queries(9):
        staff.get(reverse(LIST))
