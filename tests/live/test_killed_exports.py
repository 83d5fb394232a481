"""A worker is killed while it writes an export: the next one begins anew, and the person gets one whole file once."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from apps.accounts import services as accounts
from apps.accounts.models import DataExport, User
from apps.console.exporting import making
from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import queries as journal
from apps.journal.models import FilePiece, OutboxMessage, StoredFile
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.usage.models import UsageRecord
from tests import databases
from tests.committed import committed_database
from tests.usage.calls import row, store

pytestmark = pytest.mark.live

CALLS = 25_000
COLUMNS = [field.column for field in UsageRecord._meta.concrete_fields if field.column != "id"]
COPIES = f"""
    INSERT INTO usage_record (id, {", ".join(COLUMNS)})
    SELECT wallet_new_id(), {", ".join(f"u.{column}" for column in COLUMNS)}
    FROM usage_record u CROSS JOIN generate_series(2, %s) WHERE u.team_id = %s
"""


@pytest.fixture
def busy(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[TeamAccess]:
    """Somebody's personal team with 25,000 calls, and an export that was asked for."""
    with committed_database(django_db_blocker):
        user = User.objects.create_user(f"{uuid7()}@example.com")
        own = teams.personal_team_of(user)
        store((row(team_id=own.id, wallet_id=own.wallet_id), "charged", 1_000))
        with connection.cursor() as cursor:
            cursor.execute(COPIES, [CALLS, own.id])
        accounts.ask_export(user.pk, at=clock.now())
        yield own


def worker() -> subprocess.Popen[str]:
    url = databases.url_of(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))
    environment = os.environ | {"DATABASE_URL": url, "DATABASE_DIRECT_URL": url}
    command = [sys.executable, "-m", "tests.live.exporting"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def killed_halfway() -> None:
    """After the first of its pieces is stored, before all are."""
    with worker() as process:
        deadline = time.monotonic() + 60
        while not FilePiece.objects.exists() and time.monotonic() < deadline:
            assert process.poll() is None, "it was done before it could be killed"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)


def test_a_killed_worker_loses_no_export_and_leaves_no_half_of_one(busy: TeamAccess) -> None:
    killed_halfway()
    assert DataExport.objects.get().ready_at is None
    assert making.make_exports(now=clock.now) == 0  # the lease of the dead still holds

    later = clock.now() + timedelta(minutes=10)
    assert making.make_exports(now=lambda: later) == 1

    export = DataExport.objects.get()
    assert (export.attempts, export.ready_at, StoredFile.objects.count()) == (2, later, 1)
    assert export.file_uid is not None
    with zipfile.ZipFile(io.BytesIO(b"".join(journal.pieces_of(export.file_uid)))) as archive:
        assert archive.testzip() is None
        with archive.open("calls.csv") as calls:
            ids = {line["request_id"] for line in csv.DictReader(io.TextIOWrapper(calls))}
    assert len(ids) == CALLS
    assert OutboxMessage.objects.filter(kind="export.ready").count() == 1


def test_two_workers_make_one_file(busy: TeamAccess) -> None:
    with worker() as first, worker() as second:
        made = sorted(int(one.communicate(timeout=120)[0]) for one in (first, second))

    assert made == [0, 1]
    assert (StoredFile.objects.count(), DataExport.objects.get().attempts) == (1, 1)
