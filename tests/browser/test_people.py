"""Somebody signs up, confirms the address, signs in again, adds a second factor."""

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PASSWORD = "a long walk along the river"


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


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


def test_a_second_factor_is_asked_for_after_it_was_added(open_page, site):
    site.manage("create_user", "--email", "hopper@example.com", "--password", PASSWORD)
    page = open_page("/console/settings")
    sign_in(page, "hopper@example.com")
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Add app").click()
    page.get_by_label("Password").fill(PASSWORD)  # a second factor is changed only after a recent proof
    page.get_by_role("button", name="Confirm password").click()
    secret = page.locator(".code code").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Add app").click()
    expect(page.locator(".codes")).to_contain_text("\n")

    again = open_page("/accounts/login/")
    sign_in(again, "hopper@example.com")

    expect(again.get_by_role("heading", name="Second factor")).to_be_visible()


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_back_office_sends_staff_without_a_second_factor_to_add_one(open_page, site):
    site.manage("create_user", "--email", "boss@example.com", "--password", PASSWORD, "--staff")

    page = open_page("/admin/")
    sign_in(page, "boss@example.com")

    expect(page.get_by_text("The back office asks for a second factor").first).to_be_visible()


def test_a_page_keeps_its_language_when_it_is_chosen(open_page):
    page = open_page("/accounts/login/")

    page.get_by_role("button", name="简体中文").click()

    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.get_by_role("button", name="English")).to_be_visible()
