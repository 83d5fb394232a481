"""A person makes an access token for a script, the script calls with it, and revoking it ends that."""

import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser


def test_an_access_token_works_from_the_one_page_that_shows_it_until_it_is_revoked(
    console: Callable[..., Page], site: Site
) -> None:
    page = console("/console/settings")
    page.get_by_role("link", name="Access tokens").click()
    page.get_by_role("link", name="Create access token").first.click()
    page.get_by_label("Name").fill("nightly report")
    page.get_by_role("button", name="Create access token").click()
    secret = page.locator("#token").inner_text()
    assert answer(site, secret) == 200

    page.get_by_role("link", name="I have copied it").click()
    row = page.get_by_role("row", name="nightly report")
    expect(row).to_contain_text(f"…{secret[-4:]}")
    assert secret not in page.content()
    row.get_by_role("link", name="Revoke nightly report").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke access token").click()

    expect(page.get_by_role("status").first).to_have_text("nightly report revoked. It is refused from now on.")
    expect(page.locator("section", has=page.get_by_role("heading", name="Ended"))).to_contain_text("nightly report")
    assert answer(site, secret) == 401


def answer(site: Site, secret: str) -> int:
    call = urllib.request.Request(f"{site.base}/api/wallet", headers={"Authorization": f"Bearer {secret}"})
    try:
        with urllib.request.urlopen(call) as answered:
            return int(answered.status)
    except urllib.error.HTTPError as error:
        return error.code
