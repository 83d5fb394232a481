"""Where somebody is signed in: seen with device and address, ended one by one or all at once, at once."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from apps.accounts import services as accounts
from apps.core import clock
from tests.cast import PASSWORD, make_user
from tests.staff import grow_old

pytestmark = pytest.mark.django_db

PAGE = "/console/security/sessions"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"


@pytest.fixture
def ada():
    return make_user("ada@example.com")


def signed_in(person, **extra):
    browser = Client(**extra)
    browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    return browser


def is_in(browser):
    return browser.get("/console/settings").status_code == 200


def test_the_page_shows_device_address_and_which_one_this_is(client, ada):
    signed_in(ada, headers={"user-agent": CHROME}, REMOTE_ADDR="203.0.113.9")
    here = signed_in(ada)

    page = here.get(PAGE).content.decode()

    assert "Chrome on Android" in page
    assert "203.0.113.9" in page
    assert page.count("This browser") == 1
    assert page.count(f'action="{PAGE}/') == 2  # one other session, and all others


def test_one_session_is_ended_and_is_out_at_once(ada):
    here, there = signed_in(ada), signed_in(ada)
    [other] = UserSession.objects.exclude(session_key=here.session.session_key)

    here.post(f"{PAGE}/{other.pk}/end")

    assert not is_in(there)
    assert is_in(here)
    assert UserSession.objects.count() == 1


def test_all_others_are_ended_together(ada):
    here, one, two = signed_in(ada), signed_in(ada), signed_in(ada)

    answer = here.post(f"{PAGE}/end-others", follow=True)

    assert "2 other browsers are signed out" in answer.content.decode()
    assert [is_in(here), is_in(one), is_in(two)] == [True, False, False]


def test_nobody_ends_anothers_session(ada):
    here, stranger = signed_in(ada), signed_in(make_user())
    [own] = UserSession.objects.filter(user=ada)

    stranger.post(f"{PAGE}/{own.pk}/end")
    stranger.post(f"{PAGE}/end-others")

    assert is_in(here)


def test_ending_sessions_asks_for_a_recent_sign_in(ada):
    here, there = grow_old(signed_in(ada)), signed_in(ada)
    [other] = UserSession.objects.exclude(session_key=here.session.session_key)

    assert here.post(f"{PAGE}/{other.pk}/end")["Location"].startswith("/accounts/reauthenticate/")
    assert here.post(f"{PAGE}/end-others")["Location"].startswith("/accounts/reauthenticate/")
    assert is_in(there)


def test_a_new_password_ends_all_other_sessions(ada):
    here, there = signed_in(ada), signed_in(ada)

    new = "a long walk along the river"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert is_in(here)
    assert not is_in(there)
    assert here.get(PAGE).content.decode().count("<tr>") == 2  # the head and this one


def test_signing_out_leaves_nothing_behind(ada):
    here = signed_in(ada)
    key = here.session.session_key

    here.post("/accounts/logout/")

    assert not UserSession.objects.exists()
    assert not Session.objects.filter(session_key=key).exists()


def test_a_session_that_was_made_before_sessions_were_noted_shows_up(ada):
    here = Client()
    here.force_login(ada)

    here.get("/console/settings")

    assert "This browser" in here.get(PAGE).content.decode()


def test_when_a_session_was_seen_is_written_now_and_then_only(ada):
    here = signed_in(ada)
    here.get(PAGE)
    before = UserSession.objects.get().last_seen_at

    here.get(PAGE)

    assert UserSession.objects.get().last_seen_at == before


def test_what_is_over_is_deleted_with_its_addresses(ada):
    signed_in(ada)
    old = signed_in(ada).session.session_key
    Session.objects.filter(session_key=old).update(expire_date=clock.now() - timedelta(days=1))

    assert accounts.drop_expired_sessions(at=clock.now()) == 1
    assert accounts.drop_expired_sessions(at=clock.now()) == 0

    assert [session.session_key == old for session in UserSession.objects.all()] == [False]


@pytest.mark.parametrize(("form", "is_kept"), [({}, False), ({"remember": "on"}, True)])
def test_a_browser_stays_signed_in_when_it_is_closed_only_if_told_so(client, ada, form, is_kept):
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD} | form)

    assert bool(client.cookies["sessionid"]["max-age"]) is is_kept


def test_coming_from_elsewhere_keeps_nobody_signed_in_either(client, provider, come_by):
    come_by()

    assert is_in(client)
    assert not client.cookies["sessionid"]["max-age"]
