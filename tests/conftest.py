"""Fixtures of the whole suite: one team with money and its token. Whoever needs more calls the builders of `cast`."""

import pytest
from pytest_django import Settings

from apps.accounts.models import User
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from tests.cast import make_team, make_token, make_user
from tests.catalogue import import_test_catalogue
from tests.wallet.conftest import ledger_checked

__all__ = ["ledger_checked"]


@pytest.fixture(autouse=True)
def _quick_passwords_and_clients(settings: Settings) -> None:
    """A slow hash guards passwords and a list of files serves browsers; here they would only cost seconds."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def ada(db: None) -> User:
    """Owns `team`."""
    return make_user("ada@example.com")


@pytest.fixture
def team(ada: User) -> TeamAccess:
    """Acme, with 100 credits, as Ada reaches it."""
    return make_team("Acme", owner=ada, credits="100")


@pytest.fixture
def token(team: TeamAccess) -> tuple[ApiToken, str]:
    """A token of Acme without a limit, and its text."""
    return make_token(team)


@pytest.fixture
def catalogue(db: None) -> None:
    """The models of `tests.catalogue`, with prices and a sandbox channel."""
    import_test_catalogue()
