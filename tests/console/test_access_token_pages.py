"""The pages of a person's own access tokens: made after a recent sign-in, shown once, revoked after a question."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.console.forms.access_tokens import AccessTokenForm
from apps.core import clock
from apps.teams import queries, services
from apps.teams.models import Membership, PersonalAccessToken, Team
from apps.teams.types import TeamAccess
from tests.cast import access_of, add_member, make_personal_token, make_team, make_user
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db

LIST = "/console/settings/access-tokens"
NEW = f"{LIST}/new"


@pytest.fixture
def browser(client: Client, ada: User, team: TeamAccess) -> Client:
    """Ada, who has just signed in, with Acme chosen as the payer."""
    client.force_login(ada)
    sign_in_again(client, ada)
    client.post("/console/payer", {"team": team.public_id})
    return client


def terms(team: TeamAccess, **other: object) -> dict[str, object]:
    return {"name": "nightly report", "team": team.public_id, "scopes": ["read"], "life": "30"} | other


def test_a_new_token_is_shown_in_one_answer_and_never_again(browser: Client, team: TeamAccess) -> None:
    answer = browser.post(NEW, terms(team, scopes=["read", "tokens"]))

    secret = re.search(r"pat_[\w-]{49}", answer.content.decode())[0]
    caller = queries.caller_by_secret(secret, at=clock.now())
    assert caller is not None
    assert (caller[1].name, caller[1].team.id, caller[1].scopes) == ("nightly report", team.id, {"read", "tokens"})
    assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    page = browser.get(LIST).content.decode()
    assert secret not in page
    assert f"pat_…{secret[-4:]}" in page


def test_a_form_that_was_sent_twice_makes_one_token(browser: Client, team: TeamAccess) -> None:
    browser.post(NEW, terms(team))

    again = browser.post(NEW, terms(team))

    assert "You have a live access token of this name." in again.content.decode()
    assert PersonalAccessToken.objects.count() == 1


def test_a_token_for_another_team_of_mine_acts_there(browser: Client, ada: User, team: TeamAccess) -> None:
    other = make_team("Other", owner=ada)

    browser.post(NEW, terms(other))

    assert PersonalAccessToken.objects.get().team_id == other.id


@pytest.mark.parametrize("days", ["7", "30", "90", "365"])
def test_it_lives_for_as_many_days_as_chosen(browser: Client, team: TeamAccess, days: str) -> None:
    browser.post(NEW, terms(team, life=days))

    row = PersonalAccessToken.objects.get()
    assert row.expires_at - row.created_at == timedelta(days=int(days))


@pytest.mark.parametrize(
    ("expires_on", "expires_at"),
    [
        ("2026-11-22", datetime(2026, 11, 22, 16, tzinfo=UTC)),  # today in Shanghai, which ends at 16:00 UTC
        ("2027-11-22", datetime(2027, 11, 21, 18, tzinfo=UTC)),  # a year from now ends before that day does
    ],
)
def test_it_lives_to_the_end_of_another_day_in_the_readers_zone(
    team: TeamAccess, expires_on: str, expires_at: datetime
) -> None:
    at = datetime(2026, 11, 21, 18, tzinfo=UTC)

    with timezone.override(ZoneInfo("Asia/Shanghai")):
        form = AccessTokenForm(terms(team, life="day", expires_on=expires_on), reader="Ada", teams=[team], at=at)

        assert form.is_valid()
        assert form.expires_at == expires_at


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"life": "day"}, "Choose a day from today on"),
        ({"life": "day", "expires_on": "2020-01-01"}, "Choose a day from today on"),
        ({"life": "day", "expires_on": "2999-01-01"}, "Choose a day from today on"),
        ({"life": "day", "expires_on": "soon"}, "Enter a valid date."),
        ({"life": "400"}, "400 is not one of the available choices."),
        ({"scopes": []}, "Choose at least one scope."),
        ({"scopes": ["refund"]}, "refund is not one of the available choices."),
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_makes_no_token(
    browser: Client, team: TeamAccess, other: dict[str, object], said: str
) -> None:
    answer = browser.post(NEW, terms(team, **other))

    assert said in re.search(r'class="error".*?</div>', answer.content.decode(), re.DOTALL)[0]
    assert not PersonalAccessToken.objects.exists()


def test_no_token_is_made_in_a_team_of_others(browser: Client) -> None:
    answer = browser.post(NEW, terms(make_team("Globex")))

    assert "not one of the available choices" in answer.content.decode()
    assert not PersonalAccessToken.objects.exists()


def test_beyond_the_limit_the_page_says_what_to_do(settings, browser: Client, team: TeamAccess) -> None:
    settings.PERSONAL_TOKENS_PER_USER = 1
    make_personal_token(team)

    answer = browser.post(NEW, terms(team))

    assert "Revoke one first." in answer.content.decode()
    page = browser.get(LIST).content.decode()
    assert "1 of 1" in page
    assert NEW not in page


def test_an_old_sign_in_is_repeated_first_and_the_form_forgotten(client: Client, ada: User, team: TeamAccess) -> None:
    client.force_login(ada)

    asked = [client.get(NEW), client.post(NEW, terms(team))]

    assert [answer["Location"].partition("?")[0] for answer in asked] == ["/accounts/reauthenticate/"] * 2
    assert not PersonalAccessToken.objects.exists()


def test_a_token_is_revoked_after_a_question(browser: Client, ada: User, team: TeamAccess) -> None:
    minted = make_personal_token(team)
    page = f"{LIST}/{minted.token.public_id}/revoke"

    assert f"Revoke {minted.token.name}?" in browser.get(page).content.decode()
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is not None
    answer = browser.post(page, follow=True)

    assert f"{minted.token.name} revoked. It is refused from now on." in answer.content.decode()
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is None
    assert browser.post(page).status_code == 302


def test_nobody_sees_or_revokes_the_token_of_another_member(browser: Client, team: TeamAccess) -> None:
    minted = make_personal_token(access_of(add_member(team, "admin"), team))
    page = f"{LIST}/{minted.token.public_id}/revoke"

    assert minted.token.last_four not in browser.get(LIST).content.decode()
    assert [browser.get(page).status_code, browser.post(page).status_code] == [404, 404]
    assert queries.caller_by_secret(minted.secret, at=clock.now()) is not None


def test_without_tokens_the_page_says_what_they_are_for(browser: Client) -> None:
    page = browser.get(LIST).content.decode()

    assert "A personal access token stands for you in one team" in page
    assert "/api/wallet" in page


def test_ended_tokens_say_why(client: Client, team: TeamAccess) -> None:
    member = make_user()
    teams = {why: make_team(why) for why in ("left", "closed", "revoked", "expired")}
    tokens = {
        why: make_personal_token(access_of(add_member(one, "viewer", user=member), one)).token
        for why, one in teams.items()
    }
    services.revoke_personal_access_token(member.pk, tokens["revoked"].id, at=clock.now())
    PersonalAccessToken.objects.filter(pk=tokens["expired"].id).update(expires_at=clock.now())
    Membership.objects.filter(user=member, team_id=teams["left"].id).delete()
    Team.objects.filter(pk=teams["closed"].id).update(closed_at=clock.now())
    client.force_login(member)

    page = client.get(LIST).content.decode()

    ended = page[page.index('id="ended"') :]
    assert re.findall(r'<span class="badge dot">(.*?)</span>', ended) == [
        "Expired",
        "Revoked",
        "Team closed",
        "No longer in the team",
    ]


def test_the_list_speaks_chinese(browser: Client) -> None:
    browser.cookies["django_language"] = "zh-hans"

    assert "访问令牌" in browser.get(LIST).content.decode()
