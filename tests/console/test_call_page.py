"""What one call cost and why: lines, multiplier and lots add up to the charge, to the nanocredit."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import parse_public_id, public_id, uuid7
from apps.marketplace import queries as marketplace
from apps.marketplace.rating import charge_nanos
from apps.relay.charging import quantities_of
from apps.relay.models import ApiToken
from apps.relay.settlement import SETTLE
from apps.relay.types import Extras, Usage
from apps.teams.types import TeamAccess
from apps.usage import records
from apps.wallet import services
from apps.wallet.types import HoldRequest, LotTerms, Mandate, SettleEntry
from tests.cast import make_team, make_token
from tests.wallet.conftest import CREDIT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue", "ledger_checked")]

USAGE = Usage(input_tokens=12_345, output_tokens=678, cached_tokens=345, reasoning_tokens=78)


@pytest.fixture
def client(ada: User, team: TeamAccess) -> Client:
    client = Client()
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def settled(team: TeamAccess, token: ApiToken, *, multiplier: str = "1.5", charge: int | None = None) -> str:
    """A call that ran through the ledger and the log as the relay settles it; its request id."""
    at, call_id = clock.now(), uuid7()
    model_id = marketplace.model_ids(["chat-small"])["chat-small"]
    price = marketplace.price_in_force(model_id, at=at)
    quantities = quantities_of(USAGE, price.price_list, Extras())
    cost = charge_nanos(price.price_list, quantities, multiplier=Decimal(multiplier)).total_nanos
    row = records.UsageRow(
        id=call_id,
        at=at,
        team_id=team.id,
        wallet_id=team.wallet_id,
        token_id=token.pk,
        model_id=model_id,
        model_code="chat-small",
        channel_id=None,
        access_group="default",
        endpoint="chat.completions",
        price_version_id=price.version_id,
        multiplier=multiplier,
        input_tokens=USAGE.input_tokens,
        output_tokens=USAGE.output_tokens,
        cached_tokens=USAGE.cached_tokens,
        reasoning_tokens=USAGE.reasoning_tokens,
        latency_ms=240,
    )
    accounts = (token.account_id, team.wallet_id)
    services.authorise(HoldRequest(call_id, accounts, CREDIT, tokens=0), owner_id=services.register_owner("test"))
    services.settle_hold(
        SettleEntry(call_id, accounts, cost if charge is None else charge, 0, row.as_row()), statement=SETTLE
    )
    return public_id("req", call_id)


def explained(client: Client, team: TeamAccess, request_id: str) -> dict[str, Any]:
    response = client.get(f"/api/usage/logs/{request_id}", {"team": team.public_id})
    assert response.status_code == 200
    return response.json()


def parts_of(body: dict[str, Any]) -> Decimal:
    lines = sum(Decimal(line["cost"]) for line in body["lines"])
    return lines + Decimal(body["multiplier_cost"]) + Decimal(body["uncharged"])


def test_lines_and_multiplier_add_up_to_the_cost(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    body = explained(client, team, settled(team, token[0]))

    assert [line["meter"] for line in body["lines"]][:2] == ["input_tokens", "cached_input_tokens"]
    assert Decimal(body["multiplier_cost"]) > 0
    assert parts_of(body) == Decimal(body["cost"]) > 0
    assert (body["multiplier"], body["uncharged"], body["held"]) == ("1.5", "0", "1")


def test_the_lots_drawn_add_up_to_the_cost(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    tiny = LotTerms(clock.now() + timedelta(days=1))
    services.grant_lot(team.wallet_id, Mandate("tiny", "", None), amount_nanos=1_000, source="code", terms=tiny)

    body = explained(client, team, settled(team, token[0]))

    code, gift = body["drawn_from"]
    assert (code["source"], code["amount"], gift["source"]) == ("code", "0.000001", "gift")
    assert Decimal(code["amount"]) + Decimal(gift["amount"]) == Decimal(body["cost"])


def test_what_the_balance_could_not_pay_is_a_line_of_its_own(client: Client, ada: User) -> None:
    poor = make_team("Poor", owner=ada, credits="1")

    request_id = settled(poor, make_token(poor)[0], multiplier="100000")

    body = explained(client, poor, request_id)

    assert (body["cost"], body["net"]) == ("1", "1")
    assert Decimal(body["uncharged"]) < 0
    assert parts_of(body) == 1


def test_refunds_are_shown_and_taken_off(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    request_id = settled(team, token[0])
    call_id = parse_public_id("req", request_id)
    assert call_id is not None

    services.refund_charge(call_id, Mandate("cut", "cut off", None), amount_nanos=1_000)

    body = explained(client, team, request_id)

    assert [(refund["amount"], refund["reason"]) for refund in body["refunds"]] == [("0.000001", "cut off")]
    assert Decimal(body["net"]) == Decimal(body["cost"]) - Decimal("0.000001")


def test_the_page_shows_the_same(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    request_id = settled(team, token[0])
    body = explained(client, team, request_id)

    page = client.get(f"/console/logs/{request_id}").content.decode()

    assert body["cost"] in page
    assert all(line["cost"] in page for line in body["lines"])
    assert "Access group default, × 1.5" in page
    assert f'href="/console/logs/{request_id}"' in client.get("/console/logs").content.decode()


def test_the_access_group_is_a_line_of_its_own_even_where_it_changes_nothing(
    client: Client, team: TeamAccess, token: tuple[ApiToken, str]
) -> None:
    request_id = settled(team, token[0], multiplier="1")

    body = explained(client, team, request_id)
    page = client.get(f"/console/logs/{request_id}").content.decode()

    assert (body["access_group"], body["multiplier"], body["multiplier_cost"]) == ("default", "1", "0")
    assert "Access group default, × 1" in page


def test_a_call_without_usage_cost_nothing(client: Client, team: TeamAccess, token: tuple[ApiToken, str]) -> None:
    request_id = settled(team, token[0], charge=0)

    body = explained(client, team, request_id)

    assert parts_of(body) == 0
    assert body["drawn_from"] == []


@pytest.mark.parametrize("of_other_team", [True, False])
def test_strangers_learn_nothing(client: Client, team: TeamAccess, of_other_team: bool) -> None:
    other = make_team("Other")
    request_id = settled(other, make_token(other)[0]) if of_other_team else public_id("req", uuid7())

    assert client.get(f"/console/logs/{request_id}").status_code == 404
    assert client.get(f"/api/usage/logs/{request_id}", {"team": team.public_id}).status_code == 404
