"""Verification in the console: what it brings, how it stands, applying and applying again, for a person and a team."""

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import User
from apps.console.verification_offer import verification_offer
from apps.core import clock
from apps.journal import queries as journal
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.models import Verification
from tests.cast import add_member, make_user
from tests.promotions.stage import CREDIT, make_campaign, on
from tests.verification.papers import COMPANY, PERSON, apply, apply_for, approve, pdf, png, reject, reviewer

pytestmark = pytest.mark.django_db

OWN, TEAM = "/console/verification", "/console/verification/team"


def signed_in(user: User, *, team: TeamAccess | None = None) -> Client:
    client = Client()
    client.force_login(user)
    if team is not None:
        session = client.session
        session["console.team"] = team.public_id
        session.save()
    return client


@pytest.fixture
def reader(ada: User) -> Client:
    return signed_in(ada)


@pytest.fixture
def owner(ada: User, team: TeamAccess) -> Client:
    return signed_in(ada, team=team)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def picture(name: str = "card.png", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, png() if content is None else content, content_type="text/html")


def person_form(**changed: object) -> dict[str, object]:
    return {"country": "CN", "name": PERSON.name, "number": PERSON.number, "front": picture(), **changed}


def company_form(**changed: object) -> dict[str, object]:
    fields = {name: getattr(COMPANY, name) for name in ("country", "name", "number", "representative", "contact")}
    return {**fields, "licence": picture("licence.pdf", pdf()), **changed}


def test_who_is_not_verified_is_told_what_it_takes(reader: Client) -> None:
    page = text_of(reader, OWN)

    assert "You are not verified" in page
    assert f'href="{OWN}/apply"' in page
    assert "Encrypted, and deleted 30 days after the decision." in page


def test_an_offer_is_what_the_campaign_in_force_pays_for_a_new_account() -> None:
    """Joined on 20 April; the campaign of May takes accounts of 30 days: the last of them is 20 May."""
    make_campaign("verified", "self", amount_nanos=10 * CREDIT, enterprise_nanos=50 * CREDIT, new_user_days=30)

    def offered(kind: str, at: datetime) -> int | None:
        offer = verification_offer(kind, joined_at=on(4, 20), language="en", at=at)
        return None if offer is None else offer.amount_nanos // CREDIT

    assert offered("personal", on(5, 20)) == 10
    assert offered("enterprise", on(5, 20)) == 50
    assert offered("personal", on(5, 21)) is None
    assert offered("personal", on(6, 1)) is None


def test_a_campaign_that_pays_nothing_for_a_kind_is_no_offer() -> None:
    make_campaign("verified", "self", enterprise_nanos=50 * CREDIT)

    assert verification_offer("personal", joined_at=on(4, 20), language="en", at=on(5, 3)) is None


def test_the_page_says_what_it_brings(reader: Client, ada: User) -> None:
    offer = verification_offer("personal", joined_at=ada.joined_at, language="en", at=clock.now())
    assert offer is not None

    page = text_of(reader, OWN)

    assert offer.title in page
    assert f"{offer.amount_nanos // CREDIT}.00 credits" in page


