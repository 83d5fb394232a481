"""Stop when free credit is used up: who may say so, what pages and API show, and what is written down."""

import pytest
from django.test import Client

from apps.core.money import NANOS_PER_CREDIT
from apps.journal.models import AuditEntry
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from apps.wallet import services as wallet_services
from apps.wallet.types import LotTerms, Mandate
from tests.cast import add_member, make_personal_token
from tests.console.test_token_pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


@pytest.fixture
def browser(client: Client, ada, team) -> Client:
    """Ada, in a team with 100 credits for nothing and 50 that were paid for."""
    wallet_services.grant_lot(
        team.wallet_id,
        Mandate("paid", "for a test", actor=None),
        amount_nanos=50 * NANOS_PER_CREDIT,
        source="purchase",
        terms=LotTerms(paid_minor=5000, currency="CNY"),
    )
    return signed_in(client, ada, team)


def patch(client: Client, team: TeamAccess, **body: object) -> tuple[int, dict]:
    answer = client.patch("/api/wallet", {"team": team.public_id, **body}, "application/json")
    return answer.status_code, answer.json()


def acts(team: TeamAccess) -> list[str]:
    lines = AuditEntry.objects.filter(target_id=team.public_id).exclude(act="team.founded")
    return list(lines.order_by("id").values_list("act", flat=True))


def test_it_is_asked_before_it_is_turned_on_with_what_it_would_mean(browser, team):
    page = browser.get("/console/free-credit").content.decode()

    assert "Stop when free credit is used up?" in page
    assert "US$14.29" in page  # 100 credits for nothing, 7 a dollar
    assert "US$7.14" in page
    assert not wallet.is_free_only(team.wallet_id)


def test_it_is_turned_on_and_undone_at_once_and_both_name_who(browser, team, ada):
    browser.post("/console/free-credit/stop")
    assert wallet.is_free_only(team.wallet_id)
    assert "Only free credit is spent: US$14.29 left" in browser.get("/console/").content.decode()
    assert "Spend all credit again" in browser.get("/console/statement").content.decode()

    browser.post("/console/free-credit/go-on")
    assert not wallet.is_free_only(team.wallet_id)
    assert "Only free credit is spent" not in browser.get("/console/").content.decode()
    assert acts(team) == ["wallet.free_only_on", "wallet.free_only_off"]
    assert set(AuditEntry.objects.filter(target_id=team.public_id).values_list("actor_id", flat=True)) == {ada.pk}


def test_turning_it_on_twice_is_one_act(browser, team):
    browser.post("/console/free-credit/stop")
    browser.post("/console/free-credit/stop")

    assert acts(team) == ["wallet.free_only_on"]


def test_without_free_credit_the_question_says_what_happens(client, ada, team):
    for lot in wallet.lots_of(team.wallet_id):
        wallet_services.withdraw_lot(lot.lot_id, Mandate("all", "for a test", actor=None))

    page = signed_in(client, ada, team).get("/console/free-credit").content.decode()

    assert "Every call is refused as soon as you turn this on." in page


def test_home_says_when_free_credit_is_used_up(browser, team):
    browser.post("/console/free-credit/stop")
    for lot in wallet.lots_of(team.wallet_id):
        if not lot.is_paid:
            wallet_services.withdraw_lot(lot.lot_id, Mandate("all", "for a test", actor=None))

    assert "Free credit is used up" in browser.get("/console/").content.decode()


@pytest.mark.parametrize(("role", "may"), [("billing", True), ("developer", False), ("viewer", False)])
def test_only_who_has_the_billing_right_sees_a_button(client, team, role, may):
    member = signed_in(client, add_member(team, role), team)

    page = member.get("/console/statement").content.decode()

    assert "Stop when free credit is used up" in page
    assert ("/console/free-credit" in page) is may


def test_the_api_shows_and_sets_it(browser, team):
    _, before = patch(browser, team, stop_when_free_is_used_up=False)
    status, after = patch(browser, team, stop_when_free_is_used_up=True)

    assert before == {"team": team.public_id, "stop_when_free_is_used_up": False}
    assert (status, after) == (200, {"team": team.public_id, "stop_when_free_is_used_up": True})
    shown = browser.get(f"/api/wallet?team={team.public_id}").json()
    assert (shown["stop_when_free_is_used_up"], shown["free_remaining"], shown["balance"]) == (True, "100", "150")
    assert acts(team) == ["wallet.free_only_on"]


@pytest.mark.parametrize(
    "body",
    [{}, {"stop_when_free_is_used_up": None}, {"stop_when_free_is_used_up": "maybe"}, {"stop_when_free": True}],
)
def test_a_body_that_does_not_say_which_is_refused(browser, team, body):
    status, _ = patch(browser, team, **body)

    assert status == 400
    assert not wallet.is_free_only(team.wallet_id)


@pytest.mark.parametrize(("scope", "status"), [("topup", 200), ("read", 403), ("tokens", 403)])
def test_a_script_needs_the_scope_topup(team, scope, status):
    script = Client(headers={"Authorization": f"Bearer {make_personal_token(team, scope).secret}"})

    assert patch(script, team, stop_when_free_is_used_up=True)[0] == status
