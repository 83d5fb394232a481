"""What search engines are told: the public pages and models, and nothing of what strangers do not see."""

from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from apps.marketplace.models import Model

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"

pytestmark = pytest.mark.usefixtures("catalogue")


def sitemap() -> ElementTree.Element:
    found = Client().get("/sitemap.xml")
    assert (found.status_code, found["Content-Type"]) == (200, "application/xml")
    return ElementTree.fromstring(found.content)


def addresses() -> list[str]:
    found = [element.text or "" for element in sitemap().iter(f"{SITEMAP}loc")]
    return [address.removeprefix(settings.PUBLIC_URL) for address in found]


def test_the_sitemap_names_the_models_that_strangers_see_and_no_others(db: None) -> None:
    named = [address for address in addresses() if address.startswith("/models/")]

    assert sorted(named) == ["/models/chat-small", "/models/embed-small", "/models/one-credit"]


def test_every_address_answers_a_stranger(db: None) -> None:
    assert {address: Client().get(address).status_code for address in addresses()} == dict.fromkeys(addresses(), 200)


def test_each_page_is_named_in_each_language(db: None) -> None:
    page = next(page for page in sitemap() if (page.findtext(f"{SITEMAP}loc") or "").endswith("/models/chat-small"))

    links = {link.get("hreflang"): link.get("href") for link in page.iter(f"{XHTML}link")}
    address = f"{settings.PUBLIC_URL}/models/chat-small"
    assert links == {"en": f"{address}?lang=en", "zh-Hans": f"{address}?lang=zh-hans"}


def test_an_id_of_odd_letters_is_written_as_an_address(db: None) -> None:
    Model.objects.filter(code="chat-small").update(code="acme/chat & more")

    assert "/models/acme/chat%20&%20more" in addresses()


def test_robots_are_kept_out_of_what_is_private_and_find_the_sitemap(db: None) -> None:
    found = Client().get("/robots.txt")

    lines = found.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /console/", "Disallow: /admin/", "Disallow: /api/"} <= set(lines)
    assert lines[-1] == f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml"
    assert "public" in found["Cache-Control"]
