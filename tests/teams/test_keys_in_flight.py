"""Two requests with one Idempotency-Key at the same moment, on connections of their own."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from apps.journal import services as journal
from apps.journal.errors import KeyInUse

pytestmark = [pytest.mark.live, pytest.mark.django_db]

AT = datetime(2026, 5, 9, 12, tzinfo=UTC)
SCOPE = "user:1 POST /api/tokens"


def test_a_twin_is_told_at_once_that_the_first_is_under_way() -> None:
    begun, over = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            journal.begin_keyed(SCOPE, key="k1", digest=b"1" * 32, at=AT)
            begun.set()
            over.wait(10)
            transaction.set_rollback(True)
        connection.close()

    caller = threading.Thread(target=first)
    caller.start()
    begun.wait(10)

    with pytest.raises(KeyInUse), transaction.atomic():
        journal.begin_keyed(SCOPE, key="k1", digest=b"1" * 32, at=AT)

    over.set()
    caller.join()
    assert journal.begin_keyed(SCOPE, key="k1", digest=b"1" * 32, at=AT) is None
