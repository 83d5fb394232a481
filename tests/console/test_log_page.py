import pytest

from tests.cast import add_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, ada, team):
    client.force_login(ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def test_a_new_team_is_shown_how_to_begin(browser):
    assert "No calls yet" in browser.get("/console/logs").content.decode()


def test_filters_that_fit_nothing_offer_to_be_cleared(browser, token):
    page = browser.get(f"/console/logs?token={token[0].pk}&status=429&period=hour").content.decode()

    assert "No calls match these filters" in page


def test_odd_filters_count_as_all(browser):
    page = browser.get("/console/logs?token=x&status=99&period=never&model=").content.decode()

    assert "No calls yet" in page


def test_a_cursor_that_is_not_ours_is_not_found(browser):
    assert browser.get("/console/logs?cursor=!!").status_code == 404


def test_a_cursor_of_another_list_is_not_found(browser):
    assert browser.get("/console/logs?cursor=PDEyMw").status_code == 404


def test_somebody_without_the_right_is_told_who_has_it(client, team):
    client.force_login(add_member(team, "billing"))
    client.post("/console/payer", {"team": team.public_id})

    answer = client.get("/console/tokens")

    assert answer.status_code == 403
    assert "An owner or admin of Acme can open it" in answer.content.decode()


def test_a_foreign_team_cannot_be_chosen_as_payer(browser, client):
    browser.post("/console/payer", {"team": "team_aaaaaaaaaaaaaaaaaaaaaaaaaa"})

    assert "Acme" in browser.get("/console/").content.decode()


def test_the_pages_ask_a_fixed_number_of_questions(browser, django_assert_max_num_queries):
    with django_assert_max_num_queries(
        10
    ):  # session, user, teams, dues, balances, token names, calls, addresses, two rates
        browser.get("/console/logs")
    with django_assert_max_num_queries(21):
        browser.get("/console/")
