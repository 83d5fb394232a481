"""With DEBUG off a process does not start on what only development may have."""

import pytest
from redis import Redis

from apps.accounts import services as accounts
from config import checks


@pytest.fixture
def production(settings):
    settings.DEBUG = False
    settings.SECRET_KEY = "x" * 50
    settings.FIELD_ENCRYPTION_KEYS = ["a key"]
    return settings


@pytest.mark.django_db
def test_a_start_with_secrets_of_its_own_is_allowed(production):
    checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_the_secret_key_of_development_is_refused(production):
    production.SECRET_KEY = production.DEV_SECRET_KEY

    with pytest.raises(SystemExit, match="SECRET_KEY"):
        checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_a_missing_field_key_is_refused(production):
    production.FIELD_ENCRYPTION_KEYS = []

    with pytest.raises(SystemExit, match="FIELD_ENCRYPTION_KEYS"):
        checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_webhooks_into_our_own_network_are_refused(production):
    production.ALLOW_PRIVATE_WEBHOOKS = True

    with pytest.raises(SystemExit, match="ALLOW_PRIVATE_WEBHOOKS"):
        checks.refuse_unsafe_start()


def test_development_may_start_with_anything(settings):
    settings.DEBUG = True
    settings.SECRET_KEY = settings.DEV_SECRET_KEY

    checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_a_broker_that_evicts_queued_work_is_refused(production, broker_url):
    with Redis.from_url(broker_url) as connection:
        connection.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(SystemExit, match="allkeys-lru"):
                checks.refuse_unsafe_start()
        finally:
            connection.config_set("maxmemory-policy", "volatile-ttl")


@pytest.mark.django_db
def test_an_unreachable_broker_is_no_reason_to_stay_down(production):
    production.CACHES = {
        **production.CACHES,
        "volatile": {**production.CACHES["volatile"], "LOCATION": "unix:///nowhere/at/all"},
    }

    checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_people_of_the_demo_are_refused(production):
    accounts.add_user(accounts.new_user("staff@sluice.example", password="a password of the demo", is_staff=True))

    with pytest.raises(SystemExit, match=r"staff@sluice\.example"):
        checks.refuse_unsafe_start()
