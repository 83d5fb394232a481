"""The console by keyboard alone: where focus begins, what opens and closes, and where focus goes back to."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label')"


def test_the_first_stop_leads_past_the_navigation(console: Callable[..., Page]) -> None:
    page = console("/console/tokens")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("summary", ["summary.payer", "details.from-end > summary"])
def test_a_menu_opens_is_walked_and_closes_with_focus_where_it_was(console: Callable[..., Page], summary: str) -> None:
    page = console()
    opener = page.locator(summary)

    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('details.menu[open]') !== null")
    page.keyboard.press("Escape")

    expect(opener).to_be_focused()
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_a_menu_closes_when_focus_walks_out_of_it(console: Callable[..., Page]) -> None:
    page = console()
    page.locator("summary.payer").focus()
    page.keyboard.press("Enter")
    stops = page.locator("details.menu[open] :is(button, a)").count()

    for _ in range(stops + 1):
        page.keyboard.press("Tab")

    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_a_dialog_keeps_focus_and_gives_it_back(console: Callable[..., Page]) -> None:
    page = console("/console/statement")
    opener = page.get_by_role("link", name="Stop at free credit")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_tabs_are_walked_by_arrows(console: Callable[..., Page]) -> None:
    page = console()
    page.get_by_role("tab", name="Python").focus()

    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("tab", name="JavaScript")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="JavaScript")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#panel-js pre")).to_be_focused()


def test_filtering_says_what_was_found_and_keeps_focus(console: Callable[..., Page]) -> None:
    page = console("/console/logs")
    page.get_by_label("Period").focus()

    page.get_by_label("Period").select_option("hour")
    page.wait_for_url("**period=hour**")

    expect(page.get_by_label("Period")).to_be_focused()
    expect(page.locator("body > [role=status].unseen")).not_to_be_empty()


def test_focus_shows_on_whatever_can_be_reached(console: Callable[..., Page]) -> None:
    page = console("/console/tokens/new")
    unseen = []

    for _ in range(25):
        page.keyboard.press("Tab")
        if not page.evaluate(IS_FOCUS_SEEN):
            unseen.append(page.evaluate(FOCUSED))

    assert unseen == []


IS_FOCUS_SEEN = """() => {
  const at = document.activeElement;
  const marked = [at, at.parentElement].some((one) => one && getComputedStyle(one).outlineStyle !== "none");
  return at === document.body || marked;
}"""
