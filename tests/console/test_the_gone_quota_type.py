"""The old quota type is refused by its name wherever a type of quota is asked for, and only there."""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.marketplace.models import Model, ModelType
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.errors import StandardQuotaGone
from apps.wallet.models import Lot
from apps.wallet.quota_types import is_gone
from apps.wallet.types import Mandate
from tests.cast import make_personal_token
from tests.relay.catalogues import SMALL
from tests.staff import sign_in_staff

GONE = "The standard quota type no longer exists."


@pytest.mark.parametrize("name", ["standard", "Standard", " STANDARD ", "standard_quota", "Standard Quota"])
def test_the_name_is_known_however_it_is_written(name: str) -> None:
    assert is_gone(name)


@pytest.mark.parametrize("name", ["standards", "gold standard", "recharge", "", None, 1, ["standard"]])
def test_other_names_are_nobodys_business(name: object) -> None:
    assert not is_gone(name)


# -- The catalogue -------------------------------------------------------------------------------


def refusal_of(tmp_path: Path, catalogue: dict[str, Any]) -> str:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(catalogue))
    try:
        call_command("import_catalogue", str(file), verbosity=0)
    except CommandError as error:
        return str(error)
    return ""


def with_model(**fields: Any) -> dict[str, Any]:
    catalogue = copy.deepcopy(SMALL)
    catalogue["models"][0] |= fields
    return catalogue


def with_price(**fields: Any) -> dict[str, Any]:
    return with_model(pricing_config=copy.deepcopy(SMALL["models"][0]["pricing_config"]) | fields)


@pytest.mark.parametrize(
    ("catalogue", "place"),
    [
        (with_model(type="standard"), ".type"),
        (with_model(quota_type="Standard"), ".quota_type"),
        (with_model(display_config={"quota_type": "standard"}), ".display_config.quota_type"),
        (with_price(quota_type="standard"), ".pricing_config.quota_type"),
        (with_price(type="standard"), ".pricing_config.type"),
        ({"model_types": [{"code": "standard"}]}, "model_types/standard.code"),
        ({"lots": [{"source": "standard"}]}, ""),
        ({"quota_types": ["standard"]}, ""),
        ({"quota_types": [{"code": "standard", "name": {"en": "Standard"}}]}, ""),
    ],
)
@pytest.mark.django_db
def test_a_catalogue_cannot_bring_it_back(tmp_path: Path, catalogue: dict[str, Any], place: str) -> None:
    refusal = refusal_of(tmp_path, catalogue)

    assert GONE in refusal
    assert place in refusal
    assert not Model.objects.exists()


@pytest.mark.django_db
def test_the_word_keeps_its_other_meanings_in_a_catalogue(tmp_path: Path) -> None:
    items = copy.deepcopy(SMALL["models"][0]["pricing_config"]["items"])
    items[0]["conditions"] = {"service_tier": "standard"}
    catalogue = with_price(items=items)
    catalogue["models"][0] |= {"display_config": {"title": {"en": "Standard"}, "capabilities": ["standard"]}}
    catalogue["models"][0]["access_groups"] = ["standard", "default"]
    catalogue["access_groups"].append({"code": "standard"})
    catalogue["vendors"].append({"code": "standard", "name": {"en": "Standard"}})

    assert refusal_of(tmp_path, catalogue) == ""


# -- Programs ------------------------------------------------------------------------------------


@pytest.fixture
def headers(team: TeamAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_personal_token(team).secret}"}


@pytest.mark.parametrize("field", ["type", "quota_type", "source"])
def test_a_token_cannot_be_made_or_changed_for_it(headers: dict[str, str], token: Any, field: str) -> None:
    body = {"name": "new", "limit": "0", field: "standard"}

    made = Client().post("/api/tokens", body, content_type="application/json", headers=headers)
    changed = Client().patch(
        f"/api/tokens/{token[0].public_id}", {field: "standard"}, content_type="application/json", headers=headers
    )

    for answer in (made, changed):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["code"], error["field"]) == ("standard_quota_gone", field)
        assert error["message"].startswith(GONE)


@pytest.mark.parametrize(
    "query",
    ["?type=standard", "?quota_type=Standard", "?source=standard"]
    + [f"/statement?{field}=standard" for field in ("kind", "type", "source")],
)
def test_a_wallet_is_not_filtered_by_it(headers: dict[str, str], query: str) -> None:
    answer = Client().get(f"/api/wallet{query}", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(GONE)


# -- Operators -----------------------------------------------------------------------------------


def test_the_command_grants_no_such_credits(team: TeamAccess) -> None:
    arguments = ("grant_credits", "--team", team.public_id, "--amount", "1", "--reason", "x")

    with pytest.raises(CommandError, match=GONE):
        call_command(*arguments, "--source", "standard")
    with pytest.raises(CommandError, match="Write one of: adjustment, gift, campaign"):
        call_command(*arguments, "--source", "purchase")
    call_command(*arguments, "--source", "gift", stdout=io.StringIO())

    assert list(Lot.objects.filter(wallet_id=team.wallet_id).values_list("source", flat=True)) == ["gift", "gift"]


@pytest.mark.parametrize("act", ["grant", "debit"])
def test_the_back_office_gives_no_such_credits(client: Client, team: TeamAccess, act: str) -> None:
    desk, url = sign_in_staff(client), f"/admin/wallet/account/{team.wallet_id}/{act}/"
    key = f"staff-{act}:1"

    page = desk.post(url, {"amount": "5", "reason": "goodwill", "key": key, "source": "standard"})

    assert GONE in page.content.decode()
    assert Lot.objects.filter(wallet_id=team.wallet_id).count() == 1


@pytest.mark.django_db
def test_the_back_office_adds_no_such_type_to_the_dictionary(client: Client) -> None:
    form = {"code": "standard", "name": "{}", "position": "1"}

    page = sign_in_staff(client).post("/admin/marketplace/modeltype/add/", form)

    assert GONE in page.content.decode()
    assert not ModelType.objects.filter(code="standard").exists()


def test_the_ledger_grants_no_such_lot(team: TeamAccess) -> None:
    with pytest.raises(StandardQuotaGone):
        wallet.grant_lot(team.wallet_id, Mandate("k", "r", actor=None), amount_nanos=1, source="standard")
