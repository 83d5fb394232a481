"""The scanner is asked before anything is stored; what it cannot answer now waits and is asked again."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.journal.models import AuditEntry, OperatorAlert, OutboxMessage, StoredFile
from apps.verification import queries, services, tasks
from apps.verification.errors import DocumentInfected
from apps.verification.models import Verification
from apps.verification.scanning import Verdict, verdict_of
from apps.verification.types import Applicant
from tests.verification.clamd import CLEAN, FOUND, clamd
from tests.verification.papers import NOON, PERSON, apply, png, upload

MINUTE = timedelta(minutes=1)


def test_without_an_address_nothing_is_scanned(settings: Any) -> None:
    assert verdict_of([b"anything"]) is Verdict.NOT_SCANNED


def test_every_file_goes_through_the_scanner_as_it_is(settings: Any) -> None:
    large = bytes(range(256)) * 1000

    with clamd(settings, CLEAN, CLEAN) as scanner:
        assert verdict_of([b"one", large]) is Verdict.CLEAN

    assert scanner.received == [b"one", large]


def test_the_first_harmful_file_decides(settings: Any) -> None:
    with clamd(settings, CLEAN, FOUND) as scanner:
        assert verdict_of([b"one", b"two", b"three"]) is Verdict.INFECTED

    assert scanner.received == [b"one", b"two"]


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK? \0"])
def test_an_answer_that_says_nothing_is_no_verdict(settings: Any, answer: bytes) -> None:
    with clamd(settings, answer):
        assert verdict_of([b"one"]) is Verdict.UNAVAILABLE


def test_a_scanner_that_is_down_is_no_verdict(settings: Any) -> None:
    with clamd(settings):
        pass

    assert verdict_of([b"one"]) is Verdict.UNAVAILABLE


@pytest.mark.django_db
class TestApplications:
    def test_clean_documents_go_to_the_reviewer_with_the_instant_of_their_scan(self, settings: Any, ada: User) -> None:
        with clamd(settings, CLEAN, CLEAN):
            row = apply(ada, uploads=[upload(), upload("back")])

        assert (row.waits_for, row.scanned_at) == ("person", NOON)

    def test_without_a_scanner_they_go_there_unscanned(self, ada: User) -> None:
        row = apply(ada)

        assert (row.waits_for, row.scanned_at) == ("person", None)

    def test_a_harmful_document_is_refused_and_nothing_is_kept(self, settings: Any, ada: User) -> None:
        with (
            clamd(settings, FOUND),
            pytest.raises(DocumentInfected, match="Nothing was kept"),
        ):
            services.submit(Applicant(ada.pk), particulars=PERSON, uploads=[upload()], at=NOON)

        assert not Verification.objects.exists()
        assert not StoredFile.objects.exists()

    def test_while_the_scanner_is_down_an_application_waits_for_it(self, settings: Any, ada: User) -> None:
        with clamd(settings):
            pass
        row = apply(ada)

        assert (row.status, row.waits_for, row.scanned_at) == ("submitted", "scan", None)
        assert services.examine_waiting(at=NOON) == 0
        assert services.examine_waiting(at=NOON + MINUTE) == 0
        assert OperatorAlert.objects.get().kind == "verification-scanner"
        row.refresh_from_db()
        assert row.look_at == NOON + MINUTE * 6

    def test_it_goes_on_when_the_scanner_is_back(self, settings: Any, ada: User) -> None:
        with clamd(settings):
            pass
        row = apply(ada)

        with clamd(settings, CLEAN) as scanner:
            assert services.examine_waiting(at=NOON + MINUTE) == 1

        row.refresh_from_db()
        assert scanner.received == [png()]
        assert (row.waits_for, row.scanned_at, row.look_at) == ("person", NOON + MINUTE, None)

    def test_what_turns_out_harmful_is_rejected_and_deleted(self, settings: Any, ada: User) -> None:
        with clamd(settings):
            pass
        apply(ada)

        with clamd(settings, FOUND):
            services.examine_waiting(at=NOON + MINUTE)

        state = queries.personal_of(ada.pk)
        assert state is not None
        assert (state.status, state.documents) == ("rejected", 0)
        assert str(state.reason) == "The virus scanner found something harmful in a document."
        assert AuditEntry.objects.get(act="verification.rejected").actor_id is None
        assert OutboxMessage.objects.get().kind == "verification.rejected"

    def test_it_goes_on_unscanned_when_the_scanner_is_given_up(self, settings: Any, ada: User) -> None:
        with clamd(settings):
            pass
        row = apply(ada)
        settings.CLAMD_ADDRESS = ""

        services.examine_waiting(at=NOON + MINUTE)

        row.refresh_from_db()
        assert (row.waits_for, row.scanned_at) == ("person", None)

    def test_the_sweep_is_a_task(self) -> None:
        assert tasks.examine_waiting() == 0
