"""The permission table, walked: every URL, every role, strangers, and the scopes of personal access tokens."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from apps.core.ids import public_id
from apps.teams.models import Scope
from tests.cast import make_personal_token
from tests.permissions.conftest import World
from tests.permissions.expected import ROLES, Row
from tests.permissions.table import NOT_RECENT, ROWS, route_names
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db

NOWHERE = {
    name: public_id(prefix, UUID(int=7))
    for name, prefix in {
        "team": "team",
        "token": "tk",
        "call": "req",
        "pat": "pat",
        "member": "mem",
        "hook": "hook",
        "invitation": "inv",
    }.items()
}


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    listed = {row.name for row in ROWS}
    routes = {name for name in route_names() if not name.startswith("admin:")}

    assert sorted(routes - listed) == []
    assert sorted(listed - routes) == []


def test_no_row_stands_twice() -> None:
    assert [str(row) for row, times in Counter(ROWS).items() if times > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_role_gets_what_the_table_says(world: World, row: Row) -> None:
    found = {}
    for role in ROLES:
        with rolled_back():
            found[role] = world.send(world.client(role), row).status_code

    assert found == row.by_role()


MAY_ASK = [row for row in ROWS if row.recent or "302" in row.expected.split()[1:]]


@pytest.mark.parametrize("row", MAY_ASK, ids=str)
def test_each_role_gets_what_the_table_says_after_a_recent_sign_in(world: World, row: Row) -> None:
    found = {}
    for role in ROLES:
        with rolled_back():
            found[role] = world.send(signed_in_again(world.client(role)), row).status_code

    assert found == row.by_role(is_recent=True)


def test_no_row_hides_its_roles_behind_a_recent_sign_in() -> None:
    assert [str(row) for row in ROWS if row.expected == NOT_RECENT and not row.recent] == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_of_a_team], ids=str)
def test_a_stranger_cannot_tell_what_exists(world: World, row: Row, body_of: Callable[[HttpResponse], object]) -> None:
    client = world.client("stranger")

    real = world.send(client, row)
    unreal = world.send(client, row, **NOWHERE)

    assert (real.status_code, body_of(real)) == (unreal.status_code, body_of(unreal))


@pytest.mark.parametrize("row", [row for row in ROWS if row.scope], ids=str)
def test_a_personal_token_needs_the_scope(world: World, row: Row) -> None:
    access = world.access("owner")
    others = [scope for scope in Scope.values if scope != row.scope]

    without = Client(headers={"Authorization": f"Bearer {make_personal_token(access, *others).secret}"})
    within = Client(headers={"Authorization": f"Bearer {make_personal_token(access, row.scope).secret}"})

    assert world.send(without, row).status_code == 403
    assert world.send(within, row).status_code == row.by_role(is_recent=bool(row.recent))["owner"]


def signed_in_again(client: Client) -> Client:
    if user_id := client.session.get(SESSION_KEY):
        sign_in_again(client, User.objects.get(pk=user_id))
    return client


@contextmanager
def rolled_back() -> Iterator[None]:
    """One role's act must not be there for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
