"""Our own requests to addresses that users gave: guarded, bounded, and without a way back for what is answered.

HTTPS on 443 to a public address. The name is resolved once, every address it has must be public, and the connection
goes to one of those; the name stays for TLS and `Host`. No redirect is followed, all of it takes five seconds at most,
and of the answer no more than 4 KiB are read. No table, no secret, no business.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11
import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.core.addresses import is_metadata_name, is_reachable
from apps.core.errors import Invalid

SECONDS: Final = 5.0
ANSWER_BYTES: Final = 4096
LONGEST_URL: Final = 500

# Before `urlsplit`, which drops tabs and line ends without a word, and beside what browsers take for a slash.
_PLAIN_URL: Final = re.compile(r"[!-\[\]-~]+", re.ASCII)
_READ_AT_ONCE: Final = 2048


class UrlRefused(Invalid):
    """The address is none that we send to. The text says what to write; it tells nothing about our network."""

    code = "url_refused"
    text = _("Write a public address that begins with https://, without a port, name or password in it.")


class Unreachable(Exception):
    """No answer came: the text is a few words that may be shown to whoever gave the address."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where requests may go. The default is for addresses that users gave; anything else says so."""

    is_private_allowed: bool = False
    is_http_allowed: bool = False
    is_any_port_allowed: bool = False
    trusted: ssl.SSLContext | None = None


PUBLIC: Final = Reach()
ANYWHERE: Final = Reach(is_private_allowed=True, is_http_allowed=True, is_any_port_allowed=True)
"""For addresses that the operator set, and for development."""


def reach_of_users() -> Reach:
    """For addresses that users gave: public ones, but where development says otherwise."""
    return ANYWHERE if settings.ALLOW_PRIVATE_WEBHOOKS else PUBLIC


@dataclass(frozen=True, slots=True)
class Post:
    """One request. `headers` come on top of `Host`, `Content-Length` and `Content-Type: application/json`."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the first 4 KiB of what came with it: for us to compare, never to show."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def check_url(url: str, *, reach: Reach = PUBLIC) -> None:
    """Raises `UrlRefused` for an address that we would never send to. Resolves nothing: that comes with the request."""
    _target(url, reach)


def post(request: Post, *, reach: Reach = PUBLIC) -> Answer:
    """Sends one request. Raises `UrlRefused` and `Unreachable`."""
    (answer,) = post_all([request], reach=reach)
    if isinstance(answer, Exception):
        raise answer
    return answer


def post_all(requests: Sequence[Post], *, reach: Reach = PUBLIC) -> list[Answer | UrlRefused | Unreachable]:
    """Sends all of them at once, so that one slow receiver costs the others nothing; the answers in their order."""
    return asyncio.run(_post_all(requests, reach))


async def _post_all(requests: Sequence[Post], reach: Reach) -> list[Answer | UrlRefused | Unreachable]:
    return await asyncio.gather(*(_told(request, reach) for request in requests))


async def _told(request: Post, reach: Reach) -> Answer | UrlRefused | Unreachable:
    try:
        async with asyncio.timeout(SECONDS):
            return await _post(request, reach)
    except (UrlRefused, Unreachable) as problem:
        return problem
    except TimeoutError:
        return Unreachable("no answer within 5 seconds")
    except (ssl.SSLError, ssl.CertificateError):
        return Unreachable("the certificate was not accepted")
    except OSError:
        return Unreachable("the connection failed")
    except h11.RemoteProtocolError:
        return Unreachable("the answer was not HTTP")


async def _post(request: Post, reach: Reach) -> Answer:
    target = _target(request.url, reach)
    host, port = _host_of(target), target.port or (443 if target.scheme == "https" else 80)
    addresses = await _addresses(host, port, reach)
    reader, writer = await _connection(addresses, port, target, reach)
    try:
        return await _exchange(request, target, reader, writer)
    finally:
        writer.transport.abort()  # no farewell: whoever does not listen would be waited for


def _target(url: str, reach: Reach) -> SplitResult:
    if len(url) > LONGEST_URL or not _PLAIN_URL.fullmatch(url):
        raise UrlRefused
    try:
        target = urlsplit(url)
        port = target.port
    except ValueError:
        raise UrlRefused from None
    schemes = {"https", "http"} if reach.is_http_allowed else {"https"}
    is_plain = "@" not in target.netloc and not target.fragment
    if target.scheme not in schemes or not is_plain or not target.hostname or not _is_usual(port, reach):
        raise UrlRefused
    host = _host_of(target)
    if is_metadata_name(host) or (_is_literal(host) and not is_reachable(host, allow_private=reach.is_private_allowed)):
        raise UrlRefused
    return target


def _is_usual(port: int | None, reach: Reach) -> bool:
    return port in {None, 443} or (reach.is_any_port_allowed and port != 0)


def _host_of(target: SplitResult) -> str:
    return (target.hostname or "").rstrip(".")


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


async def _addresses(host: str, port: int, reach: Reach) -> list[str]:
    """Every address of the name, once. One that we may not reach spoils all: which one answers is not for chance."""
    loop = asyncio.get_running_loop()
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = await loop.run_in_executor(_resolvers(), look_up)
    except (socket.gaierror, UnicodeError):
        raise Unreachable("the name does not resolve") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(is_reachable(address, allow_private=reach.is_private_allowed) for address in addresses):
        raise UrlRefused
    return addresses


@cache
def _resolvers() -> ThreadPoolExecutor:
    """Threads of our own: the loop's would be waited for when it ends, and a lookup may hang far beyond our seconds."""
    return ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolver")


async def _connection(
    addresses: Sequence[str], port: int, target: SplitResult, reach: Reach
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address that takes it, literally: nothing is resolved again."""
    context = (reach.trusted or _verifying_context()) if target.scheme == "https" else None
    name = _host_of(target) if context else None
    for address in addresses:
        try:
            return await asyncio.open_connection(
                address, port, ssl=context, server_hostname=name, limit=ANSWER_BYTES, family=_family(address)
            )
        except ssl.SSLError:
            raise
        except OSError:
            continue
    raise Unreachable("the connection failed")


@cache
def _verifying_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def _exchange(
    request: Post, target: SplitResult, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Answer:
    peer = h11.Connection(h11.CLIENT, max_incomplete_event_size=ANSWER_BYTES)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    headers = {
        "Host": target.netloc,
        "User-Agent": "Sluice",
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
        "Accept-Encoding": "identity",
        "Connection": "close",
        **request.headers,
    }
    for event in (
        h11.Request(method="POST", target=path, headers=list(headers.items())),
        h11.Data(request.body),
        h11.EndOfMessage(),
    ):
        writer.write(peer.send(event) or b"")
    await writer.drain()
    return await _answer(peer, reader)


async def _answer(peer: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    """The final status, and its body until it ends or is longer than we read."""
    status, body = 0, b""
    while len(body) < ANSWER_BYTES:
        event = peer.next_event()
        if event is h11.NEED_DATA:
            peer.receive_data(await reader.read(_READ_AT_ONCE))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif not isinstance(event, h11.InformationalResponse):
            break
    if not status:
        raise h11.RemoteProtocolError("the connection ended before a status")
    return Answer(status, body[:ANSWER_BYTES])
