"""Ines gets verified and invites Ivo; when he is verified too she earns a reward, and moves it to her balance."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.core import clock
from apps.core.money import credits_text
from apps.promotions import services as promotions
from apps.verification.models import Verification
from apps.wallet import queries as wallet
from tests.staff import sign_in_staff
from tests.stories.person import Visitor
from tests.verification.papers import OTHER_RESIDENT_NUMBER, RESIDENT_NUMBER, png

pytestmark = pytest.mark.django_db


def test_verify_get_credits_invite_earn_and_transfer(ledger_checked: None) -> None:
    ines, ivo = Visitor("ines@example.com"), Visitor("ivo@example.com")
    staff = Client()
    sign_in_staff(staff)

    # Ines is verified and gets the ten credits that the shipped campaign gives.
    ines.sign_up()
    verify(ines, staff, RESIDENT_NUMBER)
    assert balance_of(ines) == "10"
    assert "verified" in " ".join(ines.subjects()).lower()

    # Ivo signs up by her link. Registering alone earns nothing; his verification does.
    link = f"/?ref={promotions.referral_code_of(ines.user.pk, at=clock.now())}"
    assert link in ines.open("/console/referrals")
    ivo.open(link)
    ivo.sign_up(referral_code=link.partition("=")[2])
    assert rewards_of(ines) == 0
    verify(ivo, staff, OTHER_RESIDENT_NUMBER)
    assert balance_of(ivo) == "10"

    # The reward is due at once; it is nothing that calls may spend until Ines moves it.
    assert promotions.release_due_rewards(at=clock.now()) == 1
    assert (rewards_of(ines), balance_of(ines)) == (5_000_000_000, "10")
    assert "i***@e***.com" in ines.open("/console/referrals")
    move(ines, "5")
    assert (rewards_of(ines), balance_of(ines)) == (0, "15")
    assert "Referral" in ines.open("/console/statement")


def verify(person: Visitor, staff: Client, number: str) -> None:
    """Hands in a card, and has it approved by whoever reviews."""
    card = SimpleUploadedFile("card.png", png(), content_type="image/png")
    person.send("/console/verification/apply", country="CN", name="王小明", number=number, front=card)
    row = Verification.objects.latest("pk")
    answer = staff.post(f"/admin/verification/verification/{row.pk}/approve/", {"reason": "the card is clear"})
    assert answer.status_code == 302, answer.content.decode()


def move(person: Visitor, amount: str) -> None:
    person.send("/console/referrals/transfer", amount=amount, team=person.teams["Personal"].public_id)


def balance_of(person: Visitor) -> str:
    return credits_text(wallet.balance_of(person.teams["Personal"].wallet_id).available_nanos)


def rewards_of(person: Visitor) -> int:
    """In nanocredits; 0 as long as nothing was earned."""
    account = promotions.lock_reward_balance(person.user.pk)
    return 0 if account is None else wallet.balance_of(account).available_nanos
