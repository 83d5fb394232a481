"""What the relay refuses before anything is sent: a clear error, nothing charged, nothing held."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request

from apps.core import clock
from apps.core.errors import Conflict, Invalid
from apps.marketplace.models import Model, ModelGrant
from apps.marketplace.services import publish_price
from apps.relay import services, views
from apps.teams.models import AccessGroup
from apps.wallet import services as wallet
from apps.wallet.errors import HoldGone, LedgerFault
from tests.relay.conftest import Relay
from tests.relay.snapshots import price_config

pytestmark = pytest.mark.django_db

HI: dict[str, Any] = {"model": "chat-model", "messages": [{"role": "user", "content": "hi"}]}


def change(relay: Relay, **terms: Any) -> None:
    services.change_token(relay.token.pk, actor=None, at=clock.now(), **terms)


@pytest.mark.parametrize(
    ("authorization", "hint"),
    [
        ("", "missing"),
        ("sk-abc", "missing_bearer"),
        ("Basic abc", "missing_bearer"),
        ("Bearer sk-abc", "unknown"),
        ("Bearer ", "unknown"),
        ("Bearer sk-é", "unknown"),
    ],
)
def test_a_bad_key_is_401_and_says_why(relay: Relay, authorization: str, hint: str) -> None:
    reply = relay.post("/v1/chat/completions", HI, authorization=authorization)

    assert (reply.status, reply.error["code"], reply.error["hint"]) == (401, "invalid_api_key", hint)
    assert reply.headers["x-request-id"] == reply.error["request_id"]
    assert reply.headers["www-authenticate"] == "Bearer"
    relay.assert_nothing_happened()


def test_a_deleted_key_is_401(relay: Relay) -> None:
    services.delete_token(relay.token.pk, actor=None, at=clock.now())

    assert relay.chat().error["hint"] in ("deleted", "unknown")


def test_a_disabled_key_is_401(relay: Relay) -> None:
    services.disable_token(relay.token.pk, actor=None, at=clock.now())

    assert relay.chat().error["hint"] == "disabled"


def test_a_key_whose_account_was_closed_a_moment_ago_is_401_although_remembered_as_good(relay: Relay) -> None:
    wallet.close_account(relay.token.account_id)

    reply = relay.chat()

    assert (reply.status, reply.error["hint"]) == (401, "deleted")


def test_an_expired_key_is_401(relay: Relay) -> None:
    relay.token.expires_at = clock.now() - timedelta(seconds=1)
    relay.token.save()

    assert relay.chat().error["hint"] == "expired"


def test_an_address_outside_the_list_is_403(relay: Relay) -> None:
    change(relay, ip_allow=["192.0.2.0/24"])

    reply = relay.chat()

    assert (reply.status, reply.error["code"]) == (403, "ip_not_allowed")
    change(relay, ip_allow=["127.0.0.0/8"])
    assert relay.chat().status == 200


def test_a_mistyped_model_is_404_with_its_neighbours(relay: Relay) -> None:
    reply = relay.chat(model="chat-modle")

    assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "model_not_found", "model")
    assert reply.error["nearest"][0] == "chat-model"
    relay.assert_nothing_happened()


def test_models_of_other_groups_do_not_exist(relay: Relay) -> None:
    reply = relay.chat(model="secret-model")

    assert reply.status == 404
    assert "secret-model" not in reply.error["nearest"]
    assert relay.get("/v1/models/secret-model").status == 404


def test_a_token_may_be_bound_to_models(relay: Relay) -> None:
    change(relay, model_codes=["fixed-model"])

    assert relay.chat().status == 404
    assert relay.chat(model="fixed-model").status == 200
    assert [model["id"] for model in relay.get("/v1/models").json["data"]] == ["fixed-model"]


def test_a_retired_model_names_its_successor(relay: Relay) -> None:
    error = relay.chat(model="old-model").error

    assert (error["availability"], error["successor"]) == ("retired", "chat-model")


def test_a_retired_model_passes_over_successors_that_are_retired_too(relay: Relay) -> None:
    last, middle = Model.objects.get(code="chat-model"), Model.objects.get(code="fixed-model")
    Model.objects.filter(code="fixed-model").update(lifecycle="retired", successor=last)
    Model.objects.filter(code="old-model").update(successor=middle, retired_on="2026-10-01")

    error = relay.chat(model="old-model").error

    assert (error["retired_on"], error["successor"], error["nearest"]) == ("2026-10-01", "chat-model", ["chat-model"])
    assert error["message"] == "The model 'old-model' was retired on 2026-10-01. Use 'chat-model' instead."


def test_a_successor_that_the_caller_does_not_see_is_not_named(relay: Relay) -> None:
    Model.objects.filter(code="old-model").update(successor=Model.objects.get(code="secret-model"))

    error = relay.chat(model="old-model").error

    assert (error["successor"], error["nearest"]) == (None, [])
    assert "secret-model" not in error["message"]


def test_successors_that_follow_each_other_end(relay: Relay) -> None:
    old, fixed = Model.objects.get(code="old-model"), Model.objects.get(code="fixed-model")
    Model.objects.filter(pk=fixed.pk).update(lifecycle="retired", successor=old)
    Model.objects.filter(pk=old.pk).update(successor=fixed)

    assert relay.chat(model="old-model").error["successor"] is None


def test_a_kind_of_call_without_any_model_is_to_come(relay: Relay) -> None:
    embedding = {"model": "text-embedding-3-small", "input": "hi"}
    assert "availability" not in relay.post("/v1/embeddings", embedding).error
    Model.objects.filter(code="acme/embedder").update(lifecycle="planned")

    reply = relay.post("/v1/embeddings", embedding)

    assert (reply.status, reply.error["code"], reply.error["availability"]) == (404, "model_not_found", "planned")
    relay.assert_nothing_happened()


def test_a_key_that_may_not_embed_is_not_told_that_embeddings_are_to_come(relay: Relay) -> None:
    change(relay, model_codes=["chat-model"])

    assert "availability" not in relay.post("/v1/embeddings", {"model": "acme/embedder", "input": "hi"}).error


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/audio/transcriptions"])
def test_speech_and_transcription_are_to_come_and_want_a_key_all_the_same(relay: Relay, path: str) -> None:
    reply = relay.post(path, {"model": "tts-1", "input": "hi", "voice": "alloy"})

    assert (reply.status, reply.error["code"], reply.error["availability"]) == (404, "model_not_found", "planned")
    assert relay.post(path, {}, authorization="").status == 401
    relay.assert_nothing_happened()


def test_a_granted_model_is_called_on_the_terms_of_the_main_group_until_the_grant_ends(relay: Relay) -> None:
    AccessGroup.objects.filter(code="default").update(multiplier="2")
    grant = ModelGrant.objects.create(team_id=relay.team.id, model=Model.objects.get(code="secret-model"))

    assert relay.chat(model="secret-model").status == 200
    assert (relay.record.access_group, relay.record.multiplier) == ("default", 2)
    assert "secret-model" in {model["id"] for model in relay.get("/v1/models").json["data"]}

    ModelGrant.objects.filter(pk=grant.pk).update(ends_at=clock.now())
    assert relay.chat(model="secret-model").status == 404


def test_a_planned_model_is_to_come(relay: Relay) -> None:
    assert relay.chat(model="coming-model").error["availability"] == "planned"


def test_an_empty_wallet_is_402_with_what_would_fit(relay: Relay) -> None:
    # 65 + 16 + 64 = 145 tokens in at 2 a million, and 16,384 out at 8: 0.131362 credits at most
    change(relay, limit_nanos=100_000_000)

    reply = relay.chat()

    assert (reply.status, reply.error["code"], reply.error["scope"]) == (402, "insufficient_quota", "token")
    assert reply.error["have"] == "0.1"
    assert reply.headers["x-should-retry"] == "false"
    assert f"lower max_tokens to {reply.error['max_tokens']}" in reply.error["message"]
    relay.assert_nothing_happened()
    assert relay.chat(max_tokens=reply.error["max_tokens"] - 10).status == 200


def test_the_account_may_be_what_is_empty(relay: Relay) -> None:
    relay_wallet = relay.team.wallet_id
    wallet.set_limit(relay.token.account_id, limit_nanos=None)

    assert [relay.chat(model="dear-model").status for _ in range(4)] == [200] * 4
    reply = relay.chat(model="dear-model")

    assert (reply.status, reply.error["scope"], reply.error["need"], reply.error["have"]) == (
        402,
        "account",
        "25",
        "0",
    )
    assert relay.spent_nanos == 100_000_000_000
    assert relay_wallet


def test_a_cap_that_is_used_up_stays_used_up(relay: Relay) -> None:
    change(relay, limit_nanos=1_000_000_000)
    assert [relay.chat(model="fixed-model").status for _ in range(3)] == [200, 200, 402]

    change(relay, limit_nanos=0)

    assert relay.chat(model="fixed-model").status == 200


def test_too_many_requests_are_429_with_the_limit_and_a_wait(relay: Relay) -> None:
    change(relay, rpm=1)

    replies = [relay.chat("hi") for _ in range(3)]

    refused = replies[-1]
    assert (refused.status, refused.error["code"], refused.error["limit_type"]) == (429, "rate_limit_exceeded", "rpm")
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize("options", [{}, {"search_context_size": "high"}])
def test_a_priced_field_without_a_price_is_400(relay: Relay, options: dict[str, str]) -> None:
    reply = relay.chat(web_search_options=options)  # an empty object is how OpenAI's clients switch it on

    assert (reply.status, reply.error["param"]) == (400, "web_search_options")
    relay.assert_nothing_happened()


def test_a_priced_field_that_is_switched_off_is_fine(relay: Relay) -> None:
    assert relay.chat(web_search_options=None).status == 200


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/chat", "/v1/assistants/x", "/v1/models/"])
def test_an_unknown_path_is_404_unknown_url(relay: Relay, path: str) -> None:
    reply = relay.post(path, {})

    assert (reply.status, reply.error["code"]) == (404, "unknown_url")
    assert f"POST {path}" in reply.error["message"]


def test_a_wrong_method_is_405(relay: Relay) -> None:
    assert relay.get("/v1/chat/completions").status == 405


BAD_BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"null", 400),
    (b'{"model":"chat-model"}', 400),
    (b'{"model":"chat-model","model":"chat-model","messages":[{"role":"user","content":"x"}]}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"x"}],"temperature":NaN}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"\xff\xfe"}]}', 400),
    (b'{"model":"chat-model","messages":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400),
    (b'{"model":["chat-model"],"messages":[{"role":"user","content":"x"}]}', 400),
    (b'{"model":"chat-model","messages":{"role":"user"}}', 400),
    (b'{"model":"chat-model","messages":[null]}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":{"a":1}}]}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"x"}],"n":"3"}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"x"}],"tools":"none"}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"x"}],"tools":[1]}', 400),
    (b'{"model":"chat-model","messages":[{"role":"user","content":"x"}],"stream":"yes"}', 400),
    (b'{"model":"\\ud800","messages":[{"role":"user","content":"x"}]}', 400),
    (b'{"model":"' + b"m" * 100_000 + b'","messages":[{"role":"user","content":"x"}]}', 404),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES)
def test_bad_input_is_a_clear_error_and_never_ours(relay: Relay, body: bytes, status: int) -> None:
    reply = relay.post("/v1/chat/completions", body)

    assert reply.status == status
    assert reply.error["message"]
    relay.assert_nothing_happened()


def test_ten_thousand_messages_are_a_call_like_any_other(relay: Relay) -> None:
    messages = [{"role": "user", "content": "hi"}] * 10_000

    assert relay.chat(messages=messages).status == 200
    assert relay.record.input_tokens == 10_000


def test_a_compressed_request_is_415(relay: Relay) -> None:
    reply = relay.post("/v1/chat/completions", HI, content_encoding="gzip")

    assert reply.status == 415
    relay.assert_nothing_happened()


def test_a_model_id_of_any_length_is_quoted_in_part(relay: Relay) -> None:
    reply = relay.chat(model="m" * 100_000)

    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert len(reply.error["message"]) < 300


def test_a_wrong_method_names_the_right_one(relay: Relay) -> None:
    reply = relay.request("GET", "/v1/chat/completions", b"")

    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert "POST" in reply.headers["allow"]


def test_a_model_of_another_kind_is_refused_before_anything_is_sent(relay: Relay) -> None:
    reply = relay.chat(model="acme/embedder")

    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "unsupported_value", "model")
    relay.assert_nothing_happened()


def test_a_list_of_other_models_is_refused_because_they_have_other_prices(relay: Relay) -> None:
    reply = relay.chat(models=["secret-model"])

    assert (reply.status, reply.error["param"]) == (400, "models")
    relay.assert_nothing_happened()


def test_a_large_body_is_read_like_a_small_one(relay: Relay) -> None:
    assert relay.chat("hello " * 100_000).status in (200, 402)


def test_an_inner_field_of_the_wrong_kind_is_named_exactly(relay: Relay) -> None:
    reply = relay.chat(stream=True, stream_options={"include_usage": "yes"})

    assert (reply.status, reply.error["param"]) == (400, "stream_options.include_usage")
    assert reply.error["message"] == "'stream_options.include_usage' must be a boolean."
    relay.assert_nothing_happened()


def test_a_hold_beyond_the_ledgers_range_is_402_and_never_400(relay: Relay) -> None:
    tokens = price_config(("input_tokens", "10000000"), ("output_tokens", "10000000"), hold={"max": "999999999999999"})
    publish_price(Model.objects.get(code="chat-model").pk, tokens, at=clock.now())
    AccessGroup.objects.filter(code="default").update(multiplier="9999")

    reply = relay.chat()  # 16,384 tokens at 10 credits, 9999 times: 1.6e9 credits

    assert (reply.status, reply.error["code"]) == (402, "insufficient_quota")
    relay.assert_nothing_happened()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LedgerFault(), 500),
        (HoldGone(), 500),
        (Conflict(), 500),
        (Invalid(), 400),
        (ParseError(), 400),
        (APIException(), 500),
        (Http404(), 404),
    ],
)
def test_only_what_is_wrong_with_the_request_is_the_callers_mistake(error: Exception, status: int) -> None:
    request = Request(RequestFactory().post("/v1/chat/completions"))

    assert views._error_of(error, request).status == status
