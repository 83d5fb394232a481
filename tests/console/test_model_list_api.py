"""The list of models on the platform API: what may be asked for, who pays what, and what caches may keep."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.renderers import JSONRenderer

from apps.accounts.models import User
from apps.console.catalogue.model_list_serializers import ListedModelSerializer, shown_model
from apps.core import clock
from apps.marketplace import queries, services
from apps.marketplace.models import Model
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token
from tests.catalogue import price

pytestmark = pytest.mark.usefixtures("catalogue")


def page(query: str = "", client: Client | None = None) -> Any:
    answer = (client or Client()).get(f"/api/models{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def listed(query: str = "", client: Client | None = None) -> list[str]:
    return [model["id"] for model in page(query, client)["results"]]


def refusal(query: str) -> str:
    answer = Client().get(f"/api/models{query}")
    assert answer.status_code == 400
    return str(answer.json()["error"]["message"])


def as_member_of(team: TeamAccess) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_personal_token(team).secret}"})


def describe(code: str, **display: object) -> None:
    model = Model.objects.get(code=code)
    model.display_config |= display
    model.save()


def test_it_filters_by_everything_that_models_are_told_apart_by() -> None:
    describe("chat-small", capabilities=["tools"], modalities={"input": ["text", "image"], "output": ["text"]})

    for query in ("type=chat&type=image", "capability=tools", "modality=image", "search=SMALL+acme", "group=default"):
        assert "chat-small" in listed(f"?{query}")
    assert listed("?capability=tools&capability=vision") == []
    assert listed("?max_price=1") == ["embed-small"]
    assert listed("?min_context=128001") == []
    assert listed("?lifecycle=planned") == []


def test_it_counts_what_other_choices_would_leave() -> None:
    answer = page("?type=embedding")

    assert answer["count"] == 1
    assert answer["facets"]["type"] == {"chat": 2, "embedding": 1}
    assert answer["facets"]["vendor"] == {"acme-ai": 1}
    assert answer["facets"]["lifecycle"] == {"ga": 1}


def test_it_is_sorted_and_followed_from_page_to_page() -> None:
    assert listed("?sort=price") == ["embed-small", "chat-small", "one-credit"]

    first = page("?sort=price&limit=2")
    second = Client().get(first["next"]).json()

    assert [model["id"] for model in second["results"]] == ["one-credit"]
    assert second["next"] is None
    assert Client().get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?sort=luck", "sort"),
        ("?lifecycle=gone", "lifecycle"),
        ("?max_price=cheap", "Write an amount such as"),
        ("?min_context=-1", "min_context"),
        ("?cursor=!!", "cursor"),
        ("?cursor=PDk5OTk5OTk", "cursor"),
        ("?limit=0", "limit between 1 and 200"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_words(query: str, said: str) -> None:
    assert said in refusal(query)


def test_prices_are_what_the_caller_pays_and_say_by_which_group(team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))

    found = {model["id"]: model for model in page("", as_member_of(team))["results"]}

    assert (found["chat-small"]["access_group"], found["chat-small"]["multiplier"]) == ("default", "1")
    assert (found["chat-vip"]["access_group"], found["chat-vip"]["multiplier"]) == ("vip", "0.8")
    assert [(line["meter"], line["price"]) for line in found["chat-vip"]["prices"]] == [
        ("input_tokens", "1.6"),
        ("output_tokens", "6.4"),
    ]
    assert found["chat-vip"]["pricing_config"]["items"][0]["tiers"][0]["price"] == "2"


def test_an_answer_is_what_the_schema_says() -> None:
    at = clock.now()
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    dearer = price(input_tokens=(1_000_000, "3"), output_tokens=(1_000_000, "8"))
    services.publish_price(model_id, dearer, at=at, starts_at=at + timedelta(days=2))
    Model.objects.filter(code="chat-small").update(retired_on=date(2099, 1, 31))

    for model in queries.listed_models(queries.reach_of(None, at=at), at=at):
        written = JSONRenderer().render(ListedModelSerializer(model).data)
        assert msgspec.json.decode(msgspec.json.encode(shown_model(model))) == msgspec.json.decode(written)


def test_neither_counts_nor_successors_tell_of_models_out_of_reach() -> None:
    old = Model.objects.get(code="chat-small")
    old.successor = Model.objects.get(code="chat-vip")
    old.save()

    answer = page("?group=vip")

    assert answer["results"] == []
    assert "vip" not in Client().get("/api/models").content.decode()


def test_an_announced_price_is_there_with_its_instant() -> None:
    at = clock.now()
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    dearer = price(input_tokens=(1_000_000, "3"), output_tokens=(1_000_000, "8"))
    services.publish_price(model_id, dearer, at=at, starts_at=at + timedelta(days=2))

    (model,) = page("?search=chat-small")["results"]

    assert model["announced_price"]["effective_at"].startswith((at + timedelta(days=2)).date().isoformat())


def questions(client: Client, path: str) -> int:
    """Besides those for the session and the user."""
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    tables = ('FROM "django_session"', 'FROM "accounts_user" ', "SAVEPOINT")
    return sum(not any(table in query["sql"] for table in tables) for query in asked.captured_queries)


def test_it_asks_at_most_two_questions_besides_session_and_user(ada: User, team: TeamAccess) -> None:
    client = Client()
    client.force_login(ada)
    path = f"/api/models?team={team.public_id}"
    client.get(path)  # the first visit notes the session

    for limit in (1, 200):
        AccessGroup.objects.filter(code="default").update(multiplier=Decimal("0.9"))  # forget what is remembered
        assert questions(Client(), f"/api/models?limit={limit}") == 1
        AccessGroup.objects.filter(code="default").update(multiplier=Decimal("0.8"))
        assert questions(client, f"{path}&limit={limit}") <= 2
        assert questions(client, f"{path}&limit={limit}") <= 2


def test_anybody_may_keep_the_public_list_for_a_minute_and_learns_whether_it_still_holds() -> None:
    first = Client().get("/api/models")

    again = Client(headers={"If-None-Match": first["ETag"]}).get("/api/models")
    Model.objects.filter(code="chat-small").update(lifecycle="beta")
    changed = Client(headers={"If-None-Match": first["ETag"]}).get("/api/models")

    assert {"public", "max-age=60"} == set(first["Cache-Control"].split(", "))
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert changed.status_code == 200


def test_nobody_keeps_a_price_beyond_the_instant_it_ends() -> None:
    at = clock.now()
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    cheaper = price(input_tokens=(1_000_000, "1"), output_tokens=(1_000_000, "8"))
    services.publish_price(model_id, cheaper, at=at, starts_at=at + timedelta(seconds=30))

    kept = int(Client().get("/api/models")["Cache-Control"].partition("max-age=")[2].split(",")[0])

    assert kept <= 30


def test_the_list_of_a_team_is_kept_by_nobody_else(team: TeamAccess) -> None:
    answer = as_member_of(team).get("/api/models")

    assert "private" in answer["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}


def test_a_list_of_one_caller_is_not_taken_for_anothers(team: TeamAccess) -> None:
    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))
    public = Client().get("/api/models")["ETag"]

    own = as_member_of(team).get("/api/models", headers={"If-None-Match": public})

    assert own.status_code == 200
