"""Every page of the back office: closed to everybody but staff, and none breaks when staff opens it."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.cast import make_user
from tests.permissions.conftest import World
from tests.permissions.table import route_names

pytestmark = pytest.mark.django_db

ARGUMENTS = ([], ["0"], ["wallet"], ["0", "0"])
OPEN_TO_ALL = {"admin:login"}


def address_of(name: str) -> str:
    """The page with this name; ids are made up."""
    for arguments in ARGUMENTS:
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(f"Nothing matches {name}.")


def names() -> list[str]:
    return sorted(name for name in route_names() if name.startswith("admin:") and name[6:].isidentifier())


def test_outsiders_are_sent_to_the_sign_in() -> None:
    somebody = Client()
    somebody.force_login(make_user())

    for name in names():
        if name not in OPEN_TO_ALL:
            assert Client().get(address_of(name)).status_code == 302, name
            assert somebody.get(address_of(name)).status_code == 302, name


def test_staff_finds_no_page_that_breaks(world: World) -> None:
    staff = world.client("staff")

    for name in names():
        status = staff.get(address_of(name)).status_code
        assert status in ({200} if name.endswith("_changelist") else {200, 302, 403, 404, 405}), (name, status)
