"""Referral codes: one a person, typed as one likes, replaced by operators only; bound at sign-up and never again."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.journal.models import AuditEntry
from apps.promotions import errors, referral_codes
from apps.promotions import services as promotions
from apps.promotions.models import Referral, ReferralCode
from tests.promotions.stage import make_person, make_referral, on

pytestmark = pytest.mark.django_db


def code_of(user):
    return promotions.referral_code_of(user.pk, at=on(5, 1))


def test_a_code_has_ten_letters_and_figures_that_nobody_misreads():
    code = referral_codes.mint()

    assert len(code) == 10
    assert not set(code) & set("01OIL")
    assert code != referral_codes.mint()


def test_a_code_may_be_typed_with_spaces_hyphens_and_small_letters():
    assert referral_codes.normalised(" abcde-23456 ") == "ABCDE23456"
    assert referral_codes.normalised("abcde 2345O") is None
    assert referral_codes.normalised("A" * 1000) is None


def test_a_person_keeps_one_code():
    person = make_person()

    assert code_of(person) == code_of(person)
    assert ReferralCode.objects.filter(user=person).count() == 1


def test_an_invitee_is_bound_once():
    inviter, other, invitee = make_person(on(1, 1)), make_person(on(1, 1)), make_person(on(5, 1))

    for _ in range(2):
        promotions.bind_invitee(invitee.pk, code=code_of(inviter), at=on(5, 1))
    with pytest.raises(errors.InviterKnown):
        promotions.bind_invitee(invitee.pk, code=code_of(other), at=on(5, 1))

    assert Referral.objects.get(invitee=invitee).inviter == inviter


def test_ones_own_code_is_refused():
    person = make_person()

    with pytest.raises(errors.ReferralCodeOwn):
        promotions.bind_invitee(person.pk, code=code_of(person), at=on(5, 1))


@pytest.mark.parametrize("code", ["", "no such code", "ABCDE23456", "ABCDE\x0023456"])
def test_a_code_of_nobody_is_unknown(code):
    with pytest.raises(errors.ReferralCodeUnknown):
        promotions.bind_invitee(make_person().pk, code=code, at=on(5, 1))


def test_the_code_of_a_suspended_account_is_unknown():
    inviter = make_person(on(1, 1))
    code = code_of(inviter)
    inviter.is_active = False
    inviter.save()

    with pytest.raises(errors.ReferralCodeUnknown):
        promotions.bind_invitee(make_person().pk, code=code, at=on(5, 1))


def test_a_replaced_code_is_unknown_and_the_new_one_works():
    inviter, operator = make_person(on(1, 1)), make_person()
    old = code_of(inviter)

    new = promotions.rotate_referral_code(
        ReferralCode.objects.get(code=old).pk, actor=operator.pk, at=on(5, 2), reason="posted on a forum"
    )

    assert code_of(inviter) == new != old
    with pytest.raises(errors.ReferralCodeUnknown):
        promotions.bind_invitee(make_person().pk, code=old, at=on(5, 2))
    promotions.bind_invitee(make_person().pk, code=new, at=on(5, 2))
    assert AuditEntry.objects.get(act="referral_code.replaced").reason == "posted on a forum"


def test_support_adds_an_inviter_until_seven_days_after_joining():
    inviter, operator = make_person(on(1, 1)), make_person()
    invitee, late = make_person(on(5, 1)), make_person(on(5, 1) - timedelta(seconds=1))
    words = {"code": code_of(inviter), "actor": operator.pk, "reason": "ticket 7", "at": on(5, 8)}
    code_of(invitee), code_of(late)

    promotions.add_inviter(invitee.pk, **words)
    with pytest.raises(errors.TooLateForInviter):
        promotions.add_inviter(late.pk, **words)

    assert Referral.objects.get(invitee=invitee).bound_by == operator
    assert AuditEntry.objects.get(act="referral.added").reason == "ticket 7"
    assert not Referral.objects.filter(invitee=late).exists()


def test_nobody_is_invited_by_somebody_who_joined_later():
    invited, operator = make_person(on(5, 1)), make_person()
    later = make_person(on(5, 2))
    code_of(invited)

    with pytest.raises(errors.InviterTooNew):
        promotions.add_inviter(invited.pk, code=code_of(later), actor=operator.pk, reason="why", at=on(5, 3))


def test_no_operator_becomes_an_inviter_by_an_own_act():
    invitee, operator = make_person(on(5, 1)), make_person(on(1, 1))
    code_of(invitee)

    with pytest.raises(errors.RewardOwn):
        promotions.add_inviter(invitee.pk, code=code_of(operator), actor=operator.pk, reason="why", at=on(5, 3))


def test_the_database_refuses_another_inviter():
    referral = make_referral()

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Referral.objects.filter(pk=referral.pk).update(inviter=make_person())
