"""A team's wallet on the platform API."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import uuid7
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.models import TransferKind
from apps.wallet.types import HoldRequest, LotTerms, Mandate
from tests.cast import grant, make_token
from tests.wallet.conftest import LedgerClock, ledger_clock

__all__ = ["ledger_clock"]


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


@pytest.mark.usefixtures("ledger_checked")
def test_balance_and_lots_are_decimal_strings(client: Client, team: TeamAccess, settings: Settings) -> None:
    settings.CREDITS_PER_USD = "8"
    grant(team, "0.000000001")

    body = client.get(f"/api/wallet?team={team.public_id}").json()

    lots = body.pop("lots")
    assert body == {
        "team": team.public_id,
        "balance": "100.000000001",
        "held": "0",
        "available": "100.000000001",
        "usd_equivalent": "12.5",
        "arrears": "0",
        "free_remaining": "100.000000001",
        "stop_when_free_is_used_up": False,
    }
    assert sorted((lot["source"], lot["granted"], lot["remaining"]) for lot in lots) == [
        ("gift", "0.000000001", "0.000000001"),
        ("gift", "100", "100"),
    ]
    assert {(lot["spend_until"], lot["refund_until"]) for lot in lots} == {(None, None)}


@pytest.mark.usefixtures("ledger_checked")
def test_a_call_under_way_is_held_and_not_available(client: Client, team: TeamAccess) -> None:
    token, _ = make_token(team)
    owner = wallet.register_owner("test")
    call = HoldRequest(call_id=uuid7(), accounts=(token.account_id, team.wallet_id), amount_nanos=300_000_000, tokens=0)

    wallet.authorise(call, owner_id=owner)

    body = client.get(f"/api/wallet?team={team.public_id}").json()
    assert (body["balance"], body["held"], body["available"]) == ("100", "0.3", "99.7")


def test_without_a_team_the_own_one_is_meant(client: Client, team: TeamAccess) -> None:
    body = client.get("/api/wallet").json()

    assert body["team"] != team.public_id
    assert (body["balance"], body["lots"]) == ("0", [])


@pytest.mark.usefixtures("ledger_checked")
def test_what_is_owed_stands_as_arrears(client: Client, team: TeamAccess) -> None:
    for n, nanos in enumerate((150_000_000_000, 250_000_000_001)):
        mandate = Mandate(f"fee:{n}", "Storage of Shop", None)
        wallet.open_due(team.wallet_id, mandate, amount_nanos=nanos, kind=TransferKind.STORAGE_FEE, since=clock.now())

    body = client.get(f"/api/wallet?team={team.public_id}").json()

    assert (body["balance"], body["arrears"]) == ("100", "400.000000001")


def test_a_lot_that_has_ended_is_gone_before_the_balance_is_shown(
    client: Client, team: TeamAccess, ledger_clock: LedgerClock
) -> None:
    terms = LotTerms(clock.now() + timedelta(hours=1))
    wallet.grant_lot(team.wallet_id, Mandate("short", "", None), amount_nanos=7, source="code", terms=terms)
    ledger_clock.forward(hours=2)

    body = client.get(f"/api/wallet?team={team.public_id}").json()

    assert body["balance"] == "100"
    assert {lot["source"]: lot["remaining"] for lot in body["lots"]} == {"gift": "100", "code": "0"}
