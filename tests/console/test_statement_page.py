"""The statement's page: what it shows, what it offers, and what it says where there is nothing."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.core.ids import public_id
from apps.teams.types import TeamAccess
from apps.wallet import services
from apps.wallet.models import TransferKind
from apps.wallet.types import LotTerms, Mandate
from tests.cast import make_team
from tests.wallet.conftest import CREDIT
from tests.wallet.movements import DAY, charge_at, grant_at, move

pytestmark = pytest.mark.django_db

MARCH = "/console/statement?period=2026-03"


@pytest.fixture
def browser(client: Client, ada: User, team: TeamAccess) -> Client:
    ada.display_unit = "credits"
    ada.save()
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def shown(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_this_month_is_shown_first(browser: Client) -> None:
    page = shown(browser, "/console/statement")

    assert "+100.0000" in page
    assert "Gift" in page
    assert "for a test" in page


def test_a_months_balances_frame_its_movements(browser: Client, team: TeamAccess) -> None:
    grant_at(team.wallet_id, 50 * CREDIT, at=DAY - timedelta(days=20))
    charge_at(team.wallet_id, 3 * CREDIT, at=DAY)
    move(team.wallet_id, -2 * CREDIT, kind=TransferKind.STORAGE_FEE, at=DAY, reason="Shop")

    context = browser.get(MARCH).context

    assert (context["found"].opening_nanos, context["found"].closing_nanos) == (50 * CREDIT, 45 * CREDIT)
    assert (context["incoming_nanos"], context["outgoing_nanos"]) == (0, -5 * CREDIT)
    assert [line.name for line in context["lines"]] == ["Model calls", "Project storage"]


def test_the_calls_of_a_day_are_one_line_that_leads_to_them(browser: Client, team: TeamAccess) -> None:
    call_id = charge_at(team.wallet_id, 3, at=DAY)
    charge_at(team.wallet_id, 4, at=DAY)

    (line,) = browser.get(MARCH).context["lines"]
    calls = shown(browser, f"/console/statement?{line.day}")

    assert (line.movement.count, line.movement.amount_nanos) == (2, -7)
    assert f'href="/console/logs/{public_id("req", call_id)}"' in calls


def test_one_kind_can_be_chosen(browser: Client, team: TeamAccess) -> None:
    charge_at(team.wallet_id, 3, at=DAY)
    move(team.wallet_id, -2, kind=TransferKind.STORAGE_FEE, at=DAY)

    lines = browser.get(f"{MARCH}&kind=storage").context["lines"]

    assert [line.movement.amount_nanos for line in lines] == [-2]


def test_other_days_can_be_chosen(browser: Client, team: TeamAccess) -> None:
    charge_at(team.wallet_id, 3, at=DAY)

    assert "1 call<" in shown(browser, "/console/statement?from=2026-03-10&to=2026-03-10")
    assert "Nothing moved in these days" in shown(browser, "/console/statement?from=2026-03-11&to=2026-03-12")


def test_days_out_of_order_are_said_to_be_none(browser: Client) -> None:
    page = shown(browser, "/console/statement?from=2026-03-11&to=2026-03-10")

    assert "Choose days in their order" in page


def test_the_last_day_of_the_calendar_is_refused_like_others(browser: Client) -> None:
    assert "Choose days in their order" in shown(browser, "/console/statement?to=9999-12-31")
    assert browser.get("/console/statement.csv?to=9999-12-31").status_code == 404


@pytest.mark.parametrize("query", ["period=x", "period=2026-99", "from=never", "kind=x", "view=x", "from=0001-01-01"])
def test_odd_choices_break_nothing(browser: Client, query: str) -> None:
    assert browser.get(f"/console/statement?{query}").status_code == 200


def test_a_kind_that_did_not_move_offers_all_kinds(browser: Client) -> None:
    assert "Show all kinds" in shown(browser, "/console/statement?kind=storage")


@pytest.mark.parametrize("cursor", ["!!", "PDEyMw", "Pg"])
def test_a_cursor_of_another_list_is_not_found(browser: Client, cursor: str) -> None:
    assert browser.get(f"/console/statement?cursor={cursor}").status_code == 404


def test_many_lines_have_pages(browser: Client, team: TeamAccess) -> None:
    for n in range(53):
        charge_at(team.wallet_id, n + 1, at=DAY)

    first = browser.get(f"{MARCH}&view=calls").context
    second = browser.get(f"/console/statement?{first['older']}").context

    assert (len(first["lines"]), len(second["lines"]), second["older"]) == (50, 3, "")
    assert second["found"].closing_nanos == first["found"].closing_nanos
    assert "period=2026-03" in second["newer"]


def test_lots_are_listed_with_the_soonest_end_first(browser: Client, team: TeamAccess) -> None:
    soon = clock.now() + timedelta(days=3)
    services.grant_lot(
        team.wallet_id, Mandate("soon", "test", None), amount_nanos=CREDIT, source="code", terms=LotTerms(soon)
    )

    lots = browser.get("/console/statement").context["lots"]

    assert [(line.name, line.lot.remaining_nanos) for line in lots] == [
        ("Redeemed code", CREDIT),
        ("Gift", 100 * CREDIT),
    ]


def test_arrears_are_shown_with_their_reasons_here_and_at_home(browser: Client, team: TeamAccess) -> None:
    services.open_due(
        team.wallet_id,
        Mandate("fee:1", "Storage of Shop", None),
        amount_nanos=250 * CREDIT,
        kind=TransferKind.STORAGE_FEE,
        since=clock.now(),
    )

    page = shown(browser, "/console/statement")

    assert "250.00 credits are in arrears" in page
    assert "Storage of Shop" in page
    assert "250.00 credits are in arrears" in shown(browser, "/console/")


def test_nothing_of_another_team_shows(browser: Client) -> None:
    other = make_team("Other", credits="7")
    charge_at(other.wallet_id, 3, at=DAY)

    assert browser.get(MARCH).context["lines"] == []
