import re

import pytest
from django.test import Client

from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.journal.models import AuditEntry
from apps.relay import queries as relay
from tests.cast import add_member, make_team, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, ada, team) -> Client:
    """Ada, with Acme chosen as the payer."""
    return signed_in(client, ada, team)


def signed_in(client: Client, user, team) -> Client:
    client.force_login(user)
    client.post("/console/payer", {"team": team.public_id})
    return client


def test_a_new_token_is_shown_in_one_answer_and_never_again(browser, team):
    answer = browser.post("/console/tokens/new", {"name": "app-dev", "limit": "10", "models": ""})

    secret = re.search(r"sk-[\w-]{49}", answer.content.decode())[0]
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert secret not in browser.get("/console/tokens").content.decode()
    assert relay.tokens_of(team.id)[0].token.limit_nanos == 70 * NANOS_PER_CREDIT  # US$10 at 7 credits


def test_a_limit_of_nothing_has_to_be_meant(browser, team):
    terms = {"name": "app", "limit": "0", "models": ""}

    refused = browser.post("/console/tokens/new", terms)
    browser.post("/console/tokens/new", terms | {"whole_balance": "on"})

    assert "Tick this box if you mean it" in refused.content.decode()
    assert [entry.token.limit_nanos for entry in relay.tokens_of(team.id)] == [0]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"limit": "1e3"}, "Write an amount such as 10 or 10.50"),
        ({"models": "gpt-nowhere"}, "gpt-nowhere"),
        ({"name": "app"}, "name"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_makes_no_token(browser, team, terms, said):
    make_token(team, "app")

    answer = browser.post("/console/tokens/new", {"name": "other", "limit": "1", "models": ""} | terms)

    assert said in re.search(r'class="error".*?</div>', answer.content.decode(), re.DOTALL)[0]
    assert len(relay.tokens_of(team.id)) == 1


def test_an_edit_keeps_a_limit_that_only_looks_rounded(browser, team):
    token, _ = make_token(team, limit="5")  # US$0.714…, shown as 0.71

    form = browser.get(f"/console/tokens/{token.public_id}").content.decode()
    browser.post(f"/console/tokens/{token.public_id}", {"name": "renamed", "limit": "0.71", "models": ""})

    token.refresh_from_db()
    assert 'value="0.71"' in form
    assert (token.name, token.limit_nanos) == ("renamed", 5 * NANOS_PER_CREDIT)


def test_a_token_is_disabled_enabled_and_deleted_and_each_act_names_who(browser, team, ada):
    token, _ = make_token(team)
    page = f"/console/tokens/{token.public_id}"

    browser.post(f"{page}/disable")
    token.refresh_from_db()
    assert token.disabled_at is not None

    browser.post(f"{page}/enable")
    token.refresh_from_db()
    assert token.disabled_at is None

    assert "Delete app?" in browser.get(f"{page}/delete").content.decode()
    browser.post(f"{page}/delete")
    assert relay.tokens_of(team.id) == []
    acts = AuditEntry.objects.filter(target_id=token.public_id, actor_id=ada.pk).order_by("at", "id")
    assert [entry.act for entry in acts][-3:] == ["token.disabled", "token.enabled", "token.deleted"]


def test_a_stranger_finds_no_token_of_another_team(browser):
    foreign, _ = make_token(make_team("Globex"))

    for act in ("", "/delete"):
        assert browser.get(f"/console/tokens/{foreign.public_id}{act}").status_code == 404
    assert browser.post(f"/console/tokens/{foreign.public_id}/disable").status_code == 404


def test_a_viewer_sees_tokens_and_changes_none(client, team):
    token, _ = make_token(team)
    viewer = signed_in(client, add_member(team, "viewer"), team)

    page = viewer.get("/console/tokens").content.decode()

    assert token.name in page
    assert "Delete" not in page
    assert viewer.post(f"/console/tokens/{token.public_id}/delete").status_code == 403
    assert relay.token_by_public_id(team.id, token.public_id) is not None


def test_the_list_asks_as_many_questions_for_many_tokens_as_for_one(browser, team, django_assert_num_queries):
    make_token(team)
    with django_assert_num_queries(9):  # session, user, teams, what is due, balances, tokens, their use, two rates
        browser.get("/console/tokens")
    for n in range(5):
        make_token(team, f"app {n}", expires_at=clock.now().replace(year=2199))

    with django_assert_num_queries(9):
        browser.get("/console/tokens")


def test_a_tiny_limit_is_shown_as_it_is_and_outlives_another_name(browser, team):
    token, _ = make_token(team, "app", limit="0.01")

    page = browser.get(f"/console/tokens/{token.public_id}")
    browser.post(f"/console/tokens/{token.public_id}", {"name": "renamed", "limit": "0.0014285714", "models": ""})

    assert 'value="0.0014285714"' in page.content.decode()
    assert [(row.token.name, row.token.limit_nanos) for row in relay.tokens_of(team.id)] == [("renamed", 10_000_000)]


@pytest.mark.parametrize(
    "page", ["/console/", "/console/tokens", "/console/logs", "/console/settings", "/accounts/2fa/"]
)
def test_no_cache_keeps_a_page_about_somebody(browser, page):
    kept = browser.get(page).headers["Cache-Control"]

    assert "private" in kept
    assert "no-store" in kept
