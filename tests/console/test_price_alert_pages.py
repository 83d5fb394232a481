"""/price-alerts and the links of its mails: asked for by strangers, confirmed and ended by whoever reads the mail."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.console.mail.unsubscribing import alerts_token
from apps.core import clock
from apps.journal.models import OutboxMessage
from apps.marketplace import queries
from apps.marketplace.models import Lifecycle, Model, PriceSubscription
from apps.teams.models import AccessGroup, Team
from apps.teams.types import TeamAccess
from tests.marketplace.alerts import announced, link_in_mail, multiplied, subscribed, wish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

PAGE = "/price-alerts"
BOB = "bob@example.com"
FORM = {"about": "model:chat-small", "direction": "up", "percent": "2.5", "email": BOB}


def text(response: HttpResponse) -> str:
    return response.content.decode()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_stranger_asks_and_the_mailbox_answers(client: Client) -> None:
    response = client.post(PAGE, FORM)

    assert (response.status_code, response["Location"]) == (302, "/price-alerts/asked")
    assert "Look into the mailbox" in text(client.get("/price-alerts/asked"))
    path = f"/price-alerts/confirm/{link_in_mail(BOB)}"
    asks = client.get(path)
    assert "chat-small" in text(asks)
    assert "increases only, from 2.5 %" in text(asks)
    assert asks["Referrer-Policy"] == "no-referrer"
    assert queries.alerts_of_address(BOB) == []

    said = client.post(path, follow=True)

    assert "The alert is confirmed." in text(said)
    assert "These go to bob@example.com." in text(said)
    assert len(queries.alerts_of_address(BOB)) == 1
    assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "bob"}, "Write an e-mail address such as ada@example.com."),
        ({"email": ""}, "Write an e-mail address such as ada@example.com."),
        ({"about": "model:chat-vip"}, "Choose one of the list."),
        ({"about": "nothing"}, "Choose one of the list."),
        ({"percent": "many"}, "Write a percentage from 0 to 1000, such as 5 or 2.5."),
        ({"percent": "-1"}, "Write a percentage from 0 to 1000, such as 5 or 2.5."),
        ({"percent": "1E9"}, "Write a percentage from 0 to 1000, such as 5 or 2.5."),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(client: Client, changed: dict[str, str], said: str) -> None:
    response = client.post(PAGE, {**FORM, **changed})

    assert response.status_code == 200
    assert said in text(response)
    assert not PriceSubscription.objects.exists()


def test_the_answer_is_the_same_whether_the_address_has_alerts_or_was_asked_enough(client: Client) -> None:
    first = client.post(PAGE, FORM)
    subscribed("eve@example.com", wish(), at=clock.now())
    again = [client.post(PAGE, {**FORM, "email": "eve@example.com"}) for _ in range(5)]

    assert {(one.status_code, one["Location"]) for one in again} == {(302, first["Location"])}
    assert OutboxMessage.objects.filter(recipient="eve@example.com").count() == 1 + 3


def test_one_address_of_the_net_asks_twenty_times_an_hour(client: Client) -> None:
    statuses = [client.post(PAGE, {**FORM, "email": f"p{n}@example.com"}).status_code for n in range(21)]

    assert statuses == [302] * 20 + [429]


def test_a_link_that_came_too_late_says_what_to_do(client: Client) -> None:
    client.post(PAGE, FORM)
    PriceSubscription.objects.update(created_at=clock.now() - timedelta(days=3))

    response = client.post(f"/price-alerts/confirm/{link_in_mail(BOB)}")

    assert response.status_code == 410
    assert "This link is too old. Ask for the alert again" in text(response)


def test_a_mail_program_ends_an_alert_with_one_click() -> None:
    card = subscribed(BOB, wish(), at=clock.now())
    other = subscribed(BOB, wish("model", "chat-small"), at=clock.now())
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(f"/price-alerts/link/{alerts_token([card.public_id])}", {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert [one.public_id for one in queries.alerts_of_address(BOB)] == [other.public_id]


def test_looking_at_the_link_ends_nothing_and_shows_the_others(client: Client) -> None:
    card = subscribed(BOB, wish(), at=clock.now())
    subscribed(BOB, wish("vendor", "acme-ai"), at=clock.now())

    shown = text(client.get(f"/price-alerts/link/{alerts_token([card.public_id])}"))

    assert "All models of Acme AI" in shown
    assert len(queries.alerts_of_address(BOB)) == 2


def test_all_alerts_of_an_address_end_after_a_question(client: Client) -> None:
    card = subscribed(BOB, wish(), at=clock.now())
    subscribed(BOB, wish("vendor", "acme-ai"), at=clock.now())
    path = f"/price-alerts/link/{alerts_token([card.public_id])}/end-all"

    assert "End all alerts?" in text(client.get(path))
    assert len(queries.alerts_of_address(BOB)) == 2
    assert "Nothing more comes to this address." in text(client.post(path, follow=True))
    assert queries.alerts_of_address(BOB) == []


def test_a_link_to_what_was_forgotten_says_so(client: Client) -> None:
    card = subscribed(BOB, wish(), at=clock.now())
    PriceSubscription.objects.all().delete()

    response = client.post(f"/price-alerts/link/{alerts_token([card.public_id])}")

    assert response.status_code == 200
    assert "Nothing more comes to this address." in text(response)


@pytest.mark.parametrize("token", ["made-up", "WyJzdWJfMSJd:1vMabc:wrong", "a" * 3000])
def test_a_link_that_we_did_not_sign_is_none(client: Client, token: str) -> None:
    assert client.post(f"/price-alerts/link/{token}").status_code == 404
    assert client.post(f"/price-alerts/link/{token}/end-all").status_code == 404
    assert client.get(f"/price-alerts/confirm/{token}").status_code == 404


def test_an_own_address_counts_at_once_and_is_listed(ada: User) -> None:
    client = signed_in(ada)

    response = client.post(PAGE, {**FORM, "email": "ADA@example.com"}, follow=True)

    assert "The alert is set." in text(response)
    (card,) = queries.alerts_of_person(ada.pk)
    assert f"/price-alerts/{card.public_id}/end" in text(response)
    assert not OutboxMessage.objects.exists()

    client.post(f"/price-alerts/{card.public_id}/end")

    assert queries.alerts_of_person(ada.pk) == []


def test_nobody_ends_what_goes_to_somebody_else(ada: User) -> None:
    card = subscribed(BOB, wish(), at=clock.now())

    assert signed_in(ada).post(f"/price-alerts/{card.public_id}/end").status_code == 404
    assert len(queries.alerts_of_address(BOB)) == 1


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("model=chat-small", "model:chat-small"),
        ("vendor=acme-ai", "vendor:acme-ai"),
        ("group=default", "group:default"),
    ],
)
def test_the_address_chooses_what_the_form_is_about(client: Client, query: str, chosen: str) -> None:
    assert f'value="{chosen}" selected' in text(client.get(f"{PAGE}?{query}"))


@pytest.mark.parametrize("query", ["model=chat-vip", "model=none", "group=vip", "vendor=none"])
def test_nothing_is_said_of_what_the_reader_may_not_see(client: Client, query: str) -> None:
    announced("chat-vip", at=clock.now())
    multiplied("vip", old="0.8", new="1", at=clock.now())

    response = client.get(f"{PAGE}?{query}")

    assert response.status_code == 200
    assert "chat-vip" not in text(response).replace("model=chat-vip", "")
    assert "vip" not in text(response).replace(query, "")


def test_a_planned_model_offers_one_mail_when_it_starts(client: Client) -> None:
    Model.objects.filter(code="chat-small").update(lifecycle=Lifecycle.PLANNED)
    path = f"{PAGE}?model=chat-small"

    shown = text(client.get(path))
    assert "Hear when chat-small starts" in shown
    assert "Notify me" in shown
    assert 'name="direction"' not in shown

    response = client.post(path, {"about": "launch:chat-small", "email": BOB})

    assert response["Location"] == "/price-alerts/asked"
    assert PriceSubscription.objects.get().subject == "launch"


def test_announced_changes_stand_on_the_page_with_old_and_new(client: Client) -> None:
    announced("chat-small", old="7", new="14", percent="100", at=clock.now())

    shown = text(client.get(PAGE))

    assert "Price increase: chat-small" in shown
    assert "Output tokens · per 1M tokens" in shown
    assert "US$1.00 → US$2.00 (+100 %)" in shown
    assert "Takes effect tomorrow" in shown


def test_the_page_is_cut_and_goes_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.console.views.price_alerts.SIZE", 1)
    announced("chat-small", at=clock.now())
    announced("one-credit", at=clock.now())

    first = text(client.get(PAGE))
    older = first.partition("?cursor=")[2].partition('"')[0]

    assert "Price increase: one-credit" in first
    assert "Price increase: chat-small" in text(client.get(f"{PAGE}?cursor={older}"))
    assert client.get(f"{PAGE}?cursor=nonsense").status_code == 404


def test_rss_says_what_strangers_may_know_to_everybody(ada: User, team: TeamAccess) -> None:
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))
    announced("chat-small", old="7", new="14", percent="100", at=clock.now())
    announced("chat-vip", at=clock.now())

    for language, title in (("en", "Price increase: chat-small"), ("zh-hans", "涨价：chat-small")):
        response = signed_in(ada).get(f"/price-alerts/feed.xml?language={language}")
        items = ElementTree.fromstring(response.content).findall("./channel/item")
        assert [item.findtext("title") for item in items] == [title]
    assert Client().get("/price-alerts/feed.xml?language=xx").status_code == 404
    assert "chat-small" not in text(Client().get("/price-alerts/feed.xml?model=one-credit"))


def test_rss_is_the_same_for_readers_of_any_unit(ada: User) -> None:
    announced("chat-small", old="7", new="14", at=clock.now())
    User.objects.filter(pk=ada.pk).update(display_unit="credits", time_zone="America/New_York")

    own, others = (client.get("/price-alerts/feed.xml").content for client in (signed_in(ada), Client()))

    assert own == others


def api(client: Client, query: str = "") -> Any:
    return client.get(f"/api/price-changes{query}").json()


def test_programs_read_the_changes_that_their_caller_may_know(client: Client, ada: User, team: TeamAccess) -> None:
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))
    at = timezone.now()
    change = announced("chat-small", old="8", new="10", at=at)
    hidden = announced("chat-vip", at=at)

    (shown,) = api(client)["results"]

    assert (shown["id"], shown["type"], shown["model"]) == (change.public_id, "price.changed", "chat-small")
    assert (shown["direction"], shown["field"], shown["old"], shown["new"]) == ("up", "output_tokens", "8", "10")
    assert shown["lines"][0]["from"] == 0
    assert shown["largest_percent"] == "25"
    own = api(signed_in(ada), f"?team={team.public_id}")["results"]
    assert [one["id"] for one in own] == [hidden.public_id]


def test_the_answer_to_programs_is_filtered_and_cut(client: Client) -> None:
    announced("chat-small", at=timezone.now())
    announced("one-credit", direction="down", at=timezone.now())

    assert [one["model"] for one in api(client, "?limit=1")["results"]] == ["one-credit"]
    assert [one["model"] for one in api(client, "?model=chat-small")["results"]] == ["chat-small"]
    assert [one["model"] for one in api(client, "?direction=down")["results"]] == ["one-credit"]
    assert api(client, "?vendor=nobody")["results"] == []
    assert client.get("/api/price-changes?direction=sideways").status_code == 400


def owner_of(team: TeamAccess, ada: User) -> Client:
    client = signed_in(ada)
    session = client.session
    session["console.team"] = team.public_id
    session.save()
    return client


def test_a_team_sets_and_ends_alerts_for_its_webhooks(ada: User, team: TeamAccess) -> None:
    client, path = owner_of(team, ada), "/console/team/price-alerts"

    said = text(client.post(path, {"about": "all", "direction": "both", "percent": "0"}, follow=True))

    assert "The webhooks hear of changes from now on." in said
    assert "No webhook of the team takes these events." in said
    (card,) = queries.alerts_of_team(team.id)
    assert "The alert has ended." in text(client.post(f"{path}/{card.public_id}/end", follow=True))
    assert client.post(f"{path}/{card.public_id}/end").status_code == 404
    assert "Choose one of the list." in text(client.post(path, {"about": "model:chat-vip"}))
