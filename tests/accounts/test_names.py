"""What people call themselves stands in mails to others."""

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User

pytestmark = pytest.mark.django_db

CRAFTED = "Ada\r\n\r\nYour account is locked.\u202e Call\u2028us"
PLAIN = "Ada Your account is locked. Call us"


def test_a_chosen_name_writes_no_lines_of_its_own(ada: User) -> None:
    accounts.save_preferences(ada, name=CRAFTED, language="en", display_unit="usd", time_zone="UTC")

    ada.refresh_from_db()
    assert ada.name == PLAIN


def test_nor_does_one_that_somebody_came_with() -> None:
    user = accounts.add_user(accounts.new_user("eve@example.com", password=None, name=CRAFTED))

    assert user.name == PLAIN
