"""A team's admins give addresses for events, see how these fare, renew secrets and end them."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.core import clock
from apps.journal import queries
from apps.journal import services as journal
from apps.journal.models import OutboxMessage, WebhookEndpoint
from apps.teams.types import TeamAccess
from tests.staff import grow_old, sign_in_again

pytestmark = pytest.mark.django_db
PAGE = "/console/team/webhooks"
URL = "https://hooks.example/sluice"


@pytest.fixture
def owner(client: Client, ada: Any, team: TeamAccess) -> Client:
    client.force_login(ada)
    sign_in_again(client, ada)
    session = client.session
    session["console.team"] = team.public_id
    session.save()
    return client


def text(response: HttpResponse) -> str:
    return response.content.decode()


def added(team: TeamAccess) -> str:
    return journal.add_endpoint(
        team.public_id, url=URL, kinds=["balance.low"], actor=team.user_id, at=clock.now()
    ).endpoint_id


def test_an_address_is_added_and_its_secret_shown_once(owner: Client, team: TeamAccess) -> None:
    response = owner.post(f"{PAGE}/new", {"url": URL, "kinds": ["balance.low", "budget.100"]})

    assert "whsec_" in text(response)
    (endpoint,) = queries.endpoints_of(team.public_id)
    assert (endpoint.url, endpoint.kinds) == (URL, ("balance.low", "budget.100"))
    assert "whsec_" not in text(owner.get(PAGE)) + text(owner.get(f"{PAGE}/{endpoint.endpoint_id}"))
    assert OutboxMessage.objects.get(channel="webhook").kind == "endpoint.challenge"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"url": "http://hooks.example/", "kinds": ["balance.low"]}, "begins with https://"),
        ({"url": "https://127.0.0.1/", "kinds": ["balance.low"]}, "begins with https://"),
        ({"url": "", "kinds": ["balance.low"]}, "This field is required"),
        ({"url": URL, "kinds": []}, "Choose at least one event."),
        ({"url": URL, "kinds": ["no.such"]}, "not one of the available choices"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_stored(owner: Client, body: Any, said: str) -> None:
    response = owner.post(f"{PAGE}/new", body)

    assert response.status_code == 200
    assert said in text(response)
    assert not WebhookEndpoint.objects.exists()


def test_the_same_address_twice_is_said(owner: Client, team: TeamAccess) -> None:
    added(team)

    assert "already" in text(owner.post(f"{PAGE}/new", {"url": URL, "kinds": ["balance.low"]}))


def test_a_page_says_how_an_address_fares(owner: Client, team: TeamAccess) -> None:
    hook = added(team)
    assert "Waiting for its answer" in text(owner.get(PAGE))

    row = WebhookEndpoint.objects.get()
    journal.confirm_endpoint(row.pk, challenge=row.challenge, at=clock.now())
    assert "Verified" in text(owner.get(PAGE))

    journal.note_failing(row.pk, reason="answered 500", is_final=False, at=clock.now())
    assert "Last result: answered 500." in text(owner.get(f"{PAGE}/{hook}"))

    journal.note_failing(row.pk, reason="answered 500", is_final=False, at=clock.now() + timedelta(days=3))
    assert "Turned off" in text(owner.get(PAGE))


def test_tests_and_challenges_are_asked_for_by_a_button_once_a_minute(owner: Client, team: TeamAccess) -> None:
    hook = added(team)
    row = WebhookEndpoint.objects.get()
    journal.confirm_endpoint(row.pk, challenge=row.challenge, at=clock.now())

    first = text(owner.post(f"{PAGE}/{hook}/test", follow=True))
    second = text(owner.post(f"{PAGE}/{hook}/test", follow=True))

    assert "A test is on its way" in first
    assert "One is on its way already" in second or OutboxMessage.objects.filter(kind="endpoint.test").count() == 2
    assert "Test" in second


def test_events_are_chosen_anew(owner: Client, team: TeamAccess) -> None:
    hook = added(team)

    owner.post(f"{PAGE}/{hook}", {"kinds": ["budget.50"]})

    assert queries.endpoints_of(team.public_id)[0].kinds == ("budget.50",)
    assert "Choose at least one event." in text(owner.post(f"{PAGE}/{hook}", {"kinds": []}))


def test_a_secret_is_renewed_after_a_question(owner: Client, team: TeamAccess) -> None:
    hook = added(team)
    before = bytes(WebhookEndpoint.objects.get().ciphertext)

    assert "whsec_" not in text(owner.get(f"{PAGE}/{hook}/secret"))
    assert "whsec_" in text(owner.post(f"{PAGE}/{hook}/secret"))
    assert bytes(WebhookEndpoint.objects.get().previous_ciphertext) == before


def test_an_address_is_removed_after_a_question(owner: Client, team: TeamAccess) -> None:
    hook = added(team)

    assert "Remove this webhook?" in text(owner.get(f"{PAGE}/{hook}/remove"))
    assert WebhookEndpoint.objects.exists()
    assert "The webhook is removed." in text(owner.post(f"{PAGE}/{hook}/remove", follow=True))
    assert not WebhookEndpoint.objects.exists()


def test_the_answer_of_an_address_is_never_shown(owner: Client, team: TeamAccess) -> None:
    hook = added(team)
    OutboxMessage.objects.update(last_error="answered 500")

    page = text(owner.get(f"{PAGE}/{hook}"))

    assert "answered 500" in page
    assert "challenge&quot;" not in page


def test_where_events_go_and_what_signs_them_asks_for_a_recent_sign_in(owner: Client, team: TeamAccess) -> None:
    grow_old(owner)

    for path in (f"{PAGE}/new", f"{PAGE}/hook_nothing/secret"):
        assert owner.get(path)["Location"].startswith("/accounts/reauthenticate/")
    assert owner.post(f"{PAGE}/new", {"url": URL, "kinds": "balance.low"}).status_code == 302
    assert queries.endpoints_of(team.public_id) == []
