"""What people write to models is nowhere afterwards: not in the database, not in the log."""

import logging
from typing import Any

import httpx
import pytest
from django.apps import apps
from django.db import connection

from apps.relay import call_log
from tests.relay.conftest import Relay
from tests.relay.test_upstream_faults import chunk, cutting, failing

pytestmark = pytest.mark.django_db

CANARY = "canary7f3a91"


def everything_stored() -> str:
    """Every row of every table, as text."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    assert apps.get_model("usage", "UsageRecord")._meta.db_table in tables
    return "\n".join(rows)


def call_everything(relay: Relay) -> None:
    image = {"type": "image_url", "image_url": {"url": f"https://example.com/{CANARY}.png"}}
    for stream in (False, True):
        relay.chat(CANARY, stream=stream)
        relay.chat(messages=[{"role": "user", "content": [{"type": "text", "text": CANARY}, image]}], stream=stream)
        relay.post("/v1/completions", {"model": "chat-model", "prompt": CANARY, "stream": stream})
    relay.post("/v1/embeddings", {"model": "acme/embedder", "input": [CANARY]})
    relay.chat(CANARY, model="no-such-model")
    relay.chat(CANARY, n=0)
    relay.post("/v1/chat/completions", f'{{"model":"chat-model","{CANARY}":NaN}}'.encode())
    relay.leave_after(1, CANARY)


def fail_everywhere(relay: Relay) -> None:
    faults: list[Any] = [failing(400, message=CANARY), failing(500, message=CANARY), cutting(chunk(CANARY))]
    for fault in faults:
        relay.answers(fault, channel="first")
        relay.answers(fault, channel="second")
        relay.chat(CANARY)
        relay.chat(CANARY, stream=True)


def test_no_word_of_a_call_is_kept(relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    call_everything(relay)
    fail_everywhere(relay)

    call_log.flush()
    assert "call" in caplog.text
    assert CANARY not in caplog.text
    assert len(relay.records) > 10
    assert CANARY not in everything_stored()


def test_errors_do_not_repeat_what_was_sent(relay: Relay) -> None:
    relay.answers(lambda request: httpx.Response(502, text=CANARY), channel="first")
    relay.answers(lambda request: httpx.Response(502, text=CANARY), channel="second")

    assert CANARY not in relay.chat(CANARY).body.decode()
