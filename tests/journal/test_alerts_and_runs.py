from datetime import UTC, datetime, timedelta

import pytest

from apps.journal import queries
from apps.journal import services as journal
from apps.journal.models import OperatorAlert

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_open_alert_counts_up_and_a_closed_one_opens_anew() -> None:
    for n in (1, 2):
        journal.raise_alert("loss", dedupe_key="loss:7", details={"n": n})
    alert = OperatorAlert.objects.get()
    assert (alert.times, alert.details) == (2, {"n": 2})

    assert journal.close_alert(alert.pk, actor=7, at=NOON, reason="Done.")
    assert not journal.close_alert(alert.pk, actor=8, at=NOON, reason="Done.")
    journal.raise_alert("loss", dedupe_key="loss:7", details={})

    assert queries.open_alerts() == 1
    assert OperatorAlert.objects.count() == 2


def test_the_last_run_of_a_job_is_known_with_its_end() -> None:
    assert queries.last_run("close") is None
    run = journal.start_run("close", at=NOON)
    journal.end_run(run, outcome="finished", at=NOON + timedelta(minutes=1))

    last = queries.last_run("close")

    assert last is not None
    assert (last.outcome, last.ended_at) == ("finished", NOON + timedelta(minutes=1))
    assert queries.has_finished_since("close", since=NOON)
    assert not queries.has_finished_since("close", since=NOON + timedelta(seconds=1))
