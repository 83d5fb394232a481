"""A form sent after the sign-in grew old does nothing and is forgotten, whatever secret it carried."""

from urllib.parse import quote

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.marketplace.models import Model
from apps.relay import services as relay
from apps.relay.models import Channel, ChannelKey
from apps.teams.models import AccessGroup
from apps.teams.types import TeamAccess
from tests.staff import grow_old, sign_in_staff

pytestmark = pytest.mark.django_db

KEY_FORM = {"key": "upstream-secret-1234567890", "reason": "new key"}


@pytest.fixture
def channel() -> Channel:
    return relay.create_channel("far", actor=None, at=clock.now(), kind="openai", base_url="https://far.example.com")


def test_a_stale_key_form_is_dropped_and_its_page_asked_for_again(client: Client, channel: Channel) -> None:
    grow_old(sign_in_staff(client))
    page = f"/admin/relay/channel/{channel.pk}/add_key/"

    answer = client.post(page, KEY_FORM, follow=True)

    assert answer.redirect_chain == [(f"/accounts/reauthenticate/?next={quote(page, safe='')}", 302)]
    assert "Nothing has happened yet" in answer.content.decode()
    assert not ChannelKey.objects.exists()
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert "upstream-secret" not in kept
    assert "sessionid" not in kept


def test_a_stale_channel_form_is_dropped_too(client: Client, channel: Channel) -> None:
    grow_old(sign_in_staff(client))

    client.post(f"/admin/relay/channel/{channel.pk}/change/", {"base_url": "https://elsewhere.example.com"})

    channel.refresh_from_db()
    assert channel.base_url == "https://far.example.com"
    assert "elsewhere" not in str([session.get_decoded() for session in Session.objects.all()])


@pytest.mark.parametrize("act", ["add_key", "change", "delete"])
def test_who_lacks_the_right_is_told_so_and_not_asked_to_sign_in(client: Client, channel: Channel, act: str) -> None:
    grow_old(sign_in_staff(client, group="support"))

    assert client.post(f"/admin/relay/channel/{channel.pk}/{act}/", KEY_FORM).status_code == 403


def test_a_person_is_changed_only_after_a_recent_sign_in(client: Client, ada: User) -> None:
    grow_old(sign_in_staff(client))

    answer = client.post(f"/admin/accounts/user/{ada.pk}/change/", {"name": "Eve"})

    ada.refresh_from_db()
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert ada.is_active


PRICES_AND_ACCESS = [
    "marketplace/model/{model}/new-price/",
    "marketplace/model/prices/publish/",
    "marketplace/creditrate/add/",
    "teams/accessgroup/{group}/change-multiplier/",
    "teams/accessgroup/{group}/change/",
    "teams/team/{team}/grant-group/",
    "teams/team/{team}/grant-model/",
    "teams/team/{team}/change/",
]


@pytest.mark.parametrize("act", PRICES_AND_ACCESS)
def test_prices_and_what_teams_reach_change_only_after_a_recent_sign_in(
    client: Client, catalogue: None, team: TeamAccess, act: str
) -> None:
    grow_old(sign_in_staff(client))
    rows = {"model": Model.objects.first(), "group": AccessGroup.objects.first()}
    page = act.format(team=team.id, **{name: row and row.pk for name, row in rows.items()})

    assert client.post(f"/admin/{page}", {"reason": "now"})["Location"].startswith("/accounts/reauthenticate/")


def test_a_price_map_is_applied_only_after_a_recent_sign_in(client: Client) -> None:
    grow_old(sign_in_staff(client))
    terms = {"file": "019360d0-0000-7000-8000-000000000000", "source": "vendor", "as_of": "2026-11-21"}

    answer = client.post("/admin/marketplace/officialprice/import/preview/", terms)

    assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_a_stale_form_of_the_second_factor_is_dropped_too(client: Client) -> None:
    grow_old(sign_in_staff(client))

    client.post("/accounts/2fa/totp/deactivate/", {})

    assert "account_reauthentication_state" not in client.session
