"""Iris is told that a price rises, reads what it means for her, and pays the old one until the new one begins."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.test import Client

from apps.console.tasks import tell_of_prices
from apps.core import clock
from apps.marketplace.models import Model, PriceVersion
from tests.cast import grant
from tests.relay.conftest import Relay
from tests.relay.snapshots import price_config
from tests.staff import sign_in_staff
from tests.stories.person import Visitor
from tests.stories.test_a_team_from_the_first_sign_up_to_a_farewell import key_of

pytestmark = pytest.mark.django_db

DEARER = price_config(("input_tokens", "3"), ("output_tokens", "12"))
SECOND = timedelta(seconds=1)
# 20 tokens in and 10,000 out: 20 × 2 + 10,000 × 8 = 80,040 a million, then 20 × 3 + 10,000 × 12 = 120,060
OLD, NEW = 80_040_000, 120_060_000


def test_a_price_is_raised_announced_mailed_takes_effect_and_is_billed(relay: Relay) -> None:
    iris, stranger = Visitor("iris@example.com"), Visitor("iris@example.com")
    relay.answers(lambda request: httpx.Response(200, json=ANSWER))

    # Iris signs up, gets credits, and calls the model once.
    iris.sign_up()
    iris.send("/console/settings", name="Iris", language="en", display_unit="credits", time_zone="Asia/Shanghai")
    grant(iris.teams["Personal"], "20")
    program = key_of(iris, relay, team="Personal")
    assert spent_by(program) == OLD

    # From another browser she asks for mails about this model; the address counts once she confirms it.
    stranger.open("/price-alerts")
    stranger.browser.post(
        "/price-alerts", {"about": "model:chat-model", "email": iris.email, "direction": "up", "percent": "10"}
    )
    stranger.send(iris.found_in_mail(r"(\S+/price-alerts/confirm/\S+)"))

    # Staff look at what half as much again would mean, and publish it for tomorrow.
    staff = sign_in_staff(Client())
    begins = published(staff, Model.objects.get(code="chat-model"), DEARER)

    # The mail says old and new, when, and what it means for Iris's last month; nobody is told twice.
    assert [tell_of_prices(), tell_of_prices()] == [1, 0]
    letter = iris.found_in_mail(r"(?s)\A(.*)\Z")
    assert re.search(r"Input tokens.*2.*→.*3", letter), letter
    assert re.search(r"Output tokens.*8.*→.*12", letter), letter
    assert "Your last 30 days: +0.04 credits" in letter  # 40,020,000 nanocredits for the one call
    entry = iris.open("/announcements")
    assert "Price increase: chat-model" in entry
    assert "akes effect" in entry
    assert "Price increase: chat-model" not in Visitor("nobody@example.com").open("/announcements?category=models")

    # Until the instant the old price holds, also for a call that ends after it; from then on the new one.
    with time_machine.travel(begins - SECOND, tick=False) as hands:
        assert spent_by(program) == OLD
        relay.upstreams.clear()
        program.during_a_stream(lambda: hands.move_to(begins), "Hello.")
        relay.answers(lambda request: httpx.Response(200, json=ANSWER))
        assert spent_by(program) == NEW

    versions = sorted(record.price_version_id for record in relay.records)
    first, second = PriceVersion.objects.filter(model__code="chat-model").order_by("number")
    assert versions == [first.pk, first.pk, first.pk, second.pk]


ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "chat-model",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 10_000, "total_tokens": 10_020},
}


def spent_by(program: Relay) -> int:
    """What one call costs, as the program is told, in nanocredits."""
    reply = program.chat()
    assert reply.status == 200, reply.body
    whole, _dot, rest = reply.headers["x-sluice-cost"].partition(".")
    return int(whole) * 10**9 + int(rest.ljust(9, "0"))


def published(staff: Client, model: Model, price: dict[str, Any]) -> datetime:
    """Through the back office, after its preview; when it begins."""
    form = {"pricing_config": json.dumps(price)}
    preview = staff.post(f"/admin/marketplace/model/{model.pk}/preview-price/", form).content.decode()
    assert "Output tokens: 8 → 12 credits for 1,000,000 (+50 %)" in preview
    before = clock.now()
    answer = staff.post(f"/admin/marketplace/model/{model.pk}/new-price/", {**form, "reason": "The vendor raised it."})
    assert answer.status_code == 302, answer.content.decode()
    begins = PriceVersion.objects.get(model=model, number=2).starts_at
    assert begins >= before + timedelta(hours=24)
    return begins
