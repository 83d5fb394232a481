"""The cache with and without its server: an error is a miss, and nothing stays for ever."""

import pytest
from django.core.cache import caches
from redis import Redis


def volatile():
    return caches["volatile"]


@pytest.fixture
def _lost_server(settings):
    settings.CACHES = {
        **settings.CACHES,
        "volatile": {**settings.CACHES["volatile"], "LOCATION": "unix:///nowhere/at/all"},
    }


@pytest.mark.usefixtures("_lost_server")
def test_a_lost_server_is_a_miss():
    volatile().set("name", "value")

    assert volatile().get("name", "other") == "other"
    assert volatile().get_many(["name"]) == {}
    assert volatile().has_key("name") is False
    assert volatile().delete("name") is False


@pytest.mark.usefixtures("_lost_server")
def test_a_lost_server_lets_the_first_adder_win():
    assert volatile().add("name", "value") is True


@pytest.mark.usefixtures("_lost_server")
def test_a_lost_server_counts_nothing():
    with pytest.raises(ValueError, match="name"):
        volatile().incr("name")


def test_a_value_is_there_until_it_is_deleted(broker_url):
    volatile().set("name", {"a": 1}, 30)

    assert volatile().get("name") == {"a": 1}
    assert volatile().delete("name") is True
    assert volatile().get("name") is None


def test_a_key_without_an_end_gets_one(broker_url):
    volatile().set("name", "value", None)

    assert 0 < Redis.from_url(broker_url).ttl("sluice:1:name") <= 7 * 24 * 3600


def test_clearing_spares_the_queues(broker_url):
    connection = Redis.from_url(broker_url)
    connection.rpush("default", "task")
    volatile().set("name", "value")

    volatile().clear()

    assert volatile().get("name") is None
    assert connection.llen("default") == 1
