from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from apps.journal import services as journal
from apps.journal.models import AuditEntry
from apps.journal.types import Act

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_act_is_kept_with_who_what_and_why() -> None:
    journal.record_act(
        Act("token.closed", "token", "tk_1", actor_id=7, actor_label="ada@example.com", reason="leaked", ip="10.0.0.1"),
        at=NOON,
    )

    entry = AuditEntry.objects.get()
    assert (entry.act, entry.target_id, entry.actor_id, entry.reason) == ("token.closed", "tk_1", 7, "leaked")
    assert (entry.at, entry.ip, entry.details) == (NOON, "10.0.0.1", {})


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal_auditentry SET reason = ''", "DELETE FROM journal_auditentry", "TRUNCATE journal_auditentry"],
)
def test_the_database_refuses_to_change_the_trail(statement: str) -> None:
    journal.record_act(Act("token.closed", "token", "tk_1"), at=NOON)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
