"""The dictionaries on the platform API: what there is, without a hint at what the caller does not see."""

import pytest
from django.test import Client

from apps.core import clock
from apps.marketplace import services
from apps.marketplace.models import Model, ModelType, PricingTemplate
from apps.teams.models import AccessGrant, AccessGroup
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token
from tests.catalogue import CHAT_TERMS, CHAT_TOKEN

pytestmark = pytest.mark.usefixtures("catalogue")

TYPES = "/api/dict/model-types"
TEMPLATES = "/api/dict/pricing-templates"


def as_script(team: TeamAccess, *scopes: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_personal_token(team, *scopes).secret}"})


def counts(client: Client, query: str = "") -> dict[str, int]:
    return {item["code"]: item["model_count"] for item in client.get(f"{TYPES}{query}").json()["items"]}


def test_a_type_says_what_a_front_end_needs(db: None) -> None:
    shown = Client().get(TYPES).json()

    assert isinstance(shown["version"], int)
    assert shown["updated_at"].endswith("Z")
    assert shown["items"][0] == {
        "code": "chat",
        "label": {"en": "Chat", "zh-hans": "对话"},
        "order": 10,
        "model_count": 2,
        "planned_count": 0,
        "endpoints": ["/v1/chat/completions", "/v1/completions"],
        "facets": ["context_length", "tools", "vision", "reasoning", "prompt_caching"],
        "pricing_templates": ["chat_token"],
    }


def test_counts_are_of_what_the_caller_sees(team: TeamAccess) -> None:
    assert counts(Client()) == {"chat": 2, "embedding": 1}

    AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code="vip"))

    assert counts(Client()) == {"chat": 2, "embedding": 1}
    assert counts(as_script(team)) == {"chat": 3, "embedding": 1}


def test_a_type_that_only_a_hidden_model_has_is_not_hinted_at(db: None) -> None:
    ModelType.objects.create(code="video", name={"en": "Video"}, position=40)
    Model.objects.filter(code="chat-vip").update(type=ModelType.objects.get(code="video"))

    assert "video" not in counts(Client())
    assert counts(Client(), "?empty=true")["video"] == 0


def test_a_new_type_appears_with_its_first_model(db: None) -> None:
    kept = Client().get(TYPES)["ETag"]

    services.import_section(
        {
            "model_types": [{"code": "smell", "name": {"en": "Smell"}, "position": 90, "endpoints": ["/v1/smells"]}],
            "models": [{"id": "nose-1", "type": "smell", "vendor": "acme-ai"}],
        },
        at=clock.now(),
    )

    answer = Client().get(TYPES, headers={"If-None-Match": kept})
    assert answer.status_code == 200
    assert answer.json()["items"][-1]["code"] == "smell"


@pytest.mark.parametrize("path", [TYPES, TEMPLATES, f"{TEMPLATES}/chat_token"])
def test_who_has_the_answer_is_told_that_it_still_holds(db: None, path: str) -> None:
    first = Client().get(path)

    again = Client().get(path, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert "public" in first["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {name.strip() for name in first["Vary"].split(",")}


def test_no_cache_keeps_what_is_counted_for_one_caller(team: TeamAccess) -> None:
    answer = as_script(team).get(TYPES)

    assert "private" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]


def test_templates_are_listed_by_type_in_their_newest_version(db: None) -> None:
    services.publish_template("chat_token", CHAT_TERMS | {"hold": "input_plus_max_output"}, at=clock.now())

    (shown,) = Client().get(f"{TEMPLATES}?type=chat").json()["items"]

    assert (shown["code"], shown["version"], shown["hold"]) == ("chat_token", 2, "input_plus_max_output")
    assert Client().get(f"{TEMPLATES}?type=video").json()["items"] == []


def test_a_template_is_shown_in_the_version_that_is_asked_for(db: None) -> None:
    services.publish_template("chat_token", CHAT_TERMS | {"hold": "input_plus_max_output"}, at=clock.now())

    newest = Client().get(f"{TEMPLATES}/chat_token").json()
    first = Client().get(f"{TEMPLATES}/chat_token?version=1").json()

    assert (newest["version"], newest["versions"]) == (2, [1, 2])
    assert first == CHAT_TOKEN | {
        "tiering": "none",
        "hold": "",
        "json_schema": {},
        "defaults": {},
        "deprecated": False,
        "versions": [1, 2],
    }


def test_a_deprecated_template_says_so_and_is_no_longer_proposed(db: None) -> None:
    services.deprecate_template(PricingTemplate.objects.get().pk, at=clock.now())

    assert Client().get(TEMPLATES).json()["items"][0]["deprecated"] is True
    assert Client().get(TYPES).json()["items"][0]["pricing_templates"] == []


@pytest.mark.parametrize("query", ["nothing", "chat_token?version=9"])
def test_a_template_that_is_not_there_is_not_found(db: None, query: str) -> None:
    assert Client().get(f"{TEMPLATES}/{query}").status_code == 404


@pytest.mark.parametrize("query", ["chat_token?version=0", "chat_token?version=x"])
def test_an_odd_version_is_a_field_error(db: None, query: str) -> None:
    assert Client().get(f"{TEMPLATES}/{query}").status_code == 400