def test_an_account_that_is_too_old_is_promised_nothing(reader: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(joined_at=clock.now() - timedelta(days=400))

    assert "the account is too old for the one there is" in text_of(reader, OWN)


def test_a_person_applies(reader: Client, ada: User) -> None:
    answer = reader.post(f"{OWN}/apply", person_form(back=picture("b.png")), follow=True)

    row = Verification.objects.get()
    assert answer.redirect_chain == [(OWN, 302)]
    assert "Submitted. You get a mail when it is decided." in answer.content.decode()
    assert "In review" in answer.content.decode()
    assert (row.user_id, row.kind) == (ada.pk, "personal")
    assert [file.name for file in journal.files_of(row.public_id)] == ["front-1.png", "back-2.png"]


def test_the_page_shows_the_last_four_characters_only(reader: Client, ada: User) -> None:
    apply(ada)

    page = text_of(reader, OWN)

    assert "••••002X" in page
    assert PERSON.number not in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": "110105194912310021"}, "The last one confirms the others."),
        ({"front": picture("card.svg", b"<svg/>")}, "What is inside decides, not only the name."),
        ({"front": picture("card.png", b"<script>")}, "What is inside decides, not only the name."),
        ({"front": ""}, "This field is required."),
        ({"country": "XX"}, "Select a valid choice."),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(reader: Client, changed: dict[str, object], said: str) -> None:
    answer = reader.post(f"{OWN}/apply", person_form(**changed))

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Verification.objects.exists()


def test_a_wrong_number_reminds_of_the_files(reader: Client) -> None:
    answer = reader.post(f"{OWN}/apply", person_form(number="123"))

    assert "Choose the files again" in answer.content.decode()


def test_sending_the_form_twice_leaves_one_application(reader: Client) -> None:
    reader.post(f"{OWN}/apply", person_form())
    again = reader.post(f"{OWN}/apply", person_form(front=picture()))

    assert again["Location"] == OWN
    assert Verification.objects.count() == 1


def test_a_rejection_says_why_and_leads_to_the_form(reader: Client, ada: User) -> None:
    reject(apply(ada), code="expired", reason="The card ended in March.")

    page = text_of(reader, OWN)
    form = text_of(reader, f"{OWN}/again")
    answer = reader.post(f"{OWN}/again", person_form(), follow=True)

    for text in (page, form):
        assert "A document has expired." in text
        assert "The card ended in March." in text
    assert f'href="{OWN}/again"' in page
    assert answer.redirect_chain == [(OWN, 302)]
    assert Verification.objects.get().status == "submitted"


def test_forms_that_make_no_sense_lead_back(reader: Client, ada: User) -> None:
    assert reader.get(f"{OWN}/again")["Location"] == OWN
    row = apply(ada)
    assert reader.get(f"{OWN}/apply")["Location"] == OWN
    reject(row)
    assert reader.get(f"{OWN}/apply")["Location"] == OWN


def test_an_approval_shows_its_credits(reader: Client, ada: User) -> None:
    row = apply(ada)
    approve(row)
    Verification.objects.filter(pk=row.pk).update(credited_nanos=10 * CREDIT)

    page = text_of(reader, OWN)

    assert "Approved" in page
    assert "10.00 credits" in page


def test_a_revocation_says_why(reader: Client, ada: User) -> None:
    row = apply(ada)
    approve(row)
    services.revoke(row.pk, actor=reviewer(), at=clock.now(), reason="The card was forged.")

    page = text_of(reader, OWN)

    assert "The card was forged." in page
    assert f'href="{OWN}/apply"' in page
    assert reader.get(f"{OWN}/apply").status_code == 200


def test_an_organisation_applies_for_the_team_that_pays(owner: Client, team: TeamAccess) -> None:
    answer = owner.post(f"{TEAM}/apply", company_form(), follow=True)

    row = Verification.objects.get()
    assert answer.redirect_chain == [(TEAM, 302)]
    assert (row.kind, row.team_id) == ("enterprise", team.id)
    assert "••••0Y43" in answer.content.decode()


def test_personal_is_no_organisation(reader: Client) -> None:
    assert "No team is chosen" in text_of(reader, TEAM)
    assert reader.post(f"{TEAM}/apply", company_form())["Location"] == TEAM
    assert not Verification.objects.exists()


def test_billing_sees_how_it_stands_and_cannot_apply(team: TeamAccess) -> None:
    billing = signed_in(add_member(team, "billing"), team=team)

    page = text_of(billing, TEAM)

    assert "An owner or admin of the team can apply." in page
    assert f"{TEAM}/apply" not in page
    assert billing.post(f"{TEAM}/apply", company_form()).status_code == 403


def test_a_team_sees_its_own_organisation_and_no_other(owner: Client, team: TeamAccess) -> None:
    other = make_user()
    apply_for(team)

    assert "You are not verified" in text_of(signed_in(other), OWN)
    assert queries.personal_of(other.pk) is None


def test_nobody_keeps_the_check_of_documents_busy(reader: Client) -> None:
    """20 tries an hour; the wrong number is found at each."""
    tries = [reader.post(f"{OWN}/apply", person_form(number="1", front=picture())).status_code for _ in range(21)]

    assert tries == [200] * 20 + [429]


def test_a_form_of_more_than_twelve_mebibytes_is_refused(reader: Client) -> None:
    large = SimpleUploadedFile("a.png", b"x" * (12 * 1024 * 1024 + 1))

    answer = reader.post(f"{OWN}/apply", person_form(front=large))

    assert answer.status_code == 413
    assert "takes at most 12 MiB" in answer.content.decode()


def test_files_of_five_mebibytes_go_through_and_touch_no_disk(reader: Client) -> None:
    head = png()
    large = SimpleUploadedFile("a.png", head + b"\0" * (5 * 1024 * 1024 - len(head)))

    reader.post(f"{OWN}/apply", person_form(front=large, back=picture("b.png")))

    assert Verification.objects.count() == 1


def test_pages_speak_chinese(reader: Client, ada: User) -> None:
    reject(apply(ada), code="expired")
    reader.cookies["django_language"] = "zh-hans"

    page = text_of(reader, OWN)

    assert "材料已过有效期。" in page
    assert "中国大陆" in page
