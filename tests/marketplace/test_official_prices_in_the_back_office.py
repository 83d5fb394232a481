"""Official prices in the back office: a price map is shown before it is applied, and the parity report marks."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import AuditEntry, StoredFile
from apps.marketplace import services
from apps.marketplace.models import Model, ModelType, OfficialPrice, PriceVersion, Vendor
from tests.cast import make_user
from tests.marketplace.configs import config, item
from tests.marketplace.price_maps import price_map
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

PEGGED = config(item("input_tokens", "2.5"), item("output_tokens", "10"), currency="USD", policy="pegged")
LIST = "/admin/marketplace/officialprice/"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in_staff(client)


@pytest.fixture(autouse=True)
def model() -> Model:
    chat = ModelType.objects.create(code="chat")
    rows = {
        code: Model.objects.create(code=code, vendor=Vendor.objects.create(code=vendor), type=chat)
        for vendor, code in (("openai", "gpt-1"), ("anthropic", "claude-1"))
    }
    return rows["gpt-1"]


def upload(staff: Client, data: Any = None, *, follow: bool = True, **more: str) -> Any:
    content = json.dumps(price_map() if data is None else data, default=float).encode()
    file = SimpleUploadedFile("map.json", content, "application/json")
    return staff.post(f"{LIST}import/", {"file": file, "as_of": "2026-05-01", **more}, follow=follow)


def confirm(staff: Client, shown: Any) -> Any:
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.content.decode()))
    fields.pop("csrfmiddlewaretoken", None)
    return staff.post(f"{LIST}import/preview/", fields, follow=True)


def test_an_uploaded_map_is_shown_and_changes_nothing(staff: Client) -> None:
    page = upload(staff).content.decode()

    assert "Input tokens / 1,000,000" in page
    assert "17.5" in page
    assert "input_cost_per_dream" in page
    assert not OfficialPrice.objects.exists()


def test_what_was_shown_is_applied_and_the_file_goes(staff: Client) -> None:
    done = confirm(staff, upload(staff, source="LiteLLM 1.2"))

    assert "2 official prices are recorded." in done.content.decode()
    row = OfficialPrice.objects.get(model__code="gpt-1")
    assert (row.source, row.as_of.isoformat()) == ("LiteLLM 1.2", "2026-05-01")
    assert AuditEntry.objects.get(act="price_map.imported").actor_id is not None
    assert not StoredFile.objects.exists()


def test_pegged_prices_follow_where_that_is_asked(staff: Client, model: Model) -> None:
    confirm(staff, upload(staff))
    services.publish_price(model.pk, PEGGED, at=clock.now())

    shown = upload(staff, price_map(gpt_input="2e-06"), publish="on")
    done = confirm(staff, shown)

    assert "Our price follows as version 2" in shown.content.decode()
    assert "1 price of ours follows." in done.content.decode()
    assert PriceVersion.objects.get(number=2).entered_config["items"][0]["tiers"][0]["price"] == "2"


def test_a_diff_that_is_no_longer_true_is_shown_again(staff: Client, model: Model) -> None:
    shown = upload(staff)
    other = config(item("input_tokens", "9"), currency="USD")
    day = clock.now().date()
    services.record_official_price(model.pk, other, source="by hand", as_of=day, at=clock.now())

    again = confirm(staff, shown)

    assert "Read the new diff" in again.content.decode()
    assert OfficialPrice.objects.count() == 1


def test_a_map_is_its_uploaders_alone(staff: Client) -> None:
    upload(staff)
    mine = StoredFile.objects.get()
    StoredFile.objects.filter(pk=mine.pk).update(owner=f"price-map:{make_user('other@example.com').pk}")

    page = staff.get(f"{LIST}import/preview/", {"file": str(mine.uid), "source": "x", "as_of": "2026-05-01"})

    assert page.status_code == 404


def test_a_file_that_is_gone_asks_for_another(staff: Client) -> None:
    page = staff.get(f"{LIST}import/preview/", {"file": str(uuid4()), "source": "x", "as_of": "2026-05-01"})

    assert page.status_code == 404
    assert "Choose it again" in page.content.decode()


@pytest.mark.parametrize("content", [b"{}", b"not json", b"\xff", b"[" * 100_000, b'{"a": NaN}'])
def test_a_file_that_is_no_price_map_is_refused(staff: Client, content: bytes) -> None:
    file = SimpleUploadedFile("map.json", content)

    page = staff.post(f"{LIST}import/", {"file": file, "as_of": "2026-05-01"})

    assert page.status_code == 200
    assert "models.dev" in page.content.decode()
    assert not StoredFile.objects.exists()


def test_a_price_that_cannot_be_read_is_named(staff: Client) -> None:
    broken = price_map()
    broken["gpt-1"]["input_cost_per_token"] = "cheap"

    page = upload(staff, broken)

    assert "gpt-1.input_cost_per_token" in page.content.decode()


def test_the_parity_report_marks_what_differs(staff: Client, model: Model) -> None:
    confirm(staff, upload(staff))
    services.publish_price(
        model.pk, {**PEGGED, "policy": "floating", "items": [item("input_tokens", "3")]}, at=clock.now()
    )

    page = staff.get(f"{LIST}parity/").content.decode()

    assert "Differs without an announcement" in page
    assert "+20 %" in page


def test_the_parity_report_goes_home_as_csv(staff: Client, model: Model) -> None:
    confirm(staff, upload(staff, source="=map"))
    services.publish_price(model.pk, PEGGED, at=clock.now())

    answer = staff.get(reverse("admin:marketplace_officialprice_parity-csv"))

    head, first, *_ = b"".join(answer.streaming_content).decode().splitlines()
    assert head.startswith("model,vendor,policy,standing,meter,conditions,from,unit,currency,official,ours")
    assert first == "gpt-1,openai,pegged,equal,input_tokens,,0,1000000,USD,2.5,2.5,0,'=map,2026-05-01,,"
