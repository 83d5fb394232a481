"""The pages of closing: who may open them, what must be typed, what is told, and where somebody stands afterwards."""

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.console.closing.types import GivenUp
from apps.console.forms.closing import ClosingForm, figure_to_type
from apps.core.ids import uuid7
from apps.teams import services as teams
from apps.teams.models import Team
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import HoldRequest
from tests.cast import access_of, add_member, grant, make_team, make_token, make_user
from tests.staff import sign_in_again
from tests.wallet.purses import CREDIT

pytestmark = pytest.mark.django_db

TEAM, ACCOUNT = "/console/team/close", "/console/settings/close"


def signed_in(client: Client, user: User, team: TeamAccess | None = None) -> Client:
    """With a fresh sign-in, at the pages of this team."""
    client.force_login(user)
    sign_in_again(client, user)
    if team is not None:
        client.post("/console/payer", {"team": team.public_id})
    return client


def form_of(page: str) -> dict[str, str]:
    """The hidden fields as the page has them."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken" and name != "language"}


def typed(page: str, **words: str) -> dict[str, str]:
    return form_of(page) | words


@pytest.fixture
def bob() -> User:
    user = make_user("bob@example.com")
    teams.personal_team_of(user)
    return user


# -- A team ---------------------------------------------------------------------------------------


def test_the_owner_types_name_and_amount_and_the_team_is_closed(client: Client, ada: User, team: TeamAccess) -> None:
    signed_in(client, ada, team)
    page = client.get(TEAM).content.decode()

    answer = client.post(TEAM, typed(page, name="Acme", balance="100"), follow=True)

    assert answer.redirect_chain == [("/console/", 302)]
    assert "Acme is closed." in answer.content.decode()
    assert Team.objects.get(pk=team.id).closed_at is not None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"name": "acme", "balance": "100"}, "Type Acme, exactly as it stands there."),
        ({"name": "", "balance": "100"}, "This field is required."),
        ({"name": "Acme", "balance": ""}, "Type 100.00 to give it up."),
        ({"name": "Acme", "balance": "99"}, "Type 100.00 to give it up."),
        ({"name": "Acme", "balance": "all"}, "Type 100.00 to give it up."),
        ({"name": "Acme", "balance": "NaN"}, "Type 100.00 to give it up."),
    ],
)
def test_anything_else_than_what_is_asked_closes_nothing(
    client: Client, ada: User, team: TeamAccess, words: dict[str, str], told: str
) -> None:
    signed_in(client, ada, team)
    page = client.get(TEAM).content.decode()

    answer = client.post(TEAM, typed(page, **words))

    assert told in answer.content.decode()
    assert Team.objects.get(pk=team.id).closed_at is None


def test_a_balance_that_changed_meanwhile_is_shown_anew(client: Client, ada: User, team: TeamAccess) -> None:
    signed_in(client, ada, team)
    page = client.get(TEAM).content.decode()
    grant(team, "5")

    answer = client.post(TEAM, typed(page, name="Acme", balance="100"))

    assert answer.status_code == 409
    assert "The balance has changed in the meantime" in answer.content.decode()
    assert "To confirm, type: 105.00" in answer.content.decode()


def test_an_amount_of_another_page_is_no_way_around(client: Client, ada: User, team: TeamAccess) -> None:
    signed_in(client, ada, team)
    page = client.get(TEAM).content.decode()

    answer = client.post(TEAM, typed(page, name="Acme", balance="") | {"balance_nanos": "0"})

    assert answer.status_code == 409
    assert Team.objects.get(pk=team.id).closed_at is None


def test_what_is_open_is_told_with_the_way_to_it_and_no_form(client: Client, ada: User, team: TeamAccess) -> None:
    token, _ = make_token(team)
    call = HoldRequest(uuid7(), (token.account_id, team.wallet_id), CREDIT, tokens=0)
    wallet.authorise(call, owner_id=wallet.register_owner("test"))

    page = signed_in(client, ada, team).get(TEAM).content.decode()

    assert "1 call is still under way." in page
    assert 'href="/console/logs"' in page
    assert 'name="balance_nanos"' not in page


def test_the_page_counts_what_ends(client: Client, ada: User, team: TeamAccess) -> None:
    add_member(team, "viewer")
    make_token(team)

    page = signed_in(client, ada, team).get(TEAM).content.decode()

    assert re.search(r"Members</dt><dd>2<", page)
    assert re.search(r"API tokens</dt><dd>1<", page)


def test_the_second_click_closes_no_other_team(client: Client, ada: User, team: TeamAccess) -> None:
    signed_in(client, ada, team)
    sent = typed(client.get(TEAM).content.decode(), name="Acme", balance="100")
    client.post(TEAM, sent)

    answer = client.post(TEAM, sent, follow=True)

    assert answer.redirect_chain == [("/console/", 302)]


def test_a_form_of_one_team_does_not_close_the_one_that_was_chosen_meanwhile(
    client: Client, ada: User, team: TeamAccess
) -> None:
    twin = make_team("Acme", owner=ada)
    signed_in(client, ada, team)
    sent = typed(client.get(TEAM).content.decode(), name="Acme", balance="100")
    client.post("/console/payer", {"team": twin.public_id})

    client.post(TEAM, sent)

    assert not Team.objects.filter(closed_at__isnull=False).exists()


def test_an_old_sign_in_must_be_renewed_first(client: Client, ada: User, team: TeamAccess) -> None:
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})

    assert client.get(TEAM)["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(TEAM, {"name": "Acme"})["Location"].startswith("/accounts/reauthenticate/")


def test_an_admin_is_told_that_the_page_is_not_for_the_role(client: Client, team: TeamAccess) -> None:
    admin = add_member(team, "admin")

    assert signed_in(client, admin, access_of(admin, team)).get(TEAM).status_code == 403


# -- An account -----------------------------------------------------------------------------------


def test_whoever_types_the_address_is_signed_out_for_good(client: Client, bob: User) -> None:
    signed_in(client, bob)
    page = client.get(ACCOUNT).content.decode()

    answer = client.post(ACCOUNT, typed(page, name="bob@example.com"), follow=True)

    assert answer.redirect_chain == [("/account-closed", 302)]
    assert "Your account is closed" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    bob.refresh_from_db()
    assert not bob.is_active


def test_a_personal_balance_is_typed_too(client: Client, bob: User) -> None:
    grant(teams.personal_team_of(bob), "1234.567")
    signed_in(client, bob)
    page = client.get(ACCOUNT).content.decode()

    answer = client.post(ACCOUNT, typed(page, name="bob@example.com", balance="1,234.57"))

    assert answer["Location"] == "/account-closed"


def test_an_owner_finds_the_way_to_each_team(client: Client, bob: User) -> None:
    solo = make_team("Solo", owner=bob)

    page = signed_in(client, bob).get(ACCOUNT).content.decode()

    assert "You own the team Solo. Close it first." in page
    assert f'value="{solo.public_id}"' in page
    answer = client.post("/console/payer", {"team": solo.public_id, "next": "/console/team/close"}, follow=True)
    assert "Close the team Solo" in answer.content.decode()


def test_a_personal_team_is_closed_with_the_account(client: Client, bob: User) -> None:
    assert signed_in(client, bob).get(TEAM)["Location"] == ACCOUNT


def test_staff_are_told_what_to_do_first(client: Client) -> None:
    operator = make_user(is_staff=True)

    page = signed_in(client, operator).get(ACCOUNT)

    if page.status_code == 200:
        assert "Have that right taken away first." in page.content.decode()


# -- What is typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nanos", "figure"),
    [(12_345_678_900, "12.35"), (100 * CREDIT, "100.00"), (1_234_567 * 10**9, "1234567.00"), (7, "0.000000007")],
)
def test_a_figure_is_one_that_a_person_can_type(nanos: int, figure: str) -> None:
    assert figure_to_type(nanos) == figure


@pytest.mark.parametrize("text", ["12.35", " 12.350 ", "１２．３５", "12.35\u3000"])
def test_what_an_input_method_does_to_figures_is_no_error(text: str) -> None:
    sent = {"name": "Acme", "balance_nanos": "12345678900", "balance": text, "reward_nanos": "0"}

    form = ClosingForm(sent, word="Acme", label="Name", shown=GivenUp(12_345_678_900))  # type: ignore[arg-type]

    assert form.is_valid()
    assert form.given_up == GivenUp(12_345_678_900, 0)
