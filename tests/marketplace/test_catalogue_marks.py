"""Who remembers the catalogue learns of every change of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.marketplace import queries, services
from apps.marketplace.models import CatalogueMark, Model, ModelType, Vendor
from apps.teams.models import AccessGroup
from tests.marketplace.configs import config, item

NOON = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Model:
    AccessGroup.objects.get_or_create(code="default")
    models = [{"id": "acme-1", "type": "chat", "vendor": "acme", "pricing_config": config(item("input_tokens", "1"))}]
    services.import_section({"vendors": [{"code": "acme"}], "models": models}, at=NOON)
    return Model.objects.get(code="acme-1")


def test_a_stamp_stays_while_nothing_changes(acme: Model) -> None:
    before = queries.catalogue_stamp("models")

    queries.model_in_reach(acme.code, queries.reach_of(None, at=NOON), at=NOON)

    assert isinstance(before.total, int)
    assert before.changed_at is not None
    assert queries.catalogue_stamp("models") == before


def test_every_change_of_what_lists_show_makes_another_stamp(acme: Model) -> None:
    seen = {queries.catalogue_stamp("models")}

    for change in (
        lambda: Model.objects.filter(pk=acme.pk).update(lifecycle="beta"),
        lambda: Vendor.objects.filter(code="acme").update(name={"en": "Acme"}),
        acme.access_groups.clear,
        lambda: AccessGroup.objects.filter(code="default").update(multiplier="0.9"),
        lambda: services.publish_price(acme.pk, config(item("input_tokens", "0.5")), at=datetime.now(UTC)),
    ):
        change()
        seen.add(queries.catalogue_stamp("models"))

    assert len(seen) == 6


def test_a_topic_is_stamped_by_its_own_tables_alone(acme: Model) -> None:
    before = queries.catalogue_stamp("pricing_templates"), queries.catalogue_stamp("model_types")

    ModelType.objects.filter(code="chat").update(position=7)

    assert queries.catalogue_stamp("pricing_templates") == before[0]
    assert queries.catalogue_stamp("model_types") != before[1]


def test_a_stamp_is_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        queries.catalogue_stamp("models")


def test_old_marks_go_but_the_newest_of_each_topic(acme: Model) -> None:
    CatalogueMark.objects.update(marked_at=NOON)
    before = {topic: queries.catalogue_stamp(topic) for topic in ("models", "model_types")}

    services.prune_marks(at=NOON + timedelta(days=1, seconds=1))

    for topic, stamp in before.items():
        after = queries.catalogue_stamp(topic)
        assert (after.count, after.newest, after.changed_at) == (1, stamp.newest, NOON)
    assert services.prune_marks(at=NOON + timedelta(days=2)) == 0


def test_marks_of_the_last_day_stay(acme: Model) -> None:
    CatalogueMark.objects.update(marked_at=NOON)

    assert services.prune_marks(at=NOON + timedelta(days=1)) == 0


def test_after_pruning_a_change_still_makes_another_stamp(acme: Model) -> None:
    CatalogueMark.objects.update(marked_at=NOON)
    seen = [queries.catalogue_stamp("models")]

    services.prune_marks(at=NOON + timedelta(days=2))
    seen.append(queries.catalogue_stamp("models"))
    Model.objects.filter(pk=acme.pk).update(lifecycle="beta")
    seen.append(queries.catalogue_stamp("models"))

    assert len(set(seen)) == 3
