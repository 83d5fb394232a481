"""Authenticator apps, recovery codes and passkeys, the latter with a device that Chromium simulates."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    PASSWORD,
    add_app,
    add_authenticator,
    at_localhost,
    code_of,
    make_person,
    sign_in,
    sign_out,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def somebody(open_page, site):
    """Opens a page where passkeys work, with a device, for somebody new who is signed in at the page of passkeys."""

    def come(email, *options):
        make_person(site, email, *options)
        page = open_page(f"{at_localhost(site)}/accounts/passkeys/")
        page.goto = lambda path, go=page.goto: go(f"{at_localhost(site)}{path}")
        add_authenticator(page)
        sign_in(page, email)
        return page

    return come


def add_passkey(page, name="Phone", *, alone=True):
    page.goto("/accounts/passkeys/add/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("It opens my account without the password").set_checked(alone)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_text("Passkey added").first).to_be_visible()


def test_an_app_is_added_asked_for_and_removed(open_page, site):
    email = make_person(site, "hopper@example.com")
    page = open_page("/console/settings")
    sign_in(page, email)
    page.get_by_role("link", name="What opens your account").click()
    page.get_by_role("link", name="Add an authenticator app").click()
    secret = add_app(page)
    again = open_page("/accounts/login/")
    sign_in(again, email)
    expect(again.get_by_role("heading", name="Second factor")).to_be_visible()

    again.get_by_label("Code").fill(code_of(secret))
    again.get_by_role("button", name="Sign in").click()

    expect(again.get_by_role("heading", name="Home")).to_be_visible()
    page.goto("/accounts/2fa/totp/deactivate/")
    page.get_by_role("button", name="Remove app").click()
    expect(page.get_by_text("App removed").first).to_be_visible()
    third = open_page("/accounts/login/")
    sign_in(third, email)
    expect(third.get_by_role("heading", name="Home")).to_be_visible()


def test_a_recovery_code_opens_the_account_once(open_page, site):
    email = make_person(site, "lost@example.com")
    page = open_page("/accounts/login/")
    sign_in(page, email)
    add_app(page)
    page.goto("/accounts/2fa/recovery-codes/")
    code = page.locator(".codes").inner_text().split()[0]
    first, second = open_page("/accounts/login/"), open_page("/accounts/login/")
    for browser in (first, second):
        sign_in(browser, email)
        browser.get_by_label("Code").fill(code)
        browser.get_by_role("button", name="Sign in").click()

    expect(first.get_by_role("heading", name="Home")).to_be_visible()
    expect(second.get_by_text("This code is not right")).to_be_visible()


def test_a_passkey_opens_the_account_alone(somebody):
    page = somebody("key@example.com")
    add_passkey(page)
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.goto("/accounts/passkeys/")
    expect(page.get_by_role("row", name="Phone")).not_to_contain_text("never")


def test_a_passkey_is_the_second_factor_after_a_password(somebody):
    page = somebody("both@example.com")
    add_passkey(page)
    sign_out(page)
    page.goto("/accounts/login/")
    sign_in(page, "both@example.com")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_an_old_security_key_is_a_second_factor_only(somebody):
    page = somebody("old@example.com")
    add_passkey(page, "Old key", alone=False)
    page.goto("/accounts/passkeys/")
    expect(page.get_by_role("row", name="Old key")).to_contain_text("Second factor only")
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_be_visible()


def test_a_passkey_is_renamed_and_removed(somebody):
    page = somebody("rename@example.com")
    add_passkey(page)
    page.goto("/accounts/passkeys/")
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Desk")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("row", name="Desk")).to_be_visible()

    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove passkey").click()

    expect(page.get_by_role("heading", name="No passkey yet")).to_be_visible()


def test_who_chooses_nothing_is_told_and_may_try_again(somebody):
    page = somebody("shy@example.com")
    page.goto("/accounts/passkeys/add/")
    page.evaluate(
        "() => { navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError')) }"
    )

    page.get_by_role("button", name="Add passkey").click()

    expect(page.get_by_text("Nothing was chosen in time")).to_be_visible()
    expect(page.get_by_role("button", name="Add passkey")).to_be_enabled()


def test_staff_enter_the_back_office_with_a_passkey(somebody):
    page = somebody("boss@example.com", "--staff")
    page.goto("/admin/")
    expect(page.get_by_text("The back office asks for a second factor").first).to_be_visible()
    add_passkey(page)
    page.goto("/admin/")  # the factor is there now; this session has not used it yet
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Back office")).to_be_visible()
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console/")
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Back office")).to_be_visible()


def test_a_session_that_a_password_opened_before_does_not_enter_by_a_factor_that_came_later(open_page, site):
    email = make_person(site, "chief@example.com", "--staff")
    early, later = open_page("/accounts/login/"), open_page("/accounts/login/")
    sign_in(early, email)
    sign_in(later, email)
    add_app(later)

    early.goto("/admin/")

    expect(early.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    expect(early.get_by_label("Password")).not_to_be_visible()
    assert PASSWORD not in early.content()
