"""Who signs up with a code is bound to its owner, by the field or by a link; a wrong code stops nobody."""

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.console.adapters.sign_up import register
from apps.core import clock
from apps.promotions import services as promotions
from apps.promotions.models import Credit, Referral, ReferralCode
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NEW = {"email": "grace@example.com", "password1": "a long walk along the river"}
WARNING = "The referral code is not valid"


@pytest.fixture
def code() -> str:
    return promotions.referral_code_of(make_user("inviter@example.com").pk, at=clock.now())


def inviter_of(email: str = "grace@example.com") -> str | None:
    referral = Referral.objects.filter(invitee__email=email).select_related("inviter").first()
    return referral.inviter.email if referral else None


def sign_up(client: Client, **fields: str) -> str:
    return client.post("/accounts/signup/", NEW | fields, follow=True).content.decode()


def test_a_new_person_gets_a_code_of_their_own(client):
    sign_up(client)

    assert ReferralCode.objects.filter(user__email="grace@example.com").count() == 1


def test_the_field_binds_to_the_owner_of_the_code(client, code):
    assert WARNING not in sign_up(client, referral_code=f" {code.lower()} ")

    assert inviter_of() == "inviter@example.com"


def test_the_link_fills_the_field_and_is_remembered_over_other_pages(client, code):
    client.get(f"/?ref={code}")
    client.get("/campaigns")

    assert f'value="{code}"' in client.get("/accounts/signup/").content.decode()


def test_a_code_that_was_taken_out_of_the_field_binds_nobody(client, code):
    client.get(f"/accounts/signup/?ref={code}")

    sign_up(client, referral_code="")

    assert inviter_of() is None


@pytest.mark.parametrize("wrong", ["ABCDE23456", "nonsense", "<script>", "x" * 64])
def test_a_wrong_code_warns_and_registers(client, wrong):
    assert WARNING in sign_up(client, referral_code=wrong)

    assert people.user_by_email("grace@example.com") is not None
    assert inviter_of() is None


def test_an_address_with_an_account_is_warned_of_a_wrong_code_as_well(client):
    """Otherwise the warning would tell which addresses have an account."""
    make_user("grace@example.com")

    assert WARNING in sign_up(client, referral_code="ABCDE23456")
    assert len(mail.outbox) == 1


def test_the_code_of_a_suspended_account_is_no_code(client, code):
    User.objects.filter(email="inviter@example.com").update(is_active=False)

    assert WARNING in sign_up(client, referral_code=code)
    assert inviter_of() is None


def test_a_code_is_forgotten_after_signing_up(client, code):
    client.get(f"/accounts/signup/?ref={code}")
    sign_up(client, referral_code=code)

    assert code not in str(dict(client.session))


def test_a_link_opened_by_somebody_signed_in_changes_nothing(client, code):
    person = make_user("grace@example.com")
    client.force_login(person)

    client.get(f"/?ref={code}")

    assert code not in str(dict(client.session))
    assert inviter_of() is None


def test_registering_counts_once_the_address_is_confirmed(client):
    sign_up(client)
    assert not Credit.objects.exists()
    confirmation = next(
        word
        for line in mail.outbox[-1].body.splitlines()
        for word in [line.strip()]
        if word and word.replace("-", "").isalnum() and word.isupper()
    )

    client.post("/accounts/confirm-email/", {"code": confirmation})

    assert [credit.outcome for credit in Credit.objects.all()] == ["no_campaign"]


def test_whoever_comes_with_an_account_elsewhere_is_bound_by_the_link_as_well(client, code, rf):
    client.get(f"/?ref={code}")
    request = rf.get("/accounts/google/login/callback/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    request.session = client.session
    request._messages = FallbackStorage(request)

    register(request, accounts.new_user("grace@example.com", password=None), is_email_confirmed=True)

    assert inviter_of() == "inviter@example.com"
    assert code not in str(dict(request.session))


def test_a_link_costs_the_database_no_session(client):
    client.get("/?ref=ABC%0d%0aSet-Cookie:x")

    assert Session.objects.count() == 0
    assert client.cookies["referral"].value == "ABCSet-Cookie:x"
