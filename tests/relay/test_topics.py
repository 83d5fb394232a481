"""Snapshot versions: every table a snapshot reads moves its topic when a transaction changes it."""

import pytest
from django.db import connection

from apps.relay.models import Channel, SnapshotVersion, Topic


def commit_deferred_triggers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.django_db
def test_a_new_channel_moves_the_channels_and_nothing_else():
    Channel.objects.create(name="one", kind="sandbox")

    commit_deferred_triggers()

    assert list(SnapshotVersion.objects.values_list("topic", "n")) == [(Topic.CHANNELS, 1)]
