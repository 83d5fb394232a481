"""Channels and tokens in the back office: keys go in and never come out, acts leave a reason."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.relay import queries, services
from apps.relay.models import ApiToken, Channel, ChannelKey
from apps.teams.models import AccessGroup
from tests.relay.catalogues import import_small
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

KEY = "sk-upstream-0123456789abcdef"
ADDRESS = "https://upstream.example/v1"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in_staff(client)


@pytest.fixture
def channel(db: None) -> Channel:
    import_small()
    return services.create_channel("one", actor=None, at=clock.now(), kind="openai", base_url=ADDRESS)


def url(row: Channel | ChannelKey | ApiToken, act: str) -> str:
    return reverse(f"admin:relay_{row._meta.model_name}_{act}", args=[row.pk])


def form_of(channel: Channel, **changes: object) -> dict[str, object]:
    fields = {
        "kind": channel.kind,
        "base_url": channel.base_url,
        "priority": channel.priority,
        "weight": channel.weight,
        "region": channel.region,
        "transport": channel.transport,
        "access_groups": AccessGroup.objects.values_list("pk", flat=True),
    }
    counts = {f"{inline}-{count}_FORMS": 0 for inline in ("models", "keys") for count in ("TOTAL", "INITIAL")}
    return {**fields, **counts, **changes}


def add_key(staff: Client, channel: Channel) -> None:
    response = staff.post(url(channel, "add_key"), {"key": KEY, "reason": "First key."})
    assert response.status_code == 302


def test_a_key_that_went_in_is_shown_on_no_page(staff: Client, channel: Channel):
    add_key(staff, channel)

    key = channel.keys.get()
    pages = [
        url(channel, "change"),
        url(channel, "add_key"),
        url(channel, "history"),
        url(key, "change"),
        reverse("admin:relay_channelkey_changelist"),
        reverse("admin:relay_channel_changelist"),
    ]
    for page in pages:
        response = staff.get(page)
        assert response.status_code == 200
        assert KEY not in response.content.decode()
    assert queries.channel_snapshot(channel).keys == (KEY,)


def test_a_key_that_is_refused_is_not_shown_either(staff: Client, channel: Channel):
    response = staff.post(url(channel, "add_key"), {"key": f"{KEY}\u00e9", "reason": "Typing error."})

    assert response.status_code == 200
    assert KEY not in response.content.decode()


def test_a_new_address_drops_the_keys_and_names_who_did_it(staff: Client, channel: Channel):
    add_key(staff, channel)

    response = staff.post(url(channel, "change"), form_of(channel, base_url="https://elsewhere.example/v1"))

    assert response.status_code == 302
    assert not ChannelKey.objects.exists()
    recorded = AuditEntry.objects.get(act="channel.changed")
    assert recorded.actor_id is not None
    assert recorded.details == {
        "name": "one",
        "base_url": {"from": ADDRESS, "to": "https://elsewhere.example/v1"},
        "access_groups": {"from": [], "to": ["default"]},
        "keys_dropped": 1,
    }


def test_an_address_that_may_not_be_called_is_refused_beside_its_field(staff: Client, channel: Channel):
    response = staff.post(url(channel, "change"), form_of(channel, base_url="https://169.254.169.254/v1"))

    assert response.status_code == 200
    assert "base_url" in response.context["adminform"].form.errors
    assert Channel.objects.get(name="one").base_url == ADDRESS


def test_a_channel_is_made_with_its_models(staff: Client):
    import_small()
    model_id = Channel.objects.get(name="sandbox").models.get().model_id
    form = form_of(Channel(kind="openai", base_url=ADDRESS), name="new")
    form |= {"models-TOTAL_FORMS": 1, "models-0-model": model_id, "models-0-upstream_name": "their-name"}

    response = staff.post(reverse("admin:relay_channel_add"), form)

    assert response.status_code == 302
    assert queries.channel_snapshot(Channel.objects.get(name="new")).models == {"small-chat": "their-name"}
    recorded = AuditEntry.objects.filter(act="channel.created").latest("id")
    assert recorded.details["models"] == {"small-chat": "their-name"}


def test_a_model_taken_off_a_channel_is_recorded(staff: Client):
    import_small()
    channel = Channel.objects.get(name="sandbox")
    served = channel.models.get()
    row = {"id": served.pk, "channel": channel.pk, "model": served.model_id, "upstream_name": served.upstream_name}
    form = form_of(channel, **{"models-TOTAL_FORMS": 1, "models-INITIAL_FORMS": 1, "models-0-DELETE": "on"})
    form |= {f"models-0-{name}": value for name, value in row.items()}

    response = staff.post(url(channel, "change"), form)

    assert response.status_code == 302
    assert not channel.models.exists()
    recorded = AuditEntry.objects.get(act="channel.changed")
    assert recorded.details["models"] == {"from": {"small-chat": served.upstream_name}, "to": {}}


def test_the_test_button_makes_a_real_call(staff: Client):
    import_small()
    sandbox = Channel.objects.get(name="sandbox")

    response = staff.post(url(sandbox, "test"), {"reason": "Does it answer?"}, follow=True)

    assert "small-chat answered within" in response.content.decode()


def test_a_test_that_fails_says_how(staff: Client, settings):
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    import_small()
    dead = services.create_channel(
        "dead", actor=None, at=clock.now(), kind="openai", base_url="http://127.0.0.1:9", models={"small-chat": "x"}
    )

    response = staff.post(url(dead, "test"), {"reason": "Does it answer?"})

    assert "ConnectError" in response.content.decode()


def test_a_channel_is_switched_off_with_a_reason(staff: Client, channel: Channel):
    staff.post(url(channel, "disable"), {"reason": "Out of credit."})

    assert (Channel.objects.get(name="one").enabled, Channel.objects.get(name="one").disabled_reason) == (
        False,
        "Out of credit.",
    )


@pytest.mark.parametrize("group", ["support", "finance"])
def test_who_may_not_change_channels_may_not_give_them_keys(client: Client, channel: Channel, group: str):
    staff = sign_in_staff(client, group=group)

    for act in ("add_key", "test", "disable"):
        assert staff.post(url(channel, act), {"key": KEY, "reason": "Let me."}).status_code == 403
    assert not ChannelKey.objects.exists()


def test_a_token_is_disabled_and_deleted_by_staff_with_a_reason(staff: Client, token: tuple[ApiToken, str]):
    row, secret = token
    page = staff.get(url(row, "change"))
    assert secret not in page.content.decode()

    staff.post(url(row, "disable"), {"reason": "Abuse."})
    staff.post(url(row, "end"), {"reason": "Abuse again."})

    assert list(AuditEntry.objects.filter(target="token").order_by("at", "id").values_list("act", "reason")) == [
        ("token.created", ""),
        ("token.disabled", "Abuse."),
        ("token.deleted", "Abuse again."),
    ]
    assert staff.get(reverse("admin:relay_apitoken_changelist")).status_code == 200
