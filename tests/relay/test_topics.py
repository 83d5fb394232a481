"""Snapshot versions: every table that a snapshot reads moves its topic when a transaction changes it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F

from apps.accounts.models import User
from apps.core import clock
from apps.marketplace import services as marketplace
from apps.marketplace.models import Model, ModelGrant
from apps.relay import services
from apps.relay.models import ApiToken, Channel, SnapshotVersion
from apps.teams.models import AccessGrant, AccessGroup, Team
from apps.teams.types import TeamAccess
from tests.cast import make_team, make_token
from tests.relay.catalogues import import_small, priced

pytestmark = pytest.mark.django_db


def commit_deferred_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def moved_by(act: Callable[[], object]) -> set[str]:
    commit_deferred_triggers()
    SnapshotVersion.objects.all().delete()
    act()
    commit_deferred_triggers()
    return set(SnapshotVersion.objects.values_list("topic", flat=True))


def test_channels_move_with_their_keys_models_and_groups(settings):
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    import_small()
    channel = Channel.objects.get(name="sandbox")
    acts = (
        lambda: Channel.objects.update(weight=F("weight") + 1),
        lambda: services.add_channel_key(channel.pk, "sk-upstream-key", actor=None, at=clock.now()),
        lambda: services.change_channel(channel.pk, actor=None, at=clock.now(), models={"small-chat": "other"}),
        channel.access_groups.clear,
        lambda: services.remove_channel(channel.pk, actor=None, at=clock.now()),
    )

    assert [moved_by(act) for act in acts] == [{"channels"}] * 5


def test_the_catalogue_moves_with_models_prices_and_groups():
    import_small()
    model = Model.objects.get()
    acts = (
        lambda: Model.objects.update(display_config={"context_length": 5}),
        lambda: marketplace.publish_price(model.pk, priced("0.7"), at=clock.now()),
        model.access_groups.clear,
        lambda: AccessGroup.objects.update(rpm=5),
    )

    assert [moved_by(act) for act in acts] == [{"catalogue"}] * 4


def test_teams_move_when_they_change_and_not_when_they_begin(team: TeamAccess):
    import_small()
    model, group = Model.objects.get(), AccessGroup.objects.create(code="more")
    acts = (
        lambda: Team.objects.filter(pk=team.id).update(access_group=group),
        lambda: AccessGrant.objects.create(team_id=team.id, access_group=group),
        lambda: AccessGrant.objects.all().delete(),
        lambda: ModelGrant.objects.create(team_id=team.id, model=model),
        lambda: ModelGrant.objects.update(ends_at=clock.now()),
        lambda: ModelGrant.objects.all().delete(),
    )

    assert [moved_by(act) for act in acts] == [{"teams"}] * 6
    assert "teams" not in moved_by(lambda: make_team("Another"))


def test_teams_move_when_a_person_is_suspended_and_not_when_one_signs_in(team: TeamAccess):
    person = User.objects.filter(pk=team.user_id)

    assert moved_by(lambda: person.update(last_login=clock.now())) == set()
    assert moved_by(lambda: person.update(is_active=False)) == {"teams"}
    assert moved_by(lambda: person.update(is_active=True)) == {"teams"}


def test_tokens_move_when_they_change_and_not_when_they_begin(team: TeamAccess):
    row, _ = make_token(team)

    assert moved_by(lambda: make_token(team, "another")) == set()
    assert moved_by(lambda: services.disable_token(row.pk, actor=None, at=clock.now())) == {"tokens"}
    assert moved_by(lambda: ApiToken.objects.filter(pk=row.pk).update(rpm=3)) == {"tokens"}
