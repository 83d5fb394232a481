"""The caller's address: believed only as far as our own proxies wrote it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from pytest_django import Settings

from apps.core.http import client_ip, request_ip


@pytest.fixture(autouse=True)
def proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "2001:db8:aaaa::/48"]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        pytest.param("203.0.113.7", None, "203.0.113.7", id="no proxy"),
        pytest.param("203.0.113.7", "198.51.100.1", "203.0.113.7", id="a header from a stranger is not believed"),
        pytest.param("10.0.0.1", "198.51.100.1", "198.51.100.1", id="one proxy"),
        pytest.param("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1", id="two proxies"),
        pytest.param("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1", id="what the caller wrote stays unread"),
        pytest.param("10.0.0.1", "10.9.9.9", "10.9.9.9", id="only proxies: the farthest"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="an empty header"),
        pytest.param("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1", id="an entry that is no address"),
        pytest.param("10.0.0.1", "198.51.100.1:5123", "198.51.100.1", id="IPv4 with a port"),
        pytest.param("10.0.0.1", "[2001:db8::5]:443", "2001:db8::5", id="IPv6 with a port"),
        pytest.param("2001:db8:aaaa::1", "2001:DB8:0::5", "2001:db8::5", id="IPv6 is canonical"),
        pytest.param("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1", id="a mapped proxy"),
        pytest.param("fe80::1%eth0", None, "fe80::1", id="a zone is dropped"),
        pytest.param("", "198.51.100.1", "0.0.0.0", id="a Unix socket"),
    ],
)
def test_the_address_is_the_nearest_that_is_not_ours(peer: str, forwarded_for: str | None, expected: str) -> None:
    assert client_ip(peer, forwarded_for) == expected


def test_a_request_is_read_the_same_way() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="198.51.100.1")

    assert request_ip(request) == "198.51.100.1"


def test_a_proxy_that_is_no_network_is_refused(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["proxy.internal"]

    with pytest.raises(ImproperlyConfigured, match=r"proxy\.internal"):
        client_ip("10.0.0.1", "198.51.100.1")
