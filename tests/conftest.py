"""Fixtures of the whole suite: one team with money and its token. Whoever needs more calls the builders of `cast`."""

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import translation
from hypothesis import HealthCheck, settings

from apps.accounts.models import User
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from tests import databases
from tests.cast import make_team, make_token, make_user
from tests.catalogue import import_test_catalogue
from tests.committed import committed, committed_anew
from tests.wallet.conftest import ledger_checked, ledger_clock

__all__ = ["committed", "committed_anew", "ledger_checked", "ledger_clock"]

# The first draw of a run reads all our sources for constants: seconds, on a busy machine.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords_and_clients() -> Iterator[None]:
    """A slow hash guards passwords and a list of files serves browsers; here they would only cost seconds."""
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], WHITENOISE_AUTOREFRESH=True
    ):
        yield


@pytest.fixture(autouse=True)
def _readers_language_ends_with_the_test() -> Iterator[None]:
    """A test client that asked in Chinese leaves its thread to the next test speaking Chinese."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Copies the template, and lets a test on a busy machine think for long inside its transaction."""
    database = connections["default"].settings_dict
    database["TEST"]["TEMPLATE"] = databases.template(os.environ["DATABASE_URL"])
    database["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"


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
