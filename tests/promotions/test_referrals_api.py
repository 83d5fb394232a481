"""/api/referrals: what the page shows, for programs; a transfer that an Idempotency-Key makes safe to repeat."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.promotions import services as promotions
from apps.teams import services as teams
from tests.cast import make_personal_token, make_team, make_user
from tests.promotions.stage import CREDIT, balance_of, pay, rewards_account
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def inviter() -> User:
    """Somebody with 15 credits of rewards and three invitees."""
    person = make_user("inviter@example.com")
    User.objects.filter(pk=person.pk).update(joined_at=clock.now() - timedelta(days=1))
    code = promotions.referral_code_of(person.pk, at=clock.now())
    for number in range(3):
        invitee = make_user(f"invitee{number}@example.com")
        promotions.bind_invitee(invitee.pk, code=code, at=clock.now())
        pay(invitee, "100", at=clock.now())
    promotions.release_due_rewards(at=clock.now() + timedelta(days=7))
    return person


@pytest.fixture
def session(client: Client, inviter: User) -> Client:
    client.force_login(inviter)
    sign_in_again(client, inviter)
    return client


def transfer(client: Client, body: dict[str, object], **headers: str):
    return client.post("/api/referrals/transfers", json.dumps(body), content_type="application/json", headers=headers)


def test_the_summary_comes_with_a_page_of_masked_invitees(session):
    body = session.get("/api/referrals", {"limit": 2}).json()

    assert body["rewards"] == {"pending": "0", "available": "15", "transferred": "0", "shortfall": "0"}
    assert body["link"].endswith(f"?ref={body['code']}")
    assert [row["invitee"] for row in body["results"]] == ["i***@e***.com"] * 2
    reward = body["results"][0]["rewards"][0]
    assert (reward["trigger"], reward["status"], reward["amount"]) == ("purchased", "available", "5")
    assert len(session.get(body["next"]).json()["results"]) == 1
    assert "invitee" not in body["results"][0]["invitee"]


def test_a_transfer_goes_to_the_personal_team_unless_another_is_named(session, inviter):
    team = make_team("Acme", owner=inviter, credits="0")

    first = transfer(session, {"amount": "10"})
    second = transfer(session, {"amount": "2.5", "team": team.public_id})

    assert (first.status_code, first.json()["team"]) == (201, teams.personal_team_of(inviter).public_id)
    assert (second.json()["team"], second.json()["amount"]) == (team.public_id, "2.5")
    assert (rewards_account(inviter), balance_of(inviter)) == (Decimal("2.5") * CREDIT, 10 * CREDIT)


def test_of_two_transfers_of_10_with_15_one_is_made_and_one_is_409(session, inviter):
    answers = [transfer(session, {"amount": "10"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["error"]["code"] == "rewards_too_low"
    assert rewards_account(inviter) == 5 * CREDIT


def test_an_idempotency_key_makes_a_repeat_show_the_first_transfer(session, inviter):
    key = {"Idempotency-Key": "move-1"}

    first, again = (transfer(session, {"amount": "10"}, **key) for _ in range(2))
    other = transfer(session, {"amount": "3"}, **key)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert rewards_account(inviter) == 5 * CREDIT


def test_a_session_that_grew_old_moves_nothing_before_it_signs_in_again(client, inviter):
    client.force_login(inviter)

    answer = transfer(client, {"amount": "10"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "recent_sign_in_required")
    assert rewards_account(inviter) == 15 * CREDIT


@pytest.mark.parametrize("body", [{}, {"amount": 10}, {"amount": "0.5"}, {"amount": "-1"}, {"amount": "1", "x": 1}])
def test_a_body_that_cannot_be_read_moves_nothing(session, inviter, body):
    assert transfer(session, body).status_code == 400
    assert rewards_account(inviter) == 15 * CREDIT


def test_a_personal_token_moves_rewards_to_its_own_team_only(inviter):
    acme, other = (make_team(name, owner=inviter, credits="0") for name in ("Acme", "Other"))
    script = Client(headers={"Authorization": f"Bearer {make_personal_token(acme, 'topup').secret}"})

    assert transfer(script, {"amount": "1"}).json()["team"] == acme.public_id
    assert transfer(script, {"amount": "1", "team": other.public_id}).status_code == 404
