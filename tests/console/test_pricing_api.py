"""`GET /api/pricing`: prices as multipliers, for front ends written for New API."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.core import clock
from apps.marketplace import services
from apps.marketplace.models import Model
from apps.relay.catalogue import import_catalogue
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token
from tests.catalogue import CATALOGUE, model
from tests.marketplace.configs import config, item, tiered

pytestmark = pytest.mark.django_db

GPT = config(
    item("input_tokens", "2.5"), item("cached_input_tokens", "1.25"), item("output_tokens", "10"), currency="USD"
)
TIERED = config(tiered("input_tokens", (0, "2"), (272_001, "4")), item("output_tokens", "10"), currency="USD")
VIDEO = config(item("video_seconds", "0.1", unit=1, resolution="720p"), currency="USD")
MODELS = [
    model("gpt-1", GPT),
    model("per-call", config(item("calls", "0.04", unit=1), currency="USD")),
    model("long", TIERED),
    model("film", VIDEO, kind="video"),
    model("secret", GPT, groups=("vip",)),
]


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    import_catalogue({**CATALOGUE, "models": MODELS, "channels": []}, at=clock.now(), resolve=lambda name: name)


def asked(client: Client | None = None, **headers: str) -> dict[str, Any]:
    answer = (client or Client()).get("/api/pricing", headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


def row(body: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in body["data"] if row["model_name"] == name)


def test_two_and_a_half_and_ten_dollars_a_million_are_one_and_a_quarter_and_four() -> None:
    body = asked()

    found = row(body, "gpt-1")
    assert (found["quota_type"], found["model_ratio"], found["completion_ratio"]) == (0, 1.25, 4)
    assert (found["cache_ratio"], found["is_exact"]) == (0.5, True)
    # 1,000 in and 500 out are 3,750 quota
    ratio = body["group_ratio"]["default"]
    assert (1_000 + 500 * found["completion_ratio"]) * found["model_ratio"] * ratio == 3_750


def test_what_costs_once_a_call_has_a_price_in_dollars() -> None:
    found = row(asked(), "per-call")

    assert (found["quota_type"], found["model_price"], found["model_ratio"]) == (1, 0.04, 0)


def test_what_multipliers_say_in_part_is_marked_and_what_they_cannot_say_is_left_out() -> None:
    body = asked()

    assert (row(body, "long")["model_ratio"], row(body, "long")["is_exact"]) == (1, False)
    assert "film" not in {row["model_name"] for row in body["data"]}


def test_a_stranger_learns_nothing_of_other_access_groups() -> None:
    answer = Client().get("/api/pricing")

    assert b"secret" not in answer.content
    assert b"vip" not in answer.content
    assert answer["Cache-Control"] == "public, max-age=60"


def test_a_caller_sees_the_groups_of_the_team(team: TeamAccess) -> None:
    secret = make_personal_token(team, "read").secret

    body = asked(Authorization=f"Bearer {secret}")

    assert body["group_ratio"] == {"default": 1}
    assert row(body, "gpt-1")["enable_groups"] == ["default"]


def test_planned_and_retired_models_have_no_price_there() -> None:
    Model.objects.filter(code="gpt-1").update(lifecycle="retired")

    assert "gpt-1" not in {row["model_name"] for row in asked()["data"]}


def test_an_unchanged_answer_is_not_sent_again() -> None:
    first = Client().get("/api/pricing")

    assert Client().get("/api/pricing", headers={"If-None-Match": first["ETag"]}).status_code == 304
    gpt = Model.objects.get(code="gpt-1")
    services.publish_price(gpt.pk, config(item("input_tokens", "2"), currency="USD"), at=clock.now())
    assert Client().get("/api/pricing", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_vendors_are_numbered_within_the_answer() -> None:
    body = asked()

    assert body["vendors"] == [{"id": 1, "name": "Acme AI"}]
    assert {row["vendor_id"] for row in body["data"]} == {1}
