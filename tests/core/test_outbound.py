"""What goes out to addresses that users gave reaches public hosts only, once, in time, and brings nothing back."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.core import outbound
from apps.core.outbound import Answer, Post, Reach, Unreachable, UrlRefused
from tests.doubles.receiver import Receiver, authority_for, running_receiver

NAME = "hooks.example"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return authority_for(tmp_path_factory.mktemp("authority"), NAME)


@pytest.fixture
def receiver(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[Receiver]:
    with running_receiver(tls[0]) as running:
        yield running


@pytest.fixture
def near(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> Reach:
    """As for users' addresses, but this machine may be reached, at any port, and the double is trusted."""
    return Reach(is_private_allowed=True, is_any_port_allowed=True, trusted=tls[1])


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What names resolve to: each lookup takes the next list of addresses, the last one stays."""
    known: dict[str, list[Any]] = {NAME: [["127.0.0.1"]]}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        turns = known.get(str(host))
        if turns is None:
            return real(host, port, *args, **kwargs)
        addresses = turns.pop(0) if len(turns) > 1 else turns[0]
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [(family, socket.SOCK_STREAM, 6, "", (a, port)) for family, a in zip(families, addresses, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def send(receiver: Receiver, near: Reach, path: str = "/hook") -> Answer:
    return outbound.post(Post(f"https://{NAME}:{receiver.port}{path}", b'{"a":1}', {"X-Own": "1"}), reach=near)


@pytest.mark.usefixtures("names")
def test_a_request_keeps_the_name_and_goes_to_its_address(receiver: Receiver, near: Reach) -> None:
    answer = send(receiver, near, "/hook?team=1")

    assert (answer.status, answer.body, answer.is_success) == (200, b"ok", True)
    assert receiver.requests[0].startswith(b"POST /hook?team=1 HTTP/1.1\r\n")
    assert receiver.header("host") == f"{NAME}:{receiver.port}"
    assert receiver.header("x-own") == "1"
    assert receiver.bodies == [b'{"a":1}']


@pytest.mark.usefixtures("names")
def test_nobody_else_may_answer_for_the_name(receiver: Receiver, tmp_path: Path) -> None:
    _, other = authority_for(tmp_path, NAME)
    strict = Reach(is_private_allowed=True, is_any_port_allowed=True, trusted=other)

    with pytest.raises(Unreachable, match="certificate"):
        send(receiver, strict)
    assert receiver.requests == []


def test_a_name_that_turns_to_this_machine_after_it_was_checked_is_not_asked_again(
    receiver: Receiver, near: Reach, names: dict[str, list[Any]]
) -> None:
    # what was looked up for the check is what is connected to: 192.0.2.1 answers nobody
    names[NAME] = [["127.0.0.1"], ["192.0.2.1"]]

    assert send(receiver, near).is_success
    assert names[NAME] == [["192.0.2.1"]]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.8"],
        ["192.168.1.4"],
        ["172.16.0.1"],
        ["100.64.0.1"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["::1"],
        ["fe80::1%2"],
        ["fd00::7"],
        ["::ffff:127.0.0.1"],
        ["::ffff:10.0.0.8"],
        ["64:ff9b::7f00:1"],
        ["64:ff9b:1::7f00:1"],
        ["::7f00:1"],
        ["::a9fe:a9fe"],
        ["fec0::7"],
        ["2002:7f00:1::"],
        ["93.184.215.14", "127.0.0.1"],
        ["2606:2800:21f:cb07::1", "::1"],
    ],
)
def test_a_name_with_any_address_inside_is_refused(names: dict[str, list[Any]], addresses: list[str]) -> None:
    names[NAME] = [addresses]

    with pytest.raises(UrlRefused):
        outbound.post(Post(f"https://{NAME}/", b"{}"))


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https:///path",
        "https://",
        "//hooks.example/",
        "https://ada@hooks.example/",
        "https://ada:secret@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example:8443/",
        "https://hooks.example:80/",
        "https://hooks.example:99999/",
        "https://hooks.example:port/",
        "https://hooks.example/#fragment",
        "https://hooks.exa\tmple/",
        "https://hooks.example\\@evil.example/",
        "https://hooks.example/ path",
        "https://häuser.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://metadata.google.internal/",
        "https://METADATA.google.internal./",
        "https://hooks.example/" + "a" * 500,
    ],
)
def test_an_address_that_is_none_of_ours_to_send_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(UrlRefused):
        outbound.check_url(url)


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://localhost/"])
def test_other_ways_to_write_this_machine_are_refused_when_they_resolve(url: str) -> None:
    with pytest.raises((UrlRefused, Unreachable)):
        outbound.post(Post(url, b"{}"))


@pytest.mark.usefixtures("names")
def test_a_redirect_is_an_answer_and_nothing_else(receiver: Receiver, near: Reach) -> None:
    receiver.answer = b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"

    answer = send(receiver, near)

    assert (answer.status, answer.is_success) == (302, False)
    assert len(receiver.requests) == 1


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("part", ["head", "body"])
def test_an_answer_that_drips_ends_after_the_time_for_all_of_it(
    receiver: Receiver, near: Reach, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.5)
    receiver.answer = drip_head if part == "head" else drip_body
    started = time.monotonic()

    with pytest.raises(Unreachable, match="no answer"):
        send(receiver, near)
    assert time.monotonic() - started < 2


async def drip_head(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await drip(writer)


async def drip_body(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    await drip(writer)


async def drip(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.usefixtures("names")
def test_a_slow_receiver_costs_the_others_nothing(
    receiver: Receiver, near: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.6)
    receiver.answer = by_path
    requests = [Post(f"https://{NAME}:{receiver.port}/{path}", b"{}") for path in ("slow", "quick", "slow", "quick")]
    started = time.monotonic()

    answers = outbound.post_all(requests, reach=near)

    assert [type(answer) for answer in answers] == [Unreachable, Answer, Unreachable, Answer]
    assert time.monotonic() - started < 2


async def by_path(request: bytes, writer: asyncio.StreamWriter) -> None:
    if b"/slow" in request:
        await asyncio.sleep(30)
    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.usefixtures("names")
def test_no_more_than_four_kilobytes_are_read(receiver: Receiver, near: Reach) -> None:
    receiver.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"a" * 1_000_000

    assert send(receiver, near).body == b"a" * 4096


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    ],
)
def test_what_is_no_answer_is_told_as_such(receiver: Receiver, near: Reach, answer: bytes) -> None:
    receiver.answer = answer

    with pytest.raises(Unreachable):
        send(receiver, near)


def test_a_closed_port_is_told_as_such(names: dict[str, list[Any]], near: Reach) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        with pytest.raises(Unreachable, match="connection failed"):
            outbound.post(Post(f"https://{NAME}:{port}/", b"{}"), reach=near)


def test_the_second_address_is_taken_where_the_first_is_closed(
    receiver: Receiver, near: Reach, names: dict[str, list[Any]]
) -> None:
    names[NAME] = [["::1", "127.0.0.1"]]

    assert send(receiver, near).is_success
