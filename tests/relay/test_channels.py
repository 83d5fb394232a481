"""Channels and their keys: what may be set, and that a key neither shows nor travels."""

import pytest
from pytest_django import Settings

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.relay import queries, services
from apps.relay.errors import ChannelInvalid, ChannelMissing, ChannelNameTaken
from apps.relay.models import Channel
from tests.relay.catalogues import import_small

pytestmark = pytest.mark.django_db

KEY = "sk-upstream-0123456789abcdef"


def make_channel(**terms: object) -> Channel:
    wanted = {"kind": "openai", "base_url": "https://upstream.example/v1", **terms}
    return services.create_channel("one", actor=None, at=clock.now(), **wanted)  # type: ignore[arg-type]


def change(channel: Channel, **terms: object) -> Channel:
    return services.change_channel(channel.pk, actor=None, at=clock.now(), **terms)  # type: ignore[arg-type]


def add_key(channel: Channel, secret: str = KEY) -> None:
    services.add_channel_key(channel.pk, secret, actor=None, at=clock.now())


def test_a_key_is_stored_encrypted_and_audited_without_its_text():
    channel = make_channel()

    add_key(channel)

    key = channel.keys.get()
    assert KEY.encode() not in bytes(key.ciphertext)
    assert (str(key), queries.channel_snapshot(channel).keys) == ("…cdef", (KEY,))
    assert KEY not in str(list(AuditEntry.objects.values()))


def test_the_same_key_twice_is_one_key():
    channel = make_channel()

    add_key(channel)
    add_key(channel, f" {KEY}\n")

    assert channel.keys.count() == 1


@pytest.mark.parametrize("terms", [{"base_url": "https://elsewhere.example/v1"}, {"kind": "sandbox"}])
def test_a_new_address_or_kind_drops_the_keys(terms: dict[str, object]):
    channel = make_channel()
    add_key(channel)

    change(channel, **terms)

    assert channel.keys.count() == 0
    assert AuditEntry.objects.get(act="channel.changed").details["keys_dropped"] == 1


def test_other_changes_keep_the_keys():
    channel = make_channel()
    add_key(channel)

    change(channel, weight=3, base_url="https://upstream.example/v1/")

    assert channel.keys.count() == 1


@pytest.mark.parametrize(
    ("url", "allow_private", "is_allowed"),
    [
        ("https://api.example.com/v1", False, True),
        ("http://api.example.com/v1", False, False),
        ("https://10.0.0.7/v1", False, False),
        ("https://localhost/v1", False, False),
        ("http://127.0.0.1:8080/v1", True, True),
        ("http://169.254.169.254/v1", True, False),
        ("https://[fd00:ec2::254]/v1", True, False),
        ("https://user:secret@api.example.com/v1", False, False),
        ("https://api.example.com/v1?key=1", False, False),
        ("ftp://api.example.com", True, False),
        ("", True, False),
    ],
)
def test_where_a_channel_may_point(url: str, allow_private: bool, is_allowed: bool, settings):
    settings.ALLOW_PRIVATE_UPSTREAMS = allow_private

    if is_allowed:
        make_channel(base_url=url)
    else:
        with pytest.raises(ChannelInvalid) as refused:
            make_channel(base_url=url)
        assert refused.value.details["field"] == "base_url"


@pytest.mark.parametrize(
    "terms",
    [{"kind": "fax"}, {"transport": "pigeon"}, {"weight": 0}, {"models": {"no-such": "x"}}, {"access_groups": ["no"]}],
)
def test_what_is_wrong_is_named(terms: dict[str, object]):
    with pytest.raises(ChannelInvalid) as refused:
        make_channel(**terms)

    assert refused.value.details["field"] == next(iter(terms))


def test_models_and_groups_are_what_was_said_last():
    import_small()
    channel = make_channel(models={"small-chat": "first"}, access_groups=["default"])

    change(channel, models={"small-chat": "second"}, access_groups=[])

    snapshot = queries.channel_snapshot(Channel.objects.get(pk=channel.pk))
    assert (snapshot.models, snapshot.groups) == ({"small-chat": "second"}, frozenset())


def test_names_are_unique_and_a_removed_channel_is_gone():
    channel = make_channel()
    with pytest.raises(ChannelNameTaken):
        make_channel()

    services.remove_channel(channel.pk, actor=None, at=clock.now())

    with pytest.raises(ChannelMissing):
        change(channel, weight=2)


def test_a_channel_that_is_off_says_why():
    channel = make_channel()

    services.disable_channel(channel.pk, actor=None, at=clock.now(), reason="out of credit")

    assert Channel.objects.get(pk=channel.pk).disabled_reason == "out of credit"
    services.enable_channel(channel.pk, actor=None, at=clock.now())
    assert Channel.objects.get(pk=channel.pk).disabled_reason == ""


@pytest.mark.parametrize(("here", "asked"), [("", True), ("sg", True), ("eu", False)])
def test_a_region_asks_its_own_channels_and_those_of_none(settings: Settings, here: str, asked: bool):
    import_small()
    make_channel(region="sg")
    settings.SLUICE_REGION = here

    names = {channel.name for channel in queries.enabled_channels()}

    assert names == ({"sandbox", "one"} if asked else {"sandbox"})
