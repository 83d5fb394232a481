"""Every page of the console and of an account keeps WCAG 2.2 AA: in both themes, on a desk and on a phone.

The pages are those of the permission table, so a new one is audited without a line here. Each is rendered as the table
says who may see it, with its real headers, and shown to Chromium; axe-core (see `vendor/`) looks at it there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from playwright.sync_api import Page, Route, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from tests.browser.conftest import ARGUMENTS, CHROMIUM, DESKTOP, PHONE, skip_without_chromium
from tests.permissions.conftest import World, world
from tests.permissions.expected import Row
from tests.permissions.table import ACCOUNTS, CONSOLE

__all__ = ["world"]

# A database of these tests' own: none of them may ask for Django's while Playwright runs (see `page`).
pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed")]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SITE = "http://sluice.test"
WCAG: dict[str, Any] = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS: dict[str, Any] = {"type": "rule", "values": ["color-contrast"]}
# What differs in the dark is colour alone. Of hundreds of time zones a few stand for all.
AUDIT = """async (rules) => {
  document.querySelectorAll("option:nth-child(n + 20)").forEach((option) => option.remove());
  document.getAnimations().forEach((change) => change instanceof CSSTransition && change.finish());
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"], preload: false});
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join(" ");
  return found.violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target} ${why(node)}`));
}"""
# A quarter of 1280 pixels is what somebody sees who enlarges a page four times (WCAG 1.4.10).
ENLARGED: Any = {"width": 320, "height": 640}
IS_TOO_WIDE = """async () => {
  for (let frame = 0; frame < 60; frame++) {  // a chart is drawn anew a moment after the window has changed
    if (document.documentElement.scrollWidth <= innerWidth) return false;
    await new Promise(requestAnimationFrame);
  }
  return true;
}"""
# The first and the last are those of a page with errors.
VIEWS: list[Any] = [
    ("light", DESKTOP, WCAG),
    ("light", PHONE, WCAG),
    ("dark", PHONE, COLOURS),
    ("dark", DESKTOP, COLOURS),
]
# Who looks at a page: its owner; else somebody signed out; else staff, who signed in a moment ago.
READERS = ("owner", "anonymous", "staff")


@dataclass(frozen=True)
class Document:
    headers: dict[str, str]
    body: bytes
    is_first: bool = True
    """Not what a form answers that was sent empty."""


def reader_of(row: Row) -> str | None:
    by_role = row.by_role()
    return next((role for role in READERS if by_role[role] == 200), None)


PAGES = [row for row in CONSOLE + ACCOUNTS if row.method == "GET" and reader_of(row)]
ACTS = [row for row in CONSOLE + ACCOUNTS if row.method == "POST"]


REFUSALS = [("/nowhere", "anonymous", 404), ("/nowhere", "owner", 404), ("/console/tokens/new", "viewer", 403)]


@pytest.fixture(scope="module")
def documents(world: World, django_db_blocker: DjangoDbBlocker) -> dict[Row, list[Document]]:
    """What each page answers; of an act, the page that asks before it, where there is one."""
    with django_db_blocker.unblock():
        return {row: rendered(world, row) for row in PAGES + ACTS}


def rendered(world: World, row: Row) -> list[Document]:
    """The page, then the same page with its errors, where an empty form brings it back."""
    client = world.client(reader_of(row) or "owner")
    answers = [world.send(client, replace(row, method="GET", body="")), sent_empty(world, client, row)]
    return [
        Document(dict(answer.headers), b"".join(answer), is_first=number == 0)
        for number, answer in enumerate(answers)
        if answer.status_code == 200
    ]


def sent_empty(world: World, client: Client, row: Row) -> HttpResponse:
    with transaction.atomic():
        answer = world.send(client, replace(row, method="POST", body=""))
        transaction.set_rollback(True)
    return answer


@pytest.fixture(scope="module")
def refusals(world: World, django_db_blocker: DjangoDbBlocker) -> list[Document]:
    with django_db_blocker.unblock():
        answers = [(world.client(role).get(path), status) for path, role, status in REFUSALS]
    assert [answer.status_code for answer, _ in answers] == [status for _, status in answers]
    return [Document(dict(answer.headers), b"".join(answer)) for answer, _ in answers]


@pytest.fixture(scope="module")
def page(documents: dict[Row, list[Document]], refusals: list[Document]) -> Iterator[Page]:
    """Opened after everything was rendered: Playwright keeps an event loop in this thread, which Django refuses."""
    skip_without_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(viewport=DESKTOP)
        context.add_init_script(path=AXE)  # not the page's own, so its policy stays as strict as it is
        yield context.new_page()
        browser.close()


@pytest.mark.parametrize("row", PAGES, ids=str)
def test_a_page_can_be_used_by_everybody(documents: dict[Row, list[Document]], page: Page, row: Row) -> None:
    assert documents[row]

    assert violations(page, documents[row]) == []


def test_what_asks_before_an_act_can_be_used_by_everybody(documents: dict[Row, list[Document]], page: Page) -> None:
    asked = [row for row in ACTS if documents[row]]

    assert {str(row): found for row in asked if (found := violations(page, documents[row]))} == {}
    assert asked


def test_a_page_that_says_no_can_be_used_by_everybody(refusals: list[Document], page: Page) -> None:
    assert violations(page, refusals) == []


def test_a_page_with_faults_is_found_out(page: Page) -> None:
    faults = (
        b"<!doctype html><html><head><title>x</title></head><body><h3>x</h3><input><img src='data:,'></body></html>"
    )
    faulty = Document({"Content-Type": "text/html"}, faults)

    found = {violation.partition(":")[0] for violation in violations(page, [faulty])}

    assert {"html-has-lang", "label", "image-alt", "page-has-heading-one", "landmark-one-main"} <= found


def violations(page: Page, documents: Sequence[Document]) -> list[str]:
    """What the audit says of each, in both themes; files to download are no pages."""
    found: list[str] = []
    for document in documents:
        if "attachment" in document.headers.get("Content-Disposition", ""):
            continue
        show(page, document)
        for theme, viewport, rules in VIEWS if document.is_first else VIEWS[:1] + VIEWS[-1:]:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size(viewport)
            found += [f"{said} ({theme}, {viewport['width']})" for said in page.evaluate(AUDIT, rules)]
        page.set_viewport_size(ENLARGED)
        found += ["reflow: it scrolls sideways (320)"] if page.evaluate(IS_TOO_WIDE) else []
    return found


def show(page: Page, document: Document) -> None:
    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if route.request.is_navigation_request():
            route.fulfill(headers=document.headers, body=document.body)
        elif file := finders.find(path.removeprefix("/static/").lstrip("/")):
            route.fulfill(path=file)
        else:
            route.fulfill(status=404, body="")

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(SITE)
