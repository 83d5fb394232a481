"""Snapshots inside one transaction: what a token, a team, a model and a channel look like to the relay."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from apps.core import clock
from apps.core.secret_tokens import digest_of, mint
from apps.marketplace import services as marketplace
from apps.marketplace.models import Model, ModelGrant
from apps.relay import services
from apps.relay.models import ApiToken
from apps.relay.snapshots import FreshSnapshots, LiveSnapshots
from apps.relay.types import GrantedGroup, GroupSnapshot, TeamSnapshot
from apps.teams.models import AccessGroup
from apps.teams.types import TeamAccess
from apps.wallet.types import RateLimits
from tests.cast import make_token
from tests.relay.catalogues import import_small, priced

pytestmark = pytest.mark.django_db

T = TypeVar("T")


async def here(fn: Callable[..., T], *args: object, **kwargs: object) -> T:
    return await sync_to_async(fn, thread_sensitive=True)(*args, **kwargs)


def polled(**options: object) -> LiveSnapshots:
    snapshots = LiveSnapshots(run=here, **options)  # type: ignore[arg-type]
    async_to_sync(snapshots.poll)()
    return snapshots


def test_a_token_is_found_by_its_text_with_all_that_a_call_needs(team: TeamAccess):
    import_small()
    row, secret = make_token(team, limit="5", model_codes=["small-chat"], ip_allow=["203.0.113.0/24"], rpm=7)

    found = async_to_sync(polled().token_by_secret)(secret)

    assert found is not None
    assert (found.id, found.account_id, found.wallet_id) == (row.pk, row.account_id, team.wallet_id)
    assert (found.capped, found.model_codes, found.rpm) == (True, frozenset({"small-chat"}), 7)
    assert [str(network) for network in found.ip_allow] == ["203.0.113.0/24"]


def test_a_deleted_token_says_so(team: TeamAccess):
    row, secret = make_token(team)
    services.delete_token(row.pk, actor=None, at=clock.now())

    found = async_to_sync(polled().token_by_secret)(secret)

    assert found is not None
    assert found.deleted


def test_noise_costs_no_query(team: TeamAccess, django_assert_num_queries):
    _, secret = make_token(team)
    snapshots = polled()

    with django_assert_num_queries(0):
        assert async_to_sync(snapshots.token_by_secret)("sk-" + "x" * 49) is None
        assert async_to_sync(snapshots.token_by_secret)(secret[:-1]) is None


def test_other_shapes_are_looked_up_only_while_a_legacy_token_exists(team: TeamAccess):
    row, _ = make_token(team)
    ApiToken.objects.filter(pk=row.pk).update(digest=digest_of("fk-old-shape"))
    assert async_to_sync(polled().token_by_secret)("fk-old-shape") is None

    ApiToken.objects.filter(pk=row.pk).update(legacy=True)

    found = async_to_sync(polled().token_by_secret)("fk-old-shape")
    assert found is not None
    assert found.id == row.pk


def test_a_hundred_unknown_tokens_at_once_share_a_query_and_one_for_their_makers(
    team: TeamAccess, django_assert_num_queries
):
    secrets = [make_token(team, f"app {number}")[1] for number in range(5)] + [mint("sk-") for _ in range(95)]
    snapshots = polled()

    async def all_at_once() -> list[object]:
        return await asyncio.gather(*map(snapshots.token_by_secret, secrets))

    with django_assert_num_queries(2):
        found = async_to_sync(all_at_once)()

    assert sum(token is not None for token in found) == 5


def test_the_main_group_wins_then_the_cheapest_granted_one_then_the_first_by_code():
    import_small()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    snapshots = polled()
    limits = RateLimits(100, 600, 1_000_000)
    groups = {
        code: GroupSnapshot(code, Decimal(multiplier), limits, RateLimits())
        for code, multiplier in (("default", "1"), ("b", "0.8"), ("a", "0.8"), ("dear", "2"))
    }
    snapshots._groups = [(at, groups)]
    model = replace(snapshots.models_at(clock.now())["small-chat"], groups=frozenset({"a", "b", "dear"}))
    granted = (GrantedGroup("dear"), GrantedGroup("b"), GrantedGroup("a", at + timedelta(seconds=1)))
    team = TeamSnapshot(1, "default", granted)

    assert snapshots.group_for(team, model, at).code == "a"
    assert snapshots.group_for(team, model, at + timedelta(seconds=1)).code == "b"
    assert snapshots.group_for(replace(team, main_group="dear"), model, at).code == "dear"
    assert snapshots.group_for(TeamSnapshot(1, "default"), model, at) is None


def test_a_granted_model_goes_on_the_terms_of_the_main_group_over_every_line_until_the_grant_ends(team: TeamAccess):
    import_small()
    ends_at = clock.now() + timedelta(hours=1)
    Model.objects.get().access_groups.clear()
    ModelGrant.objects.create(team_id=team.id, model=Model.objects.get(), ends_at=ends_at)
    snapshots = polled()
    model, remembered = snapshots.models_at(clock.now())["small-chat"], async_to_sync(snapshots.team_by_id)(team.id)

    group = snapshots.group_for(remembered, model, ends_at - timedelta(microseconds=1))

    assert group is not None
    assert (group.code, group.all_lines) == ("default", True)
    assert snapshots.group_for(remembered, model, ends_at) is None
    assert not snapshots.groups_at(ends_at)["default"].all_lines


def test_an_announced_multiplier_counts_from_its_instant_without_a_poll():
    import_small()
    at = clock.now()
    AccessGroup.objects.filter(code="default").update(coming_multiplier="1.2", coming_at=at + timedelta(hours=1))
    snapshots = polled()
    model, team = snapshots.models_at(clock.now())["small-chat"], TeamSnapshot(1, "default")

    before = snapshots.group_for(team, model, at + timedelta(minutes=59, seconds=59))
    after = snapshots.group_for(team, model, at + timedelta(hours=1))

    assert before is not None
    assert after is not None
    assert (before.multiplier, after.multiplier) == (Decimal(1), Decimal("1.2"))


def test_a_call_has_the_price_of_the_instant_it_came_at_on_both_sides_of_a_poll():
    import_small()
    at = clock.now()
    later = at + timedelta(hours=24)
    instant = {"now": at}
    snapshots = polled(now=lambda: instant["now"])
    known = snapshots.models_at(at)["small-chat"]
    published = marketplace.publish_price(known.id, priced("9"), at=at, starts_at=later)
    async_to_sync(snapshots.reload)()

    def version_at(when: datetime) -> int | None:
        return snapshots.models_at(when)["small-chat"].price_version_id

    just_before = later - timedelta(microseconds=1)
    assert (version_at(just_before), version_at(later)) == (known.price_version_id, published.version_id)
    instant["now"] = later + timedelta(milliseconds=500)
    assert (version_at(just_before), version_at(later)) == (known.price_version_id, published.version_id)


def test_a_channel_shows_its_keys_only_here_and_only_the_enabled_ones():
    import_small()
    channel = services.create_channel(
        "one",
        actor=None,
        at=clock.now(),
        kind="openai",
        base_url="https://upstream.example/v1/",
        access_groups=["default"],
        models={"small-chat": "big-name"},
    )
    services.add_channel_key(channel.pk, "sk-first-upstream-key", actor=None, at=clock.now())
    off = services.add_channel_key(channel.pk, "sk-second-upstream-key", actor=None, at=clock.now())
    services.disable_channel_key(off.pk, actor=None, at=clock.now())

    found = {channel.name: channel for channel in polled().channels}["one"]

    assert found.keys == ("sk-first-upstream-key",)
    assert (found.base_url, found.models) == ("https://upstream.example/v1", {"small-chat": "big-name"})
    assert "upstream-key" not in repr(found)


def test_a_disabled_channel_is_absent():
    import_small()
    assert [channel.name for channel in polled().channels] == ["sandbox"]

    services.disable_channel(polled().channels[0].id, actor=None, at=clock.now(), reason="test")

    assert polled().channels == ()


def test_inside_a_transaction_every_sign_in_reads_again(team: TeamAccess):
    _, secret = make_token(team)
    snapshots = FreshSnapshots(run=here)
    assert async_to_sync(snapshots.token_by_secret)(secret) is not None
    assert snapshots.groups_at(clock.now())["default"].token_limits.rpm == 600

    AccessGroup.objects.filter(code="default").update(rpm=5)

    async_to_sync(snapshots.token_by_secret)(secret)
    assert snapshots.groups_at(clock.now())["default"].token_limits.rpm == 5
