"""Events of a team reach the addresses that it proved to own: signed, at least once, and nobody else's affair."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.outbound import ANYWHERE, PUBLIC, Reach, UrlRefused
from apps.journal import queries
from apps.journal import services as journal
from apps.journal.deliveries import deliver_due
from apps.journal.errors import EndpointMissing, EndpointsAtMost, EndpointTaken
from apps.journal.models import AuditEntry, OutboxMessage, WebhookEndpoint
from apps.journal.types import NewEndpoint
from tests.doubles.receiver import OK, Receiver, running_receiver

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEAM = "team_1"


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver(None, answer_challenge) as running:
        yield running


async def answer_challenge(request: bytes, writer: asyncio.StreamWriter) -> None:
    challenge = json.loads(request.partition(b"\r\n\r\n")[2]).get("challenge", "")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(challenge), challenge.encode()))


def add(receiver: Receiver, *kinds: str, path: str = "hook", owner: str = TEAM) -> NewEndpoint:
    url = f"http://127.0.0.1:{receiver.port}/{path}"
    return journal.add_endpoint(owner, url=url, kinds=kinds or ("balance.low",), actor=7, at=NOON)


def deliver(*, at: datetime = NOON, reach: Reach = ANYWHERE) -> int:
    return deliver_due(now=lambda: at, reach=reach)


def verified(receiver: Receiver, *kinds: str, path: str = "hook", owner: str = TEAM) -> NewEndpoint:
    new = add(receiver, *kinds, path=path, owner=owner)
    deliver()
    receiver.requests.clear()
    receiver.answer = OK
    return new


def tell(key: str = "fact", *, owner: str = TEAM, kind: str = "balance.low") -> int:
    return journal.queue_event(owner, kind, payload={"available": "1.5"}, dedupe_key=key, at=NOON)


def the(endpoint: NewEndpoint) -> Any:
    return queries.endpoint_of(TEAM, endpoint.endpoint_id)


def test_nothing_is_sent_before_the_challenge_is_answered(receiver: Receiver) -> None:
    receiver.answer = OK
    new = add(receiver)

    assert tell() == 0
    assert deliver() == 0

    assert the(new).verified_at is None
    (body,) = map(json.loads, receiver.bodies)
    assert (body["type"], body["team"], len(body["challenge"])) == ("endpoint.challenge", TEAM, 43)
    (delivery,) = queries.deliveries_to(new.endpoint_id, at_most=20)
    assert delivery.last_error == "answered without the challenge"


def test_an_address_that_answers_its_challenge_gets_events(receiver: Receiver) -> None:
    new = verified(receiver)

    assert the(new).verified_at == NOON
    assert tell() == 1
    assert deliver() == 1
    (body,) = map(json.loads, receiver.bodies)
    assert body | {"id": ""} == {
        "id": "",
        "type": "balance.low",
        "created_at": "2026-11-21T12:00:00+00:00",
        "team": TEAM,
        "data": {"available": "1.5"},
    }
    assert body["id"].startswith("evt_")


@pytest.mark.parametrize("answer", ['{"challenge": "%s"}', " %s\n"])
def test_the_challenge_may_be_answered_as_text_or_json(receiver: Receiver, answer: str) -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        text = (answer % json.loads(request.partition(b"\r\n\r\n")[2])["challenge"]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))

    receiver.answer = respond
    new = add(receiver)

    deliver()

    assert the(new).verified_at == NOON


def test_who_sends_back_all_that_came_has_not_answered(receiver: Receiver) -> None:
    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    receiver.answer = echo
    new = add(receiver)

    deliver()

    assert the(new).verified_at is None


def test_a_signature_says_who_sent_it_and_when(receiver: Receiver) -> None:
    new = verified(receiver)
    tell()

    deliver(at=NOON + timedelta(seconds=30))

    stamp, signature = receiver.header("sluice-signature").split(",")
    assert stamp == f"t={int(NOON.timestamp()) + 30}"
    assert signature == digest(stamp, receiver.bodies[0], new.secret)


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver: Receiver) -> None:
    new = verified(receiver)
    secret = journal.rotate_secret(TEAM, new.endpoint_id, actor=7, at=NOON)
    tell("first")
    deliver(at=NOON + timedelta(hours=23))
    tell("second")
    deliver(at=NOON + timedelta(hours=24))

    both, one = (receiver.header("sluice-signature", of=n).split(",") for n in (0, 1))

    assert both[1:] == [digest(both[0], receiver.bodies[0], by) for by in (secret, new.secret)]
    assert one[1:] == [digest(one[0], receiver.bodies[1], secret)]


def digest(stamp: str, body: bytes, secret: str) -> str:
    signed = stamp.removeprefix("t=").encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def test_a_repeat_carries_the_same_id_and_the_same_bytes(receiver: Receiver) -> None:
    verified(receiver)
    receiver.answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    assert [tell(), tell()] == [1, 0]

    deliver()
    receiver.answer = OK
    deliver(at=NOON + timedelta(minutes=2))

    first, second = receiver.bodies
    assert first == second


def test_an_event_goes_to_every_address_of_the_team_that_wants_it_and_to_no_other(receiver: Receiver) -> None:
    for path, kinds, owner in [
        ("a", ["balance.low"], TEAM),
        ("b", ["balance.low", "budget.50"], TEAM),
        ("c", ["budget.50"], TEAM),
        ("d", ["balance.low"], "team_2"),
    ]:
        receiver.answer = answer_challenge
        verified(receiver, *kinds, path=path, owner=owner)

    assert tell() == 2
    assert deliver() == 2
    assert sorted(request.split(b" ")[1] for request in receiver.requests) == [b"/a", b"/b"]
    assert len({json.loads(body)["id"] for body in receiver.bodies}) == 1


def test_a_receiver_that_fails_rests_and_costs_the_others_nothing(receiver: Receiver) -> None:
    verified(receiver, path="bad")
    receiver.answer = answer_challenge
    verified(receiver, path="good")

    async def by_path(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" if b"/bad" in request else OK)

    receiver.answer = by_path
    for number in range(5):
        tell(str(number))

    assert deliver() == 5
    assert sum(b"/bad" in request for request in receiver.requests) == 1


def test_after_three_days_of_failure_an_address_is_turned_off_and_told_of_once(receiver: Receiver) -> None:
    new = verified(receiver)
    receiver.answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    for hours in (0, 30, 71):
        tell(str(hours))
        deliver(at=NOON + timedelta(hours=hours))
        assert the(new).disabled_at is None
    tell("later")
    waiting = OutboxMessage.objects.filter(channel="webhook", sent_at=None)
    waiting.update(due_at=NOON + timedelta(hours=72), attempts=1)

    deliver(at=NOON + timedelta(hours=72))

    found = the(new)
    assert (found.disabled_at, found.reason) == (NOON + timedelta(hours=72), "answered 500")
    assert not waiting.filter(failed_at=None).exists()
    assert tell("after") == 0
    assert journal.take_untold_endpoints(at=NOON) == [(TEAM, new.endpoint_id, "127.0.0.1")]
    assert journal.take_untold_endpoints(at=NOON) == []


def test_one_success_ends_the_count_of_failing_days(receiver: Receiver) -> None:
    new = verified(receiver)
    receiver.answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    tell("first")
    deliver()
    assert the(new).failing_since == NOON

    receiver.answer = OK
    deliver(at=NOON + timedelta(hours=71))

    assert (the(new).failing_since, the(new).reason) == (None, "")


def test_who_says_gone_is_turned_off_at_once_and_comes_back_by_a_challenge(receiver: Receiver) -> None:
    new = verified(receiver)
    receiver.answer = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
    tell()
    deliver()
    assert the(new).disabled_at == NOON

    receiver.answer = answer_challenge
    at = NOON + timedelta(hours=1)
    assert journal.challenge_again(TEAM, new.endpoint_id, at=at)
    deliver(at=at)

    assert (the(new).disabled_at, the(new).verified_at) == (None, at)


def test_tests_and_challenges_are_asked_for_once_a_minute(receiver: Receiver) -> None:
    new = verified(receiver)

    assert journal.queue_test(TEAM, new.endpoint_id, at=NOON)
    assert not journal.queue_test(TEAM, new.endpoint_id, at=NOON + timedelta(seconds=59))
    assert journal.queue_test(TEAM, new.endpoint_id, at=NOON + timedelta(seconds=60))
    assert not journal.challenge_again(TEAM, new.endpoint_id, at=NOON)


def test_what_waits_for_a_removed_address_is_given_up(receiver: Receiver) -> None:
    new = verified(receiver)
    tell()

    journal.remove_endpoint(TEAM, new.endpoint_id, actor=7, at=NOON)

    assert deliver() == 0
    assert OutboxMessage.objects.get(kind="balance.low").last_error == "the webhook was removed"


def test_an_owner_that_ends_takes_its_addresses_along(receiver: Receiver) -> None:
    add(receiver, path="a")
    add(receiver, path="b")
    add(receiver, owner="team_2")

    assert journal.remove_endpoints_of(TEAM, actor=None, at=NOON) == 2
    assert queries.endpoints_of(TEAM) == []
    assert len(queries.endpoints_of("team_2")) == 1


def test_an_address_that_has_become_private_is_not_called(receiver: Receiver) -> None:
    new = verified(receiver)
    tell()

    deliver(reach=PUBLIC)

    assert receiver.requests == []
    assert the(new).reason == "the address is not public"


def test_nobody_touches_another_teams_webhook(receiver: Receiver) -> None:
    new = add(receiver)

    for act in (journal.remove_endpoint, journal.rotate_secret):
        with pytest.raises(EndpointMissing):
            act("team_2", new.endpoint_id, actor=7, at=NOON)
    for act in (journal.challenge_again, journal.queue_test):
        with pytest.raises(EndpointMissing):
            act("team_2", new.endpoint_id, at=NOON)
    assert queries.endpoint_of("team_2", new.endpoint_id) is None
    assert queries.endpoint_of(TEAM, "hook_nonsense") is None


def test_a_team_has_five_addresses_at_most_each_once(receiver: Receiver) -> None:
    for number in range(4):
        add(receiver, path=str(number))

    with pytest.raises(EndpointTaken):
        add(receiver, path="0")
    add(receiver, path="4")
    with pytest.raises(EndpointsAtMost):
        add(receiver, path="5")


def test_addresses_inside_are_refused_outside_development(settings: Any) -> None:
    settings.ALLOW_PRIVATE_WEBHOOKS = False

    with pytest.raises(UrlRefused):
        journal.add_endpoint(TEAM, url="https://10.0.0.8/", kinds=["balance.low"], actor=7, at=NOON)


def test_the_trail_names_the_host_and_no_secret(receiver: Receiver) -> None:
    new = add(receiver, path="secret-path")

    journal.rotate_secret(TEAM, new.endpoint_id, actor=7, at=NOON)
    journal.remove_endpoint(TEAM, new.endpoint_id, actor=7, at=NOON)

    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.act for entry in entries] == ["webhook.added", "webhook.secret_rotated", "webhook.removed"]
    assert {(entry.actor_id, entry.scope, entry.details["host"]) for entry in entries} == {(7, TEAM, "127.0.0.1")}
    assert "secret-path" not in str([entry.details for entry in entries])


def test_a_secret_is_stored_encrypted(receiver: Receiver) -> None:
    new = add(receiver)

    assert new.secret.encode() not in bytes(WebhookEndpoint.objects.get().ciphertext)
