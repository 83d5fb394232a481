"""The console without a line of script: everything is there, nothing that needs script is offered."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def bare(console: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a console page in a browser that runs no script."""

    def open_bare(path: str, **options: object) -> Page:
        return console(path, java_script_enabled=False, **options)

    return open_bare


def test_a_token_is_made_edited_and_deleted_after_a_question(bare: Callable[..., Page]) -> None:
    page = bare("/console/tokens/new")
    page.get_by_label("Name").fill("bare")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#token")).to_have_text(re.compile("^sk-"))

    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Edit bare").click()
    page.get_by_label("Name").fill("barer")
    page.get_by_role("button", name="Save token").click()
    page.get_by_role("link", name="Delete barer").click()
    page.get_by_role("button", name="Delete token").click()

    expect(page.get_by_role("status")).to_have_text("barer deleted. The balance is as it was.")
    expect(page.get_by_role("row", name="barer")).to_have_count(0)


def test_menus_open_and_the_payer_can_be_chosen(bare: Callable[..., Page]) -> None:
    page = bare("/console/")

    page.locator("summary.payer").click()
    page.locator(".menu[open] button[name=team]").first.click()
    page.get_by_label("Your account").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_navigation_opens_on_a_phone(bare: Callable[..., Page]) -> None:
    page = bare("/console/", viewport=PHONE)

    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="Logs", exact=True).click()

    expect(page.get_by_role("heading", name="Logs", level=1)).to_be_visible()


def test_logs_and_statement_are_filtered_by_a_button(bare: Callable[..., Page]) -> None:
    page = bare("/console/logs")
    page.get_by_label("Model").fill("no-such-model")
    page.get_by_role("button", name="Filter calls").click()
    expect(page.get_by_role("heading", name="No calls match these filters")).to_be_visible()

    page.goto("/console/statement")
    page.get_by_label("Kind", exact=True).select_option("gift")
    page.get_by_role("button", name="Show", exact=True).click()

    expect(page).to_have_url(re.compile("kind=gift"))


def test_every_example_of_a_first_call_is_there(bare: Callable[..., Page]) -> None:
    page = bare("/console/")

    for language in ("from openai import OpenAI", "process.env.SLUICE_TOKEN", "curl "):
        expect(page.locator("pre", has_text=language).first).to_be_visible()


@pytest.mark.parametrize("path", ["/console/", "/console/statement", "/console/settings/access-tokens", "/"])
def test_nothing_is_offered_that_only_script_can_do(bare: Callable[..., Page], path: str) -> None:
    page = bare(path)
    for summary in page.get_by_label("Your account").all():
        summary.click()

    for offered in page.locator("[data-copy], [data-theme-switch], [data-print], [role=tab]").all():
        expect(offered).to_be_hidden()
