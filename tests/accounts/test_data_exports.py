"""The row behind a data export: one at a time, a few a day, made once by whoever comes, never lost."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.accounts import errors, queries
from apps.accounts import services as accounts
from apps.accounts.models import DataExport, User
from apps.accounts.types import ExportState, ExportToMake
from apps.journal import services as journal
from apps.journal.models import OperatorAlert, OutboxMessage, StoredFile
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PARTS = 9


def claimed(*, at: datetime = NOON) -> ExportToMake:
    export = accounts.claim_export(parts=PARTS, at=at)
    assert export is not None
    return export


def finish(export: ExportToMake, *, at: datetime = NOON) -> bool:
    kept = at + accounts.KEPT_FOR
    return accounts.finish_export(export, file_uid=uuid4(), size=1000, expires_at=kept, at=at)


def states(user: User, *, at: datetime = NOON) -> list[ExportState]:
    return [export.state for export in queries.exports_of(user.pk, at=at)]


def test_one_export_at_a_time(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)

    with pytest.raises(errors.ExportUnderWay):
        accounts.ask_export(ada.pk, at=NOON + MINUTE)

    assert states(ada) == [ExportState.WAITING]


def test_three_in_24_hours_and_then_again(ada: User) -> None:
    for hour in range(3):
        accounts.ask_export(ada.pk, at=NOON + hour * timedelta(hours=1))
        finish(claimed(at=NOON + hour * timedelta(hours=1)))

    with pytest.raises(errors.ExportsUsedUp):
        accounts.ask_export(ada.pk, at=NOON + timedelta(hours=23))
    accounts.ask_export(ada.pk, at=NOON + timedelta(hours=24))

    assert DataExport.objects.count() == 4


def test_the_exports_of_others_do_not_count(ada: User) -> None:
    accounts.ask_export(make_user().pk, at=NOON)

    accounts.ask_export(ada.pk, at=NOON)

    assert DataExport.objects.count() == 2


def test_a_claimed_export_is_nobody_elses_until_its_lease_ends(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)
    first = claimed()

    assert accounts.claim_export(parts=PARTS, at=NOON + 9 * MINUTE) is None
    second = claimed(at=NOON + 10 * MINUTE)

    assert (first.attempt, second.attempt, second.export_id) == (1, 2, first.export_id)


def test_each_part_prolongs_the_lease_and_shows_as_progress(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)
    export = claimed()

    assert accounts.note_parts(export, parts=1, at=NOON + 9 * MINUTE)

    assert accounts.claim_export(parts=PARTS, at=NOON + 18 * MINUTE) is None
    info = queries.exports_of(ada.pk, at=NOON)[0]
    assert (info.state, info.parts_done, info.parts) == (ExportState.STARTED, 1, PARTS)


def test_whoever_was_overtaken_writes_nothing_more(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)
    first, second = claimed(), claimed(at=NOON + 10 * MINUTE)

    assert not accounts.note_parts(first, parts=1, at=NOON)
    assert not finish(first)
    assert finish(second)

    assert not finish(second)
    assert states(ada) == [ExportState.READY]


def test_the_person_is_told_once_and_cannot_mute_it(ada: User) -> None:
    ada.muted_kinds = ["export.ready"]
    ada.save()
    accounts.ask_export(ada.pk, at=NOON)
    export = claimed()

    finish(export)
    finish(export)

    message = OutboxMessage.objects.get(kind="export.ready")
    assert (message.recipient, message.payload["path"]) == ("ada@example.com", "/console/settings/export")
    assert message.payload["expires_at"] == "2026-11-28T12:00:00+00:00"


def test_after_five_attempts_it_is_given_up_and_an_operator_hears(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)
    for attempt in range(5):
        claimed(at=NOON + attempt * 10 * MINUTE)

    assert accounts.claim_export(parts=PARTS, at=NOON + 50 * MINUTE) is None

    assert states(ada) == [ExportState.FAILED]
    assert OperatorAlert.objects.get().kind == "export-failed"
    accounts.ask_export(ada.pk, at=NOON + 51 * MINUTE)


def test_an_export_is_there_for_seven_days(ada: User) -> None:
    accounts.ask_export(ada.pk, at=NOON)
    finish(claimed())

    assert states(ada, at=NOON + timedelta(days=7, microseconds=-1)) == [ExportState.READY]
    assert states(ada, at=NOON + timedelta(days=7)) == [ExportState.EXPIRED]


def test_nobody_finds_the_export_of_somebody_else(ada: User) -> None:
    public_id = accounts.ask_export(ada.pk, at=NOON)

    assert queries.export_by_public_id(ada.pk, public_id, at=NOON) is not None
    assert queries.export_by_public_id(make_user().pk, public_id, at=NOON) is None
    assert queries.export_by_public_id(ada.pk, "exp_nothing", at=NOON) is None


def test_dropping_exports_deletes_their_files_and_stops_what_is_being_made(ada: User) -> None:
    ready = accounts.ask_export(ada.pk, at=NOON)
    journal.store_file(ready, name="data.zip", content=b"x" * 300_000, content_type="application/zip", at=NOON)
    finish(claimed())
    accounts.ask_export(ada.pk, at=NOON)
    export = claimed()

    accounts.drop_exports(ada.pk, at=NOON)
    accounts.drop_exports(ada.pk, at=NOON)

    assert not StoredFile.objects.exists()
    assert states(ada) == [ExportState.FAILED, ExportState.EXPIRED]
    assert not accounts.note_parts(export, parts=1, at=NOON)
    assert not finish(export)
