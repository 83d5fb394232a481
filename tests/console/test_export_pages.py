"""The pages of the own data: ask, see how far it is, download; only the own, only after a recent sign-in."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import DataExport, User
from apps.console.exporting import making
from apps.core import clock
from apps.journal import services as journal
from apps.journal.models import StoredFile
from apps.teams import services as teams
from tests.cast import make_user
from tests.staff import sign_in_again

pytestmark = pytest.mark.django_db

PAGE, NEW = "/console/settings/export", "/console/settings/export/new"


@pytest.fixture
def bob(client: Client) -> User:
    """Signed in a moment ago."""
    user = make_user("bob@example.com")
    teams.personal_team_of(user)
    client.force_login(user)
    sign_in_again(client, user)
    return user


def ready_file(client: Client) -> str:
    client.post(NEW)
    making.make_exports(now=clock.now)
    return f"{PAGE}/{DataExport.objects.latest('pk').public_id}/file"


def test_an_empty_page_offers_the_first_export(client: Client, bob: User) -> None:
    page = client.get(PAGE).content.decode()

    assert "No exports yet" in page
    assert f'action="{NEW}"' in page


def test_an_export_is_asked_for_shown_and_downloaded(client: Client, bob: User) -> None:
    asked = client.post(NEW, follow=True).content.decode()
    assert "A mail tells you when it is ready." in asked
    assert "Begins within seconds." in asked
    assert 'hx-trigger="every 4s"' in asked

    making.make_exports(now=clock.now)
    page = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "hx-trigger" not in page

    answer = client.get(f"{PAGE}/{DataExport.objects.get().public_id}/file")
    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    assert answer["Content-Disposition"] == 'attachment; filename="sluice-data.zip"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/zip", "nosniff")
    assert "no-store" in answer["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_two_clicks_make_one_export(client: Client, bob: User) -> None:
    client.post(NEW)

    answer = client.post(NEW, follow=True)

    assert "One export at a time." in answer.content.decode()
    assert DataExport.objects.count() == 1


def test_progress_is_counted_in_files(client: Client, bob: User) -> None:
    client.post(NEW)
    DataExport.objects.update(attempts=1, parts_done=4, parts=13)

    page = client.get(PAGE).content.decode()

    assert "4 of 13 files are written." in page
    assert '<progress class="meter" value="4" max="13"' in page


def test_nobody_else_gets_the_file_whatever_they_know(client: Client, bob: User) -> None:
    address = ready_file(client)
    eve = make_user()
    client.force_login(eve)
    sign_in_again(client, eve)

    assert client.get(address).status_code == 404


def test_a_link_alone_or_an_old_sign_in_is_not_enough(client: Client, bob: User) -> None:
    address = ready_file(client)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()

    assert client.get(address)["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(NEW)["Location"].startswith("/accounts/reauthenticate/")
    client.logout()
    assert client.get(address)["Location"].startswith("/accounts/login/")


def test_after_seven_days_there_is_nothing_to_download(client: Client, bob: User) -> None:
    address = ready_file(client)
    DataExport.objects.update(expires_at=clock.now())

    assert client.get(address).status_code == 404
    assert "Deleted after seven days" in client.get(PAGE).content.decode()


def test_the_clean_up_removes_the_file_in_time(client: Client, bob: User) -> None:
    address = ready_file(client)

    journal.drop_expired_files(at=clock.now() + timedelta(days=7))

    assert not StoredFile.objects.exists()
    assert client.get(address).status_code == 404


def test_what_is_not_ready_has_no_file(client: Client, bob: User) -> None:
    client.post(NEW)

    assert client.get(f"{PAGE}/{DataExport.objects.get().public_id}/file").status_code == 404


def test_settings_lead_to_the_data_and_to_the_closing(client: Client, bob: User) -> None:
    page = client.get("/console/settings").content.decode()

    assert f'href="{PAGE}"' in page
    assert 'href="/console/settings/close"' in page
