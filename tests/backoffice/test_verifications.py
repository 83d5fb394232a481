"""The review queue: what a reviewer sees before deciding, what it leaves on record, and what others do not see."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams.models import StaffBinding
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.models import Review, Verification
from tests.backoffice.desk import colleague, fill_in, id_of, said
from tests.backoffice.test_stale_sign_ins import grow_old
from tests.cast import add_member, make_team, make_user
from tests.staff import sign_in_staff
from tests.verification.papers import COMPANY, PERSON, apply, apply_for, approve, pdf, png, upload

pytestmark = pytest.mark.django_db

QUEUE = "/admin/verification/verification/"


@pytest.fixture
def desk() -> Client:
    return colleague("rae@example.com", group="support")


def page_of(row: Verification, act: str = "change") -> str:
    return f"{QUEUE}{row.pk}/{act}/"


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def document_of(row: Verification, *, through: int = 0) -> str:
    """The address of its first document, or the same through another verification."""
    (document,) = queries.documents_of(row.public_id)
    return f"{QUEUE}{through or row.pk}/document/?uid={document.uid}"


def seen(act: str) -> list[tuple[int | None, str]]:
    return list(AuditEntry.objects.filter(act=f"verification.{act}").values_list("actor_id", "target_id"))


def test_what_waits_longest_stands_first_and_what_is_decided_last(desk: Client, ada: User) -> None:
    at = clock.now()
    decided = apply(make_user(), at=at - timedelta(days=9))
    approve(decided)
    younger, older = apply(make_user(), at=at - timedelta(days=1)), apply(ada, at=at - timedelta(days=3))

    answer = desk.get(QUEUE)

    assert list(answer.context["cl"].result_list) == [older, younger, decided]
    assert "3\xa0days" in answer.content.decode()


def test_the_queue_names_no_particulars(desk: Client, ada: User) -> None:
    apply(ada)

    page = text_of(desk, QUEUE)

    assert "ada@example.com" in page
    assert PERSON.name not in page
    assert PERSON.number not in page


def test_the_queue_flags_and_filters_duplicates(desk: Client, ada: User, team: TeamAccess) -> None:
    apply(ada)
    apply(make_user("bob@example.com"))
    apply_for(team)

    page = text_of(desk, QUEUE)
    only = desk.get(f"{QUEUE}?duplicate=yes").context["cl"].result_list

    assert page.count("Elsewhere too") == 2
    assert {row.kind for row in only} == {"personal"}
    assert [row.kind for row in desk.get(f"{QUEUE}?kind=enterprise").context["cl"].result_list] == ["enterprise"]


def test_a_reviewer_sees_everything_and_that_is_on_record(desk: Client, team: TeamAccess) -> None:
    row = apply_for(team)

    page = text_of(desk, page_of(row))

    for particular in (COMPANY.name, COMPANY.number, COMPANY.representative, COMPANY.contact, "China (mainland)"):
        assert particular in page
    assert document_of(row) in page
    assert "Not scanned for viruses: no scanner is set up." in page
    assert seen("particulars_viewed") == [(id_of("rae@example.com"), row.public_id)]


@pytest.mark.parametrize("group", ["finance", "read-only"])
def test_others_see_that_there_is_a_request_and_nothing_of_it(group: str, ada: User) -> None:
    reader = colleague("reader@example.com", group=group)
    row = apply(ada)

    page = text_of(reader, page_of(row))

    assert "Particulars and documents show to reviewers only." in page
    assert PERSON.number not in page
    assert "/approve/" not in page
    assert reader.get(document_of(row)).status_code == 403
    for act in ("approve", "reject", "revoke"):
        assert reader.post(page_of(row, act), {"reason": "x", "code": "expired"}).status_code == 403
    assert seen("particulars_viewed") == seen("document_viewed") == []


def test_the_catalogue_group_sees_no_queue() -> None:
    assert colleague("cat@example.com", group="catalogue").get(QUEUE).status_code == 403


def test_a_picture_shows_and_can_do_nothing_else(desk: Client, ada: User) -> None:
    row = apply(ada)

    answer = desk.get(document_of(row))

    assert answer.content == png()
    headers = {name: answer.headers[name] for name in answer.headers if name not in {"Vary", "Content-Language"}}
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == f'inline; filename="{row.public_id}-front-1.png"'
    assert headers["Content-Security-Policy"] == "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Frame-Options"] == "DENY"
    assert seen("document_viewed") == [(id_of("rae@example.com"), row.public_id)]


def test_a_pdf_is_handed_out_as_a_file(desk: Client, ada: User) -> None:
    row = apply(ada, uploads=[upload("front", "a.pdf", pdf())])

    answer = desk.get(document_of(row))

    assert answer["Content-Disposition"].startswith("attachment;")
    assert b"<img" not in desk.get(page_of(row)).content


def test_a_document_opens_through_its_own_verification_only(desk: Client, ada: User) -> None:
    row, other = apply(ada), apply(make_user())

    assert desk.get(document_of(other, through=row.pk)).status_code == 404
    assert desk.get(document_of(other, through=999_999)).status_code == 404
    assert desk.get(f"{QUEUE}{row.pk}/document/?uid=../../etc").status_code == 404


def test_a_duplicate_is_shown_before_the_decision_with_its_account_masked(desk: Client, ada: User) -> None:
    first = apply(ada)
    approve(first)
    row = apply(make_user("bob@example.com"))

    page = text_of(desk, page_of(row))
    asked = text_of(desk, page_of(row, "approve"))

    assert "1 other account carries this legal id." in page
    assert "ad•••@example.com" in page
    assert "ada@example.com" not in page
    assert page_of(first) in page
    assert "None: this legal id was verified before on another account." in asked


def test_approving_says_what_was_granted(desk: Client, ada: User) -> None:
    row = apply(ada)

    answer = fill_in(desk, page_of(row, "approve"), reason="")

    row.refresh_from_db()
    assert row.status == "approved"
    assert row.decided_by_id == id_of("rae@example.com")
    assert said(answer)[0].startswith("Approved. Credits granted: ")


def test_a_rejection_needs_a_reason_from_the_list(desk: Client, ada: User) -> None:
    row = apply(ada)

    unsaid = desk.post(page_of(row, "reject"), {"code": "", "reason": ""})
    other = desk.post(page_of(row, "reject"), {"code": "other", "reason": ""})
    answer = fill_in(desk, page_of(row, "reject"), code="unreadable", reason="The number is cut off.")

    assert "Nothing has happened yet." in unsaid.content.decode()
    assert "Say in words why." in other.content.decode()
    assert said(answer) == ["Rejected. The applicant is told and may submit again."]
    review = Review.objects.get()
    assert (review.reason_code, review.reason) == ("unreadable", "The number is cut off.")
    assert "The number is cut off." in text_of(desk, page_of(row))


def test_a_revocation_needs_words_and_says_what_was_taken_back(desk: Client, ada: User) -> None:
    row = apply(ada)
    approve(row)

    assert desk.post(page_of(row, "revoke"), {"reason": ""}).status_code == 200
    answer = fill_in(desk, page_of(row, "revoke"), reason="The card was forged.")

    row.refresh_from_db()
    assert row.status == "revoked"
    assert said(answer)[0].startswith("Revoked. Credits taken back: ")


def test_who_comes_second_is_told(desk: Client, ada: User) -> None:
    row = apply(ada)
    late = colleague("late@example.com", group="owner")
    fill_in(desk, page_of(row, "approve"), reason="")

    answer = late.post(page_of(row, "approve"), {"reason": ""}, follow=True)

    assert said(answer) == ["Nothing has happened: this cannot be done here, or no longer."]
    assert Review.objects.count() == 1


def test_nobody_is_offered_to_decide_on_themselves(desk: Client) -> None:
    row = apply(User.objects.get(email="rae@example.com"))

    page = text_of(desk, page_of(row))
    desk.post(page_of(row, "approve"), {"reason": ""})

    assert "/approve/" not in page
    assert Verification.objects.get().status == "submitted"


def test_a_member_of_the_team_is_refused(desk: Client, team: TeamAccess) -> None:
    row = apply_for(team)
    add_member(team, "viewer", user=User.objects.get(email="rae@example.com"))

    answer = desk.post(page_of(row, "approve"), {"reason": ""})

    assert "This concerns yourself or a team you are in." in answer.content.decode()
    assert Verification.objects.get().status == "submitted"


@pytest.mark.parametrize("act", ["approve", "reject", "revoke"])
def test_decisions_ask_for_a_recent_sign_in(client: Client, ada: User, act: str) -> None:
    row = apply(ada)
    if act == "revoke":
        approve(row)
    grow_old(sign_in_staff(client))

    answer = client.post(page_of(row, act), {"reason": "x", "code": "expired"})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert Review.objects.filter(verification=row).count() == (act == "revoke")


def test_what_waits_for_the_scanner_cannot_be_approved(desk: Client, ada: User) -> None:
    row = apply(ada)
    Verification.objects.update(waits_for="scan", look_at=clock.now())

    page = text_of(desk, page_of(row))

    assert "Waiting for the virus scanner." in page
    assert "/approve/" not in page
    assert "/reject/" in page


def test_erased_particulars_are_gone_for_reviewers_too(desk: Client, ada: User) -> None:
    row = apply(ada)
    services.erase_person(ada.pk, at=clock.now())

    page = text_of(desk, page_of(row))

    assert "The particulars were erased." in page
    assert "No documents are kept any more." in page


class TestBoundOperators:
    """Enterprise admins who are bound to Acme."""

    @pytest.fixture
    def operator(self, team: TeamAccess) -> Client:
        client = colleague("op@example.com", group="enterprise admin")
        StaffBinding.objects.create(user=User.objects.get(email="op@example.com"), team_id=team.id)
        return client

    @pytest.fixture
    def other(self) -> TeamAccess:
        return make_team("Globex", owner=make_user("hank@globex.example"))

    def test_they_see_their_teams_requests_and_no_persons(
        self, operator: Client, team: TeamAccess, other: TeamAccess, ada: User
    ) -> None:
        mine, foreign, person = apply_for(team), apply_for(other), apply(make_user())

        assert list(operator.get(QUEUE).context["cl"].result_list) == [mine]
        assert list(operator.get(f"{QUEUE}?q=Globex").context["cl"].result_list) == []
        assert list(operator.get(f"{QUEUE}?q={person.user.email}").context["cl"].result_list) == []
        for row in (foreign, person):
            for act in ("change", "approve", "reject", "history"):
                assert operator.get(page_of(row, act)).status_code == 404
            assert operator.get(document_of(row)).status_code == 404
            assert operator.get(document_of(row, through=mine.pk)).status_code == 404

    def test_they_decide_on_their_own(self, operator: Client, team: TeamAccess) -> None:
        row = apply_for(team)

        fill_in(operator, page_of(row, "reject"), code="expired", reason="")

        row.refresh_from_db()
        assert row.status == "rejected"

    def test_they_learn_that_there_is_a_duplicate_and_not_whose(
        self, operator: Client, team: TeamAccess, other: TeamAccess
    ) -> None:
        apply_for(other)
        row = apply_for(team)

        page = text_of(operator, page_of(row))

        assert "1 other account carries this legal id." in page
        assert "Globex" not in page
        assert "globex.example" not in page
