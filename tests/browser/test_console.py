"""The demo's user at work: a token that is shown once, logs, the payer, pages on a phone."""

import csv
import io
import json
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

pytestmark = pytest.mark.browser

PAGES = [
    "/console/",
    "/console/tokens",
    "/console/tokens/new",
    "/console/logs",
    "/console/statement",
    "/console/free-credit",
    "/console/settings",
    "/accounts/2fa/",
]
PUBLIC = ["/", "/privacy", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


def test_a_token_is_shown_once(console):
    page = console("/console/tokens")
    page.get_by_role("link", name="Create token").click()
    page.get_by_label("Name").fill("app-once")
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#token").inner_text()

    page.get_by_role("link", name="I have copied it").click()

    row = page.get_by_role("row", name="app-once")
    expect(row).to_contain_text(f"{secret[:4]}")
    expect(row).to_contain_text("US$10.00")
    assert secret not in page.content()


def test_deleting_a_token_asks_first_in_a_dialog(console):
    page = console("/console/tokens/new")
    page.get_by_label("Name").fill("app-gone")
    page.get_by_role("button", name="Create token").click()
    page.goto("/console/tokens")
    page.get_by_role("link", name="Delete app-gone").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Delete app-gone?")

    question.get_by_role("link", name="Keep token").click()
    expect(question).to_be_hidden()
    page.get_by_role("link", name="Delete app-gone").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete token").click()

    expect(page.get_by_role("status").first).to_have_text("app-gone deleted. The balance is as it was.")
    expect(page.get_by_role("row", name="app-gone")).to_have_count(0)


def test_stopping_at_free_credit_asks_first_in_a_dialog_and_is_undone_at_once(console):
    page = console("/console/statement")
    page.get_by_role("link", name="Stop at free credit").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Stop when free credit is used up?")

    question.get_by_role("button", name="Stop at free credit").click()
    expect(page.get_by_role("status").first).to_have_text("Calls spend free credit only from now on.")
    page.get_by_role("button", name="Spend all credit again").click()

    expect(page.get_by_role("status").first).to_have_text("Calls spend all credit again.")


def test_a_call_is_in_the_log_with_its_cost(console, site):
    token = json.loads(Path(site.environment["SLUICE_STATE_DIR"], "demo.json").read_text())["token"]
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
    call = urllib.request.Request(
        f"{site.base}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call) as answer:
        request_id, cost = answer.headers["x-request-id"], answer.headers["x-sluice-cost"]

    page = console("/console/logs?model=gpt-4o-mini")
    page.get_by_role("link", name="Details of the call").first.click()

    detail = page.locator("tr.detail")
    expect(detail.locator("code").first).to_have_text(request_id)
    expect(detail).to_contain_text(cost)

    detail.get_by_role("link", name="How the cost adds up").click()
    page.wait_for_url(f"**/console/logs/{request_id}")
    expect(page.locator("tfoot").first).to_contain_text(cost)


def test_the_statement_follows_its_choices_and_its_file_adds_up(console):
    page = console("/console/statement")
    page.get_by_label("Calls", exact=True).select_option("calls")
    page.wait_for_url("**view=calls**")
    page.get_by_text("Other days").click()
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_role("button", name="Show these days").click()
    expect(page.locator(".page-head p")).to_contain_text("1 Jan 2026")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()

    text = Path(download.value.path()).read_text()
    opening, *rows, closing = csv.DictReader(io.StringIO(text, newline=""))
    assert rows[0]["kind"] == "gift"
    moved = sum(Decimal(row["amount"]) for row in rows)
    assert Decimal(opening["balance"]) + moved == Decimal(closing["balance"]) > 0


def test_the_log_says_when_nothing_fits_the_filters(console):
    page = console("/console/logs?model=no-such-model")

    expect(page.get_by_role("heading", name="No calls match these filters")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url("**/console/logs")


def test_the_balance_is_in_the_unit_the_reader_prefers(console):
    page = console("/console/settings")
    page.get_by_label("Amounts in").select_option("cny")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".purse")).to_contain_text("¥")

    page.get_by_label("Amounts in").select_option("usd")
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".purse")).to_contain_text("US$")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_of_the_console_scrolls_sideways_on_a_phone(console, theme, language):
    page = console(viewport=PHONE, color_scheme=theme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])

    wide = [path for path in PAGES if _overflow(page, path)]

    assert wide == []


def test_no_public_page_scrolls_sideways_on_a_phone(open_page):
    page = open_page(viewport=PHONE)

    assert [path for path in PUBLIC if _overflow(page, path)] == []


def _overflow(page: Page, path: str) -> bool:
    page.goto(path)
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_every_page_keeps_the_policy_without_inline_code(console):
    page = console()

    for path in PAGES:
        answer = page.goto(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
