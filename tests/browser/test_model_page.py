"""The page of a model in a real browser: the calculator answers with and without a script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser

MODEL = "/models/gpt-4o-mini?lang=en"


def test_the_estimate_follows_what_is_written(open_page: Callable[..., Page]) -> None:
    page = open_page(MODEL)

    page.get_by_label("Input tokens").fill("1000000")
    page.get_by_label("of which cached").fill("0")
    page.get_by_label("Output tokens").fill("0")

    # 0.15 a million
    expect(page.locator("#estimate-result strong")).to_have_text("US$0.1500")
    page.get_by_label("Output tokens").fill("many")
    expect(page.locator("#estimate-result")).to_contain_text("Output tokens: Write a whole number")


def test_the_estimate_is_asked_for_by_a_button_without_a_script(open_page: Callable[..., Page]) -> None:
    page = open_page(MODEL, viewport=PHONE, java_script_enabled=False)

    page.get_by_label("Input tokens").fill("1,000,000")
    page.get_by_label("of which cached").fill("0")
    page.get_by_label("Output tokens").fill("0")
    page.get_by_role("button", name="Estimate the cost").click()

    expect(page.locator("#estimate-result strong")).to_have_text("US$0.1500")
    expect(page.get_by_role("heading", level=1)).to_have_text("GPT-4o mini")


def test_a_stranger_changes_the_language_by_a_link_that_stays(open_page: Callable[..., Page]) -> None:
    page = open_page(MODEL)

    page.get_by_role("link", name="简体中文").click()
    expect(page.get_by_role("heading", name="价格历史")).to_be_visible()
    page.goto(page.url.partition("?")[0])

    expect(page.get_by_role("heading", name="价格历史")).to_be_visible()
