"""The tables of the back office, walked: every page and every act, as each group, a customer and nobody."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts.models import User
from tests.backoffice.desk import colleague
from tests.cast import make_user
from tests.permissions.rows import make_rows
from tests.permissions.staff import ACTS, GROUPS, PAGES, SITE, rights
from tests.permissions.test_permissions import rolled_back
from tests.shared import around_the_tests

pytestmark = pytest.mark.django_db

LETTERS = {"changelist": {"v"}, "history": {"v"}, "change": {"v", "c"}, "add": {"a"}, "delete": {"d"}}
STATUSES = {"x": {200, 404}, "n": {404}, ".": {403}}
"""Of an act: 404 is one that this row does not offer."""


@pytest.fixture(scope="module")
def desks(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Client]]:
    """A browser for each group, and a row of every model: made once for all tests here."""
    with around_the_tests(django_db_blocker):
        make_rows()
        desks = {group: desk(group) for group in GROUPS}
        with django_db_blocker.block():
            yield desks


def desk(group: str) -> Client:
    address = f"{group or 'nobody'}@staff.example".replace(" ", "-")
    if group == "superuser":
        return colleague(address)
    client = colleague(address, group=group or "read-only")
    if not group:
        User.objects.get(email=address).groups.clear()
    return client


def pages() -> list[tuple[type[Model], Any]]:
    return sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label_lower)


def urls_of(page: Any) -> Iterator[tuple[str, URLPattern]]:
    """Each URL of an admin by its kind or the name of its act; the old address of a row, that has no name, is left."""
    prefix = f"{page.opts.app_label}_{page.opts.model_name}_"
    yield from ((pattern.name.removeprefix(prefix), pattern) for pattern in page.get_urls() if pattern.name)


def address(page: Any, kind: str) -> str:
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}_{kind}"
    of_a_row = next(pattern.pattern.converters for found, pattern in urls_of(page) if found == kind)
    return reverse(name, args=[row_of(page.model).pk] if of_a_row else [])


def row_of(model: type[Model]) -> Any:
    row = model._default_manager.order_by("-pk").first()
    assert row is not None, f"tests/permissions/rows.py makes no {model._meta.label}."
    return row


def answered(desks: dict[str, Client], path: str, method: str = "get") -> dict[str, int]:
    """The status for each group; what an act did is undone."""
    found = {}
    for group, client in desks.items():
        with rolled_back():
            response: HttpResponse = getattr(client, method)(path)
            found[group] = response.status_code
    return found


def test_every_page_and_every_act_has_a_row() -> None:
    models = {model._meta.label_lower for model, _ in pages()}
    acts = {f"{model._meta.label_lower} {kind}" for model, page in pages() for kind, _ in urls_of(page)}

    assert models == set(PAGES)
    assert {act for act in acts if act.split()[1] not in LETTERS} == set(ACTS)


def test_every_page_of_the_site_itself_has_a_row() -> None:
    own = {p.name or str(p.pattern) for p in admin.site.get_urls() if isinstance(p, URLPattern)}

    assert own == set(SITE)


@pytest.mark.parametrize("model", PAGES)
def test_each_group_gets_the_pages_that_the_table_says(desks: dict[str, Client], model: str) -> None:
    page = admin.site._registry[apps.get_model(model)]
    may = rights(PAGES, model)

    for kind, letters in LETTERS.items():
        expected = {group: 200 if letters & may[group] else 403 for group in sampled(kind, may)}
        assert answered({group: desks[group] for group in expected}, address(page, kind)) == expected, kind


def sampled(kind: str, may: dict[str, set[str]]) -> list[str]:
    """Who only looks is known from the front page: there the first group that may stands for the others."""
    able = [group for group in GROUPS if may[group]]
    left_out = able[1:-1] if kind in {"changelist", "history", "change"} else []
    return [group for group in GROUPS if group not in left_out]


@pytest.mark.parametrize("model", PAGES)
def test_nobody_writes_who_may_only_look(desks: dict[str, Client], model: str) -> None:
    page = admin.site._registry[apps.get_model(model)]
    may = rights(PAGES, model)

    outsiders = {group: client for group, client in desks.items() if "c" not in may[group]}
    assert set(answered(outsiders, address(page, "change"), "post").values()) <= {403}


@pytest.mark.parametrize("act", ACTS)
def test_each_group_gets_the_acts_that_the_table_says(desks: dict[str, Client], act: str) -> None:
    model, name = act.split()
    path = address(admin.site._registry[apps.get_model(model)], name)
    may = rights(ACTS, act)

    for group, status in answered(desks, path).items():
        assert status in STATUSES[max(may[group], default=".")], group
    outsiders = {group: client for group, client in desks.items() if "x" not in may[group]}
    assert set(answered(outsiders, path, "post").values()) <= {403, 404}


def test_an_autocomplete_answers_whoever_sees_the_list(desks: dict[str, Client]) -> None:
    looked_up = {model: pointing_at(model) for model, page in pages() if page.search_fields}

    for remote, field in looked_up.items():
        if field is not None:
            app, source = field.model._meta.label_lower.split(".")
            asked = f"app_label={app}&model_name={source}&field_name={field.name}&term="
            may = rights(PAGES, remote._meta.label_lower)
            expected = {group: 200 if "v" in letters else 403 for group, letters in may.items()}
            assert answered(desks, f"/admin/autocomplete/?{asked}") == expected, remote


def pointing_at(remote: type[Model]) -> Any:
    """A field of some model that relates to this one."""
    fields = (field for model in apps.get_models() for field in model._meta.get_fields() if field.concrete)
    return next((f for f in fields if f.is_relation and f.related_model is remote), None)


def test_the_front_page_lists_exactly_what_may_be_looked_at(desks: dict[str, Client]) -> None:
    for group, client in desks.items():
        with rolled_back():
            listed = {
                model["model"]._meta.label_lower
                for app in client.get("/admin/").context["app_list"]
                for model in app["models"]
            }
        assert listed == {model for model in PAGES if rights(PAGES, model)[group]}, group


@pytest.mark.parametrize("name", SITE)
def test_pages_of_the_site_itself(desks: dict[str, Client], name: str) -> None:
    path, nobody, customer, staff = SITE[name]

    assert Client().get(path).status_code == nobody
    assert a_customer().get(path).status_code == customer
    assert staff is None or set(answered(desks, path).values()) == {staff}


def test_customers_and_strangers_are_sent_to_the_sign_in_by_every_page(desks: dict[str, Client]) -> None:
    clients = (Client(), a_customer())

    for _, page in pages():
        for kind, _ in urls_of(page):
            answers = [client.get(address(page, kind)) for client in clients]
            assert {(a.status_code, a["Location"].partition("?")[0]) for a in answers} == {(302, "/admin/login/")}


def a_customer() -> Client:
    client = Client()
    client.force_login(make_user())
    return client
