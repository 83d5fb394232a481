"""/console/referrals: code, link, rewards and masked history; a transfer that is asked for, then done once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.promotions import services as promotions
from apps.promotions.models import CampaignVersion, ReferralCode, RewardTransfer
from apps.teams import services as teams
from tests.cast import make_user
from tests.promotions.stage import CREDIT, balance_of, pay, rewards_account
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db

PAGE = "/console/referrals"
TRANSFER = "/console/referrals/transfer"


@pytest.fixture
def inviter() -> User:
    """Somebody who joined yesterday, so that others can be invited today."""
    person = make_user("inviter@example.com")
    User.objects.filter(pk=person.pk).update(joined_at=clock.now() - timedelta(days=1), display_unit="credits")
    teams.personal_team_of(person)
    person.refresh_from_db()
    return person


@pytest.fixture
def session(client: Client, inviter: User) -> Client:
    client.force_login(inviter)
    sign_in_again(client, inviter)
    return client


def invite(inviter: User, email: str) -> User:
    invitee = make_user(email)
    code = promotions.referral_code_of(inviter.pk, at=clock.now())
    promotions.bind_invitee(invitee.pk, code=code, at=clock.now())
    return invitee


def give_rewards(inviter: User, amount: str) -> None:
    """Rewards that are available at once: the shipped share is 5 %, a week later."""
    pay(invite(inviter, f"anna{amount}@example.com"), str(Decimal(amount) * 20), at=clock.now())
    promotions.release_due_rewards(at=clock.now() + timedelta(days=7))


def text_of(session: Client, path: str = PAGE, **more: object) -> str:
    return session.get(path, **more).content.decode()


def test_the_page_shows_code_and_link_before_anybody_came(session, inviter):
    text = text_of(session)

    code = ReferralCode.objects.get(user=inviter).code
    assert f"/accounts/signup/?ref={code}" in text
    assert "Nobody came by your link yet" in text
    assert "Share of what people you invited pay" in text


def test_settings_show_the_same_code(session, inviter):
    text_of(session)

    assert ReferralCode.objects.get(user=inviter).code in text_of(session, "/console/settings")


def test_the_history_names_nobody(session, inviter):
    pay(invite(inviter, "grace.hopper@navy.example.org"), "100", at=clock.now())

    text = text_of(session)

    assert "g***@n***.org" in text
    assert "grace" not in text
    assert "hopper" not in text
    assert "5.00 credits" in text


def test_a_transfer_is_asked_for_with_the_amount_on_the_button(session, inviter):
    give_rewards(inviter, "15")
    team = teams.personal_team_of(inviter)

    text = text_of(session, TRANSFER, data={"amount": "10", "team": team.public_id})

    assert "Transfer 10.00 credits" in text
    assert rewards_account(inviter) == 15 * CREDIT


def move(session: Client, inviter: User, amount: str, key: str) -> int:
    team = teams.personal_team_of(inviter).public_id
    return session.post(TRANSFER, {"amount": amount, "team": team, "key": key}).status_code


def test_of_two_clicks_of_10_with_15_one_succeeds_and_one_is_a_conflict(session, inviter):
    give_rewards(inviter, "15")

    assert [move(session, inviter, "10", key) for key in ("one tab", "another tab")] == [302, 409]

    assert (rewards_account(inviter), balance_of(inviter)) == (5 * CREDIT, 10 * CREDIT)


def test_the_same_form_sent_twice_moves_once(session, inviter):
    give_rewards(inviter, "15")

    assert [move(session, inviter, "10", "one form") for _ in range(2)] == [302, 302]

    assert RewardTransfer.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "This field is required"),
        ("ten", "Write an amount in credits"),
        ("1e3", "Write an amount in credits"),
        ("0.5", "Transfer at least 1 credits"),
        ("-3", "Transfer at least 1 credits"),
        ("16", "more than the rewards that are available"),
    ],
)
def test_an_amount_that_cannot_be_moved_is_told_at_the_field(session, inviter, amount, words):
    give_rewards(inviter, "15")
    team = teams.personal_team_of(inviter)

    assert words in text_of(session, TRANSFER, data={"amount": amount, "team": team.public_id})


def test_only_a_post_moves_rewards_and_a_head_moves_none(session, inviter):
    give_rewards(inviter, "15")
    team = teams.personal_team_of(inviter)

    answer = session.head(TRANSFER, {"amount": "10", "team": team.public_id, "key": "k"})

    assert answer.status_code == 200
    assert rewards_account(inviter) == 15 * CREDIT


def test_a_team_of_strangers_is_no_choice(session, inviter):
    give_rewards(inviter, "15")
    stranger = teams.personal_team_of(make_user())

    answer = session.post(TRANSFER, {"amount": "10", "team": stranger.public_id, "key": "k"})

    assert answer.status_code == 200
    assert rewards_account(inviter) == 15 * CREDIT


def test_moving_rewards_asks_for_a_recent_sign_in(client, inviter):
    client.force_login(inviter)

    assert client.get(TRANSFER)["Location"].startswith("/accounts/reauthenticate/")


def test_a_cursor_that_is_none_is_not_found(session):
    assert session.get(PAGE, {"cursor": "x"}).status_code == 404


def test_without_a_campaign_the_page_says_so(session):
    for version in CampaignVersion.objects.filter(ends_at=None):
        promotions.end_version(version.pk, actor=None, at=clock.now(), reason="over")

    assert "No campaign for invitations is in force" in text_of(session)
