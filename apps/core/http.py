"""Whose request it is: the caller's address behind trusted proxies. Nothing else reads `X-Forwarded-For`."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "0.0.0.0"  # noqa: S104  a caller without an address, such as one on a Unix socket


def client_ip(peer: str, forwarded_for: str | None) -> str:
    """The nearest address that is not one of our proxies, in canonical form.

    Read from the right: each hop is believed only because the hop after it is ours, so a header that the caller wrote
    himself ends where his own address stands. An entry that is no address ends the walk at the last believed hop.
    """
    hop = _address(peer)
    if hop is None:
        return UNKNOWN
    entries = forwarded_for.split(",") if forwarded_for else []
    while entries and _is_trusted(hop):
        before = _address(entries.pop())
        if before is None:
            break
        hop = before
    return str(hop)


def request_ip(request: HttpRequest) -> str:
    return client_ip(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR"))


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    """`1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]:80`, `::ffff:1.2.3.4`; None for anything else.

    Remembered, since callers return: that saves a call 2 µs.
    """
    try:
        address = ip_address(_without_port(text.strip()))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without a zone, which only the peer understands
    return address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXIES must list addresses or networks such as 10.0.0.0/8: {error}."
        ) from None
