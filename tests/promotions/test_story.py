"""A whole story: somebody is invited, verifies, brings credits to both, and the inviter spends the reward."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts.models import User
from apps.core import clock
from apps.promotions import queries
from apps.promotions import services as promotions
from apps.teams import services as teams
from apps.wallet import queries as wallet
from tests.cast import make_user
from tests.promotions.stage import CREDIT
from tests.staff import sign_in_again
from tests.verification.papers import apply, approve

pytestmark = pytest.mark.django_db


def test_an_invitation_becomes_a_reward_that_is_spendable_once_it_was_moved(client):
    inviter = make_user("inviter@example.com")
    User.objects.filter(pk=inviter.pk).update(joined_at=clock.now() - timedelta(days=40))
    link = shared_link(inviter)

    invitee = sign_up(client, link)
    assert approve(apply(invitee, at=clock.now()), at=clock.now()) == 10 * CREDIT
    assert balance(invitee) == 10 * CREDIT

    promotions.release_due_rewards(at=clock.now() + timedelta(minutes=1))
    assert queries.reward_sums_of(inviter.pk).available_nanos == 5 * CREDIT
    assert balance(inviter) == 0

    move(inviter, "5")
    assert queries.reward_sums_of(inviter.pk).transferred_nanos == 5 * CREDIT
    assert balance(inviter) == 5 * CREDIT


def shared_link(inviter: User) -> str:
    session = Client()
    session.force_login(inviter)
    session.get("/console/referrals")
    return queries.referral_link_of(inviter.pk).link


def sign_up(client: Client, link: str) -> User:
    page = client.get(link.partition("//")[2].partition("/")[2].join(("/", ""))).content.decode()
    code = page.partition('name="referral_code" value="')[2].partition('"')[0]
    form = {"email": "grace@example.com", "password1": "a long walk along the river", "referral_code": code}
    client.post("/accounts/signup/", form)
    assert mail.outbox[-1].to == ["grace@example.com"]
    invitee = people.user_by_email("grace@example.com")
    assert invitee is not None
    return invitee


def move(inviter: User, amount: str) -> None:
    session = Client()
    session.force_login(inviter)
    sign_in_again(session, inviter)
    form = {"amount": amount, "team": teams.personal_team_of(inviter).public_id, "key": "once"}
    assert session.post("/console/referrals/transfer", form)["Location"] == "/console/referrals"


def balance(user: User) -> int:
    return wallet.balance_of(teams.personal_team_of(user).wallet_id).balance_nanos
