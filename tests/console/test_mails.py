"""Mails speak the reader's language, zone and unit, in text and HTML, and name us by our full address."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.console.mail.rendering import RenderedMail, render_mail
from tests.console.mail_samples import SAMPLES

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = {"user": 1, "name": "Ada", "language": "en", "unit": "usd", "time_zone": "Europe/Paris"}
LING = {"user": 2, "name": "玲", "language": "zh-hans", "unit": "cny", "time_zone": "Asia/Shanghai"}


def rendered(kind: str, reader: dict[str, Any] = ADA, *, unsubscribe: str = "", **changed: Any) -> RenderedMail:
    return render_mail(kind, {**SAMPLES[kind], **changed, "reader": reader}, unsubscribe=unsubscribe, at=NOON)


@pytest.mark.parametrize("kind", sorted(SAMPLES))
@pytest.mark.parametrize("reader", [ADA, LING], ids=["en", "zh"])
def test_every_kind_has_a_subject_a_text_and_a_page(kind: str, reader: dict[str, Any], settings: Any) -> None:
    settings.PUBLIC_URL = "https://sluice.example"

    mail = rendered(kind, reader, unsubscribe="https://sluice.example/unsubscribe/x")

    assert 0 < len(mail.subject) < 120
    assert mail.text.startswith(mail.text.lstrip()[:20])
    assert "\n\n\n" not in mail.text
    assert all(tag in mail.html for tag in ("<h1", "</html>", f'lang="{mail.language}"'))
    for part in (mail.subject, mail.text, mail.html):
        assert not {"{{", "{%", "None", "&amp;#"} & set(part.split())
    assert "http://" not in mail.text + mail.html
    assert "https://sluice.example/unsubscribe/x" in mail.text
    assert "https://sluice.example/unsubscribe/x" in mail.html
    if reader is LING:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in mail.subject + mail.text)


def test_an_instant_is_told_in_the_readers_zone() -> None:
    assert "21 Nov 2026, 13:00 (UTC+1)" in rendered("sign_in.new_device").text
    assert "20:00 (UTC+8)" in rendered("sign_in.new_device", LING).text


def test_what_must_be_sent_has_no_way_out() -> None:
    assert "No more mails" not in rendered("sign_in.new_device").html


def test_names_are_text_and_no_links() -> None:
    mail = rendered("team.invited", team="<b>evil.example</b> https://evil.example", invited_by="O'Neil")

    assert "<b>" not in mail.html
    assert "evil.example" not in mail.html + mail.text + mail.subject
    assert "O'Neil invites you" in mail.text


def test_a_subject_is_one_line() -> None:
    assert rendered("team.removed", team="Acme\r\nBcc: x").subject == "You are no longer in Acme Bcc: x"


def test_a_link_leads_to_us_and_nowhere_else(settings: Any) -> None:
    settings.PUBLIC_URL = "https://sluice.example"

    assert "https://sluice.example/console/team" in rendered("team.joined").text
    assert "evil" not in rendered("team.joined", path="//evil.example/").text
    assert "evil" not in rendered("team.joined", path="https://evil.example/").html


def test_somebody_without_an_account_gets_a_mail_too() -> None:
    mail = rendered("team.invited", {"language": "zh-hans"})

    assert mail.language == "zh-Hans"
    assert "28" in mail.text
