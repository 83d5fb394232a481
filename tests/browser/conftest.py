"""A real Chromium on a real web process with the demo's data. Every page must keep the content security policy."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, sync_playwright

from tests import databases
from tests.doubles.identity import IdentityProvider

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PHONE = {"width": 360, "height": 780}
DESKTOP = {"width": 1360, "height": 900}
START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """Where the site answers, what it mails, and how to run its commands."""

    base: str
    mails: Path
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def newest_mail(self) -> str:
        return max(self.mails.glob("*.log"), key=lambda mail: mail.stat().st_mtime_ns).read_text()

    def mailed_code(self) -> str:
        found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", self.newest_mail(), re.MULTILINE)
        assert found, self.newest_mail()
        return found[1]


@pytest.fixture(scope="session")
def provider() -> Iterator[IdentityProvider]:
    """Where people of these tests have an account that opens one here."""
    with IdentityProvider() as one:
        yield one


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, provider: IdentityProvider) -> Iterator[Site]:
    skip_without_chromium()
    state = tmp_path_factory.mktemp("browser")
    with _database() as url:
        port = _free_port()
        environment = _environment(url, state, port) | provider.variables()
        one = Site(f"http://127.0.0.1:{port}", state / "mails", environment)
        one.manage("demo")
        with _web(one, state / "web.log"):
            yield one


def skip_without_chromium() -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"There is no Chromium at {CHROMIUM}; set CHROMIUM to its path.")


@contextmanager
def _database() -> Iterator[str]:
    """A database of its own with committed data, beside the one whose tests roll back."""
    name, server = f"sluice_browser_{uuid.uuid4().hex[:8]}", os.environ["DATABASE_URL"]
    yield databases.copy(server, name)
    databases.drop(server, name)


@contextmanager
def _web(site: Site, log: Path) -> Iterator[None]:
    """One web process, ended by its own id."""
    command = [sys.executable, "-m", "config.web"]
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=out, stderr=out) as web:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(site.base) and web.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        try:
            assert _answers(site.base), log.read_text()
            yield
        finally:
            web.terminate()


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _environment(database_url: str, state: Path, port: int) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "DATABASE_DIRECT_URL": database_url,
        "SLUICE_STATE_DIR": str(state),
        "EMAIL_URL": f"filemail:///{state}/mails",  # environ takes the path behind the third slash
        "DEBUG": "1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# The browser lives as long as a module: Playwright keeps an event loop running in this thread meanwhile.
@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own; whatever a page complained about fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    def open_one(path: str = "/", *, viewport: dict[str, int] = DESKTOP, **options: object) -> Page:
        context = browser.new_context(base_url=site.base, viewport=viewport, locale="en-US", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture(scope="module")
def session(browser: Browser, site: Site) -> Iterator[StorageState]:
    """The cookies of the demo's user, who signs in once."""
    demo = json.loads(Path(site.environment["SLUICE_STATE_DIR"], "demo.json").read_text())
    context = browser.new_context(base_url=site.base)
    page = context.new_page()
    page.goto("/console/")
    page.get_by_label("E-mail").fill(demo["email"])
    page.get_by_label("Password").fill(demo["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")
    yield context.storage_state()
    context.close()


@pytest.fixture
def console(open_page: Callable[..., Page], session: StorageState) -> Callable[..., Page]:
    """Opens a console page as the demo's user."""

    def open_console(path: str = "/console/", **options: object) -> Page:
        return open_page(path, storage_state=session, **options)

    return open_console
