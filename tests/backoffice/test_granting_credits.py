"""Staff grant credits on a wallet's page: one act, a reason, once per page."""

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet.models import Lot, Transfer
from tests.staff import grow_old, sign_in_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


@pytest.fixture
def desk(client: Client) -> Client:
    return sign_in_staff(client)


def grant_url(team: TeamAccess) -> str:
    return f"/admin/wallet/account/{team.wallet_id}/grant/"


def key_of(page: bytes) -> str:
    match = re.search(rb'name="key" value="([^"]+)"', page)
    assert match is not None
    return match.group(1).decode()


def test_a_grant_becomes_a_lot_with_its_reason_and_its_giver(desk: Client, team: TeamAccess) -> None:
    page = desk.get(grant_url(team))

    answer = desk.post(grant_url(team), {"amount": "12.5", "reason": "goodwill", "key": key_of(page.content)})

    assert answer.status_code == 302
    assert wallet.balance_of(team.wallet_id).available_nanos == 112_500_000_000
    lot = Lot.objects.filter(wallet_id=team.wallet_id).latest("created_at")
    assert lot.source == "adjustment"
    assert Transfer.objects.get(pk=lot.transfer_id).reason == "goodwill"
    assert Transfer.objects.get(pk=lot.transfer_id).actor_id == User.objects.get(is_staff=True).pk


def test_sending_the_same_page_twice_grants_once(desk: Client, team: TeamAccess) -> None:
    form = {"amount": "5", "reason": "goodwill", "key": key_of(desk.get(grant_url(team)).content)}

    desk.post(grant_url(team), form)
    desk.post(grant_url(team), form)

    assert wallet.balance_of(team.wallet_id).available_nanos == 105_000_000_000


def test_the_same_page_with_another_amount_is_refused(desk: Client, team: TeamAccess) -> None:
    key = key_of(desk.get(grant_url(team)).content)
    desk.post(grant_url(team), {"amount": "5", "reason": "goodwill", "key": key})

    answer = desk.post(grant_url(team), {"amount": "50", "reason": "goodwill", "key": key})

    assert answer.status_code == 200
    assert wallet.balance_of(team.wallet_id).available_nanos == 105_000_000_000


@pytest.mark.parametrize("amount", ["0", "-1", "1e3", "", "NaN", "0.0000000001", "99999999999", "9223372036"])
def test_an_odd_amount_is_refused_and_nothing_happens(desk: Client, team: TeamAccess, amount: str) -> None:
    key = key_of(desk.get(grant_url(team)).content)

    answer = desk.post(grant_url(team), {"amount": amount, "reason": "goodwill", "key": key})

    assert answer.status_code == 200
    assert b"Nothing has happened yet" in answer.content
    assert wallet.balance_of(team.wallet_id).available_nanos == 100_000_000_000


def test_a_grant_needs_a_reason(desk: Client, team: TeamAccess) -> None:
    key = key_of(desk.get(grant_url(team)).content)

    answer = desk.post(grant_url(team), {"amount": "5", "reason": " ", "key": key})

    assert b"Nothing has happened yet" in answer.content
    assert wallet.balance_of(team.wallet_id).available_nanos == 100_000_000_000


def test_support_staff_see_the_wallet_but_may_not_grant(client: Client, team: TeamAccess) -> None:
    sign_in_staff(client, group="support")

    page = client.get(f"/admin/wallet/account/{team.wallet_id}/change/")
    answer = client.get(grant_url(team))

    assert page.status_code == 200
    assert b"/grant/" not in page.content
    assert answer.status_code == 403


def test_money_asks_for_a_recent_sign_in(desk: Client, team: TeamAccess) -> None:
    grow_old(desk)

    answer = desk.get(grant_url(team))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
