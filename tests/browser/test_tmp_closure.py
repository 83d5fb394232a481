import itertools

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PASSWORD = "a long walk along the river"
SEED = """
from datetime import timedelta
from uuid import uuid4
from apps.accounts.models import User, DataExport
from apps.core import clock
from apps.teams import services as t
from apps.teams.models import Membership
from apps.wallet import services as w
from apps.wallet.types import Mandate
at = clock.now()
hop = User.objects.get(email="hopper@example.com")
other = User.objects.get(email="demo@sluice.example")
own = t.personal_team_of(hop)
w.grant_lot(own.wallet_id, Mandate("a", "", actor=None), amount_nanos=1234567890123, source="gift")
crew = t.create_team("Crew & friends of Hopper", owner=hop, at=at)
w.grant_lot(crew.wallet_id, Mandate("b", "", actor=None), amount_nanos=12345678900, source="gift")
Membership.objects.create(team_id=crew.id, user=other, role="viewer")
open_ = t.create_team("Open ends", owner=hop, at=at)
w.open_due(open_.wallet_id, Mandate("due", "storage", actor=None), amount_nanos=3*10**9, kind=11, since=at)
bob = User.objects.get(email="bob@example.com")
bo = t.personal_team_of(bob)
w.grant_lot(bo.wallet_id, Mandate("c", "", actor=None), amount_nanos=1234567890123, source="gift")
DataExport.objects.create(user=hop, asked_at=at-timedelta(days=9), due_at=at, ready_at=at-timedelta(days=9), file_uid=uuid4(), size=123456, expires_at=at-timedelta(days=2))
DataExport.objects.create(user=hop, asked_at=at-timedelta(days=3), due_at=at, given_up_at=at, attempts=5)
DataExport.objects.create(user=hop, asked_at=at-timedelta(days=2), due_at=at, ready_at=at-timedelta(days=2), file_uid=uuid4(), size=2345678, expires_at=at+timedelta(days=5))
DataExport.objects.create(user=hop, asked_at=at, due_at=at+timedelta(hours=1), attempts=1, parts_done=5, parts=14)
print(crew.public_id, open_.public_id)
"""


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").or_(page.get_by_label("邮箱")).fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main button.primary, form button.full").first.click()


def test_shots(site, browser):
    site.manage("create_user", "--email", "hopper@example.com", "--password", PASSWORD)
    site.manage("create_user", "--email", "bob@example.com", "--password", PASSWORD)
    crew, open_ = site.manage("shell", "-v", "0", "-c", SEED).split()[-2:]
    for lang, theme, width in itertools.product(("en", "zh-hans"), ("light", "dark"), (390, 1280)):
        for who in ("hopper", "bob"):
            ctx = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=theme,
                locale="en-US" if lang == "en" else "zh-CN",
            )
            page = ctx.new_page()
            page.goto(site.base + "/console/settings")
            page.locator("input[name=login]").fill(who + "@example.com")
            page.locator("input[type=password]").fill(PASSWORD)
            page.locator(
                "form:has(input[type=password]) button.primary, form:has(input[type=password]) button"
            ).first.click()
            page.wait_for_url(site.base + "/console/settings")
            site.manage(
                "shell",
                "-v",
                "0",
                "-c",
                f"from apps.accounts.models import User; User.objects.update(language='{lang}')",
            ) if who == "hopper" and theme == "light" and width == 390 else None
            page.reload()
            tag = f"{lang}-{theme}-{width}"

            def shot(name):
                wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                print(name, tag, "SIDEWAYS" if wide else "")
                page.screenshot(path=f"/tmp/h/state-closure-shots/{name}-{tag}.png", full_page=True)

            if who == "hopper":
                shot("settings")
                page.goto(site.base + "/console/settings/export")
                shot("export")
                page.goto(site.base + "/console/settings/close")
                shot("account-open")
                for team, name in ((crew, "team"), (open_, "team-open")):
                    page.goto(site.base + "/console/settings/close")
                    page.locator(f'main form:has(input[value="{team}"]) button').click()
                    page.wait_for_load_state()
                    page.goto(site.base + "/console/team/close")
                    shot(name)
            else:
                page.goto(site.base + "/console/settings/export")
                shot("export-empty")
                page.goto(site.base + "/console/settings/close")
                shot("account")
                page.locator("button.danger").click()
                shot("account-errors")
                page.goto(site.base + "/account-closed")
                shot("closed")
            ctx.close()
