"""The documentation of the API in a real browser: its policy allows no inline script, and nothing complains."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_documentation_lists_every_operation(open_page: Callable[..., Page], theme: str) -> None:
    page = open_page("/api/docs", color_scheme=theme)

    expect(page.locator("[data-path='/api/wallet']").first).to_be_visible()
    expect(page.locator("[data-path='/v1/chat/completions']")).to_be_visible()


def test_an_operation_can_be_tried(open_page: Callable[..., Page]) -> None:
    page = open_page("/api/docs")
    operation = page.locator(".opblock", has=page.locator("[data-path='/api/models']"))

    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table tbody .response-col_status")).to_contain_text("200")
