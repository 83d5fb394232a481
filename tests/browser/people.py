"""What people do at our doors, as the tests of the browser do it for them."""

import re

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

PASSWORD = "a long walk along the river"


def sign_up(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def make_person(site: Site, email: str, *options: str) -> str:
    site.manage("create_user", "--email", email, "--password", PASSWORD, *options)
    return email


def add_app(page: Page) -> str:
    """Adds an authenticator app for whoever is signed in, and returns its secret."""
    page.goto("/accounts/2fa/totp/activate/")
    secret = page.locator(".code code").inner_text()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Add app").click()
    expect(page.get_by_text("App added").first).to_be_visible()
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def link_of(mail: str) -> str:
    """Where the mail leads, as a path."""
    found = re.search(r"http://[^/\s]+(/accounts/\S+)", mail)
    assert found, mail
    return found[1]


def add_authenticator(page: Page) -> None:
    """A device that keeps passkeys and always knows its owner, as Chromium simulates one."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def at_localhost(site: Site) -> str:
    """Browsers grant passkeys to names, not to numbers."""
    return site.base.replace("127.0.0.1", "localhost")
