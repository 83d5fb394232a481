"""Somebody signs up, signs in, forgets the password, moves to another address, and comes from elsewhere."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PASSWORD, link_of, make_person, sign_in, sign_out, sign_up

pytestmark = pytest.mark.browser

OTHER_PASSWORD = "another walk, along the sea"


def test_a_new_person_confirms_the_address_and_finds_an_empty_team(open_page, site):
    page = open_page("/")
    page.get_by_role("link", name="Create an account").first.click()
    sign_up(page, "grace@example.com")
    expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_visible()
    page.get_by_label("Code").fill(site.mailed_code())
    page.get_by_role("button", name="Confirm e-mail").click()

    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.get_by_text("grace (personal)").first).to_be_visible()
    expect(page.get_by_role("heading", name="Make your first call")).to_be_visible()
    expect(page.locator(".purse")).to_have_text("AvailableUS$0.00")


def test_a_wrong_code_is_told_and_a_new_one_can_be_had(open_page, site):
    page = open_page("/accounts/signup/")
    sign_up(page, "mary@example.com")

    page.get_by_label("Code").fill("BBBB-BBBB")
    page.get_by_role("button", name="Confirm e-mail").click()

    expect(page.get_by_text("This code is not right")).to_be_visible()
    expect(page.get_by_role("button", name="Send a new code")).to_be_visible()


def test_an_address_that_has_an_account_looks_like_a_new_one(open_page, site):
    page = open_page("/accounts/signup/")

    sign_up(page, "demo@sluice.example")

    expect(page.get_by_role("heading", name="Confirm your e-mail")).to_be_visible()
    assert "You have a Sluice account already" in site.newest_mail()


def test_a_wrong_password_says_what_to_do_and_names_no_cause(open_page):
    page = open_page("/accounts/login/")

    sign_in(page, "demo@sluice.example", "not the password")

    expect(page.get_by_role("alert")).to_have_text(
        "E-mail and password do not match. Check both, or reset the password."
    )


def test_a_forgotten_password_is_replaced_by_a_mailed_link_that_works_once(open_page, site):
    email = make_person(site, "forgetful@example.com")
    page = open_page("/accounts/login/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    link = link_of(site.newest_mail())

    page.goto(link)
    page.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
    page.get_by_label("New password, again").fill(OTHER_PASSWORD)
    page.get_by_role("button", name="Save password").click()

    expect(page.get_by_role("heading", name="Password saved")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    page.goto("/accounts/login/")
    sign_in(page, email, OTHER_PASSWORD)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_a_new_address_takes_the_place_of_the_old_one_when_its_code_is_entered(open_page, site):
    make_person(site, "before@example.com")
    page = open_page("/accounts/email/")
    sign_in(page, "before@example.com")
    page.get_by_label("New e-mail").fill("after@example.com")
    page.get_by_role("button", name="Change e-mail").click()

    page.get_by_label("Code").fill(site.mailed_code())
    page.get_by_role("button", name="Confirm e-mail").click()

    expect(page.get_by_text("after@example.com is confirmed").first).to_be_visible()
    assert "changed from before@example.com to after@example.com" in site.newest_mail()
    sign_out(page)
    page.goto("/accounts/login/")
    sign_in(page, "after@example.com")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_a_session_that_is_ended_is_out_with_its_next_click(open_page, site):
    email = make_person(site, "ada@example.com")
    here, there = open_page("/console/security/sessions"), open_page("/console/settings")
    sign_in(here, email)
    sign_in(there, email)
    here.reload()
    expect(here.get_by_text("This browser")).to_have_count(1)

    here.get_by_role("button", name="Sign out", exact=True).last.click()

    expect(here.get_by_text("That browser is signed out").first).to_be_visible()
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_new_password_signs_every_other_browser_out(open_page, site):
    email = make_person(site, "careful@example.com")
    here, there = open_page("/accounts/password/change/"), open_page("/console/settings")
    sign_in(here, email)
    sign_in(there, email)

    here.get_by_label("Current password").fill(PASSWORD)
    here.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
    here.get_by_label("New password, again").fill(OTHER_PASSWORD)
    here.get_by_role("button", name="Save password").click()

    expect(here.get_by_text("Password saved").first).to_be_visible()
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_account_elsewhere_signs_somebody_up_and_in_again(open_page, provider):
    provider.claims |= {"sub": "lin-1", "email": "lin@example.com", "email_verified": True, "name": "Lin"}
    page = open_page("/accounts/login/")
    page.get_by_role("button", name="Continue with single sign-on").click()
    page.get_by_role("link", name="Allow").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with single sign-on").click()
    page.get_by_role("link", name="Allow").click()

    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.goto("/accounts/connected/")
    expect(page.get_by_role("main").get_by_text("lin@example.com")).to_be_visible()


def test_who_refuses_there_is_not_signed_in_here(open_page, provider):
    page = open_page("/accounts/login/")
    page.get_by_role("button", name="Continue with single sign-on").click()
    page.get_by_role("link", name="Refuse").click()

    expect(page.get_by_role("heading", name="Nothing was shared")).to_be_visible()


def test_a_page_keeps_its_language_when_it_is_chosen(open_page):
    page = open_page("/accounts/login/")

    page.get_by_role("button", name="简体中文").click()

    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("button", name="English")).to_be_visible()
