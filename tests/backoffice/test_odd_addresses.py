"""No address makes the back office or another door fail: what cannot be looked up is refused or ignored."""

import pytest
from django.contrib import admin
from django.test import Client

from apps.accounts.models import User
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

PAGES = {(model._meta.app_label, model._meta.model_name or ""): model for model in admin.site._registry}
ODD = ["q=%00", "q=99999999999999999999999", "q=a%20b", "p=x", "p=99999999", "o=99.-1", "e=1", "all=", "nowhere=1"]


@pytest.mark.parametrize(("app", "model"), sorted(PAGES))
def test_a_list_answers_every_query(client: Client, app: str, model: str) -> None:
    sign_in_staff(client)
    names = [field.name for field in PAGES[app, model]._meta.concrete_fields]
    lookups = [f"{name}{how}" for name in names for how in ("=x", "__regex=(")]

    for query in ODD + lookups:
        assert client.get(f"/admin/{app}/{model}/?{query}").status_code in {200, 302, 400}, query


@pytest.mark.parametrize("row", ["%00", "x", "99999999999999999999999", "_00"])
def test_a_row_that_cannot_be_is_not_there(client: Client, row: str) -> None:
    sign_in_staff(client)

    for app, model in sorted(PAGES):
        assert client.get(f"/admin/{app}/{model}/{row}/change/").status_code in {302, 400, 404}, (app, model)


@pytest.mark.parametrize("query", ["legacy__exact=1", "legacy__exact=0"])
def test_the_filters_of_a_list_still_work(client: Client, query: str) -> None:
    sign_in_staff(client)

    assert client.get(f"/admin/relay/apitoken/?{query}").status_code == 200


@pytest.mark.parametrize("choice", ["is_active__exact=1", "groups__id__exact=1", "groups__isnull=True"])
def test_people_can_be_filtered(client: Client, choice: str) -> None:
    sign_in_staff(client)

    assert client.get(f"/admin/accounts/user/?{choice}").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/console/logs?model=%00",
        "/console/tokens/%00",
        "/console/?%00=1",
        "/admin/autocomplete/?term=%00&app_label=marketplace&model_name=model&field_name=successor",
        "/accounts/login/?next=%00",
    ],
)
def test_nul_in_an_address_is_refused(client: Client, ada: User, address: str) -> None:
    client.force_login(ada)

    answer = client.get(address)

    assert answer.status_code == 400
    assert "could not be read" in answer.content.decode()


@pytest.mark.parametrize("address", ["/api/usage/logs?model=%00", "/api/models/%00", "/api/teams?%00"])
def test_nul_in_an_address_of_the_api_is_refused_in_its_shape(client: Client, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"
    assert answer.json()["error"]["request_id"] == answer["X-Request-Id"]


def test_nul_in_a_cookie_is_refused(client: Client) -> None:
    assert client.get("/console/", headers={"cookie": 'sessionid="aaaaaaaaaaaa\\000"'}).status_code == 400


@pytest.mark.parametrize("key", ["x", "", "9" * 22, "1.5"])
@pytest.mark.parametrize("page", ["/admin/teams/team/", "/admin/teams/membership/"])
def test_an_act_on_what_cannot_be_a_row_is_refused(client: Client, page: str, key: str) -> None:
    sign_in_staff(client)

    answer = client.post(page, {"action": "export", "_selected_action": key})

    assert answer.status_code == 400


def test_no_link_fills_in_a_form(client: Client) -> None:
    sign_in_staff(client)

    for app, model in sorted(PAGES):
        names = [field.name for field in PAGES[app, model]._meta.concrete_fields]
        query = "&".join(f"{name}=odd-{name}" for name in names)
        answer = client.get(f"/admin/{app}/{model}/add/?{query}")
        assert answer.status_code in {200, 403}, (app, model)
        assert 'value="odd-' not in answer.content.decode(), (app, model)
