"""Somebody gets all that is kept, closes a team and the account, and comes again by the same address, unknown."""

import io
import re
import zipfile

import pytest
from django.core.cache import cache
from django.test import Client

from apps.console.exporting import making
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams.models import Membership
from tests.cast import grant
from tests.relay.conftest import Relay
from tests.stories.person import Visitor
from tests.stories.test_a_team_from_the_first_sign_up_to_a_farewell import key_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


def test_a_person_goes_with_everything_settled_and_comes_again(relay: Relay) -> None:
    olive, dan = Visitor("olive@example.com"), Visitor("dan@example.com")

    # Olive has a team with Dan in it, 20 credits there and 5 of her own.
    for person in (olive, dan):
        person.sign_up()
    olive.send("/console/settings", name="Olive Tree", language="en", display_unit="credits", time_zone="Asia/Shanghai")
    olive.send("/console/teams/new", name="Orchard")
    grant(olive.teams["Orchard"], "20")
    grant(olive.teams["Personal"], "5")
    olive.send("/console/team/invite", email="dan@example.com", role="developer")
    invitation = dan.found_in_mail(r"(\S+/invitations/\S+)")
    dan.send(f"{invitation}/accept")
    of_dan = key_of(dan, relay)
    assert of_dan.chat(model="fixed-model").status == 200

    # She gets her data: the mail leads to a file with her name in it, and Dan's address nowhere.
    olive.send("/console/settings/export/new")
    assert making.make_exports(now=clock.now) == 1
    assert olive.found_in_mail(r"(\S+/console/settings/export)") == "/console/settings/export"
    file = re.search(r'"(/console/settings/export/exp_\w+/file)"', olive.open("/console/settings/export"))
    assert file is not None
    content = b"".join(olive.browser.get(file[1]).streaming_content)  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "Olive Tree" in told
    assert "dan@example.com" not in told

    # Her account waits for the team, and says so. The team closes for its name and what is left of 20 credits.
    page = olive.open("/console/settings/close")
    assert "You own the team Orchard, which has other members." in page
    olive.browser.post("/console/payer", {"team": olive.teams["Orchard"].public_id})
    closed = olive.send("/console/team/close", name="Orchard", balance="19.50")
    assert "Orchard is closed." in closed
    assert of_dan.chat(model="fixed-model").status in {401, 402, 403}
    assert list(dan.teams) == ["Personal"]
    assert "Orchard is closed" in " ".join(dan.subjects())

    # The account closes for its address and 5 credits. The last mail goes where she still reads it.
    was = olive.user
    gone = olive.send("/console/settings/close", name="olive@example.com", balance="5")
    assert "Your account is closed" in gone
    assert olive.subjects()[-1] == "Your Sluice account is closed"
    assert olive.browser.get("/console/")["Location"].startswith("/accounts/login/")

    # What stays knows nobody of that name.
    trail = [f"{entry.actor_label} {entry.details}" for entry in AuditEntry.objects.all()]
    assert not [line for line in trail if "olive@example.com" in line]
    assert Membership.objects.filter(user=was).exists()  # of closed teams only

    # She comes again by the same address, when its sign-ups count no more, and finds nothing of before.
    cache.clear()
    olive.browser = Client()
    olive.sign_up()
    assert olive.user.pk != was.pk
    assert list(olive.teams) == ["Personal"]
    assert "0.00" in olive.open("/console/statement")
