"""Everybody has one team of their own, from whichever door they come first."""

from apps.accounts.models import User
from apps.core import clock
from apps.teams import queries, services
from apps.wallet.models import Account


def test_the_first_call_founds_the_team_and_later_ones_find_it(db: None) -> None:
    ada = User.objects.create_user("ada@example.com")

    first = services.personal_team_of(ada)
    second = services.personal_team_of(ada)

    assert first == second
    assert (first.is_personal, first.role, first.main_group) == (True, "owner", "default")
    assert Account.objects.filter(pk=first.wallet_id).exists()


def test_teams_are_listed_with_the_own_one_first(db: None) -> None:
    ada = User.objects.create_user("ada@example.com")
    acme = services.create_team("Acme", owner=ada, at=clock.now())
    own = services.personal_team_of(ada)

    assert queries.teams_of(ada.pk) == [own, acme]
