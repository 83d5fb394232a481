"""A wallet's statement on the platform API: exact strings, half-open periods, pages that add up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core.ids import public_id
from apps.teams.types import TeamAccess
from apps.wallet.models import TransferKind
from tests.wallet.conftest import CREDIT
from tests.wallet.movements import DAY, charge_at, grant_at, move

pytestmark = pytest.mark.django_db

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def statement(client: Client, team: TeamAccess, **query: str) -> dict:
    response = client.get("/api/wallet/statement", {"team": team.public_id, **query})
    assert response.status_code == 200, response.content
    return response.json()


def test_balances_totals_and_movements_are_decimal_strings(client: Client, team: TeamAccess) -> None:
    lot_id = grant_at(team.wallet_id, 2 * CREDIT, at=DAY - timedelta(seconds=1), reason="order 7")
    call_id = charge_at(team.wallet_id, 1, at=DAY)

    body = statement(client, team, **MARCH)

    call, grant = body.pop("results")
    assert body == {
        "team": team.public_id,
        "from": "2026-02-28T16:00:00Z",
        "to": "2026-03-31T16:00:00Z",
        "opening": "0",
        "closing": "1.999999999",
        "totals": [
            {"kind": "top_up", "amount": "2", "count": 1},
            {"kind": "compute", "amount": "-0.000000001", "count": 1},
        ],
        "next": None,
        "previous": None,
    }
    assert call == {
        "id": public_id("tr", call_id),
        "at": "2026-03-10T00:00:00Z",
        "kind": "compute",
        "amount": "-0.000000001",
        "balance": "1.999999999",
        "request_id": public_id("req", call_id),
        "lot": None,
        "corrects": None,
        "reason": "",
        "business_on": None,
    }
    assert (grant["kind"], grant["lot"], grant["reason"]) == ("top_up", public_id("lot", lot_id), "order 7")


def test_pages_lead_through_all_movements_and_add_up(client: Client, team: TeamAccess) -> None:
    grant_at(team.wallet_id, 2 * CREDIT, at=DAY)
    for n in range(6):
        charge_at(team.wallet_id, n + 1, at=DAY)

    body = statement(client, team, limit="3", **MARCH)
    amounts = [Decimal(movement["amount"]) for movement in body["results"]]
    while body["next"]:
        body = client.get(body["next"]).json()
        amounts += [Decimal(movement["amount"]) for movement in body["results"]]

    assert len(amounts) == 7
    assert Decimal(body["opening"]) + sum(amounts) == Decimal(body["closing"]) == Decimal("1.999999979")


def test_a_period_may_be_instants(client: Client, team: TeamAccess) -> None:
    charge_at(team.wallet_id, 1, at=DAY)

    at_the_start = statement(client, team, **{"from": "2026-03-10T00:00:00Z", "to": "2026-03-10T00:00:01Z"})
    at_the_end = statement(client, team, **{"from": "2026-03-09T00:00:00Z", "to": "2026-03-10T00:00:00Z"})

    assert (len(at_the_start["results"]), len(at_the_end["results"])) == (1, 0)
    assert at_the_end["closing"] == at_the_start["opening"] == "0"


def test_without_a_period_it_is_this_month_so_far(client: Client, team: TeamAccess) -> None:
    body = statement(client, team)

    assert [movement["kind"] for movement in body["results"]] == ["gift"]
    assert (body["opening"], body["closing"]) == ("0", "100")


def test_a_kind_chooses_movements_but_not_balances(client: Client, team: TeamAccess) -> None:
    grant_at(team.wallet_id, 2 * CREDIT, at=DAY)
    move(team.wallet_id, -1, kind=TransferKind.LOT_EXPIRY, at=DAY)

    body = statement(client, team, kind="expiry", **MARCH)

    assert [movement["amount"] for movement in body["results"]] == ["-0.000000001"]
    assert body["closing"] == "1.999999999"


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"from": "2026-02-30"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
        {"from": "2026-03-02", "to": "2026-03-02"},
        {"kind": "loss"},
        {"limit": "0"},
        {"cursor": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(client: Client, team: TeamAccess, query: dict[str, str]) -> None:
    response = client.get("/api/wallet/statement", {"team": team.public_id, **query})

    assert response.status_code == 400
