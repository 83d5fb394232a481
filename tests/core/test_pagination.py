"""Pages by cursor: every row once, in both directions, while rows arrive."""

import pytest
from django.contrib.auth import get_user_model

from apps.core.pagination import Cursor, CursorInvalid, Page, keyset_page, parse_cursor

User = get_user_model()


def page(cursor: Cursor | None) -> Page[str]:
    return keyset_page(User.objects.all(), key="id", cursor=cursor, size=2).map(lambda user: user.email)


def add_users(*names: str) -> None:
    for name in names:
        User.objects.create_user(f"{name}@example.com")


@pytest.fixture
def five_users(db: None) -> None:
    add_users("a", "b", "c", "d", "e")


@pytest.mark.usefixtures("five_users")
def test_walking_forward_shows_every_row_once_newest_first() -> None:
    first = page(None)
    second = page(first.next)
    third = page(second.next)

    assert [*first.results, *second.results, *third.results] == [f"{name}@example.com" for name in "edcba"]
    assert (first.previous, third.next) == (None, None)


@pytest.mark.usefixtures("five_users")
def test_walking_back_shows_the_same_pages() -> None:
    first = page(None)
    second = page(first.next)
    third = page(second.next)

    assert page(third.previous).results == second.results
    assert page(page(third.previous).previous) == first


@pytest.mark.usefixtures("five_users")
def test_a_row_that_arrives_meanwhile_moves_nothing() -> None:
    first = page(None)
    add_users("f")

    assert page(first.next).results == ["c@example.com", "b@example.com"]


def test_a_cursor_survives_its_text() -> None:
    cursor = Cursor(key="0198a0c4-0000-7000-8000-000000000000", newer=True)

    assert parse_cursor(cursor.as_text()) == cursor


@pytest.mark.parametrize("text", ["", "x", "12", "PDEgT1IgMT0x", "💥", "PA==", "a" * 5000])
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(CursorInvalid):
        parse_cursor(text)


@pytest.mark.usefixtures("five_users")
def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(CursorInvalid):
        page(Cursor(key="0198a0c4-0000-7000-8000-000000000000"))
