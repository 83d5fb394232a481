"""Several who publish, or remove, the same pricing template at once, on connections of their own."""

import pytest
from django.db import IntegrityError

from apps.core import clock
from apps.marketplace import services
from apps.marketplace.models import ModelType, PricingTemplate
from tests.catalogue import CHAT_TERMS
from tests.committed import together

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("committed")]

CALLERS = 8


@pytest.fixture(autouse=True)
def _chat() -> None:
    ModelType.objects.get_or_create(code="chat")


def test_a_template_that_is_published_twice_at_once_has_one_version() -> None:
    at = clock.now()

    done = together([lambda: services.publish_template("race-1", CHAT_TERMS, at=at)] * CALLERS)

    assert [published.version for published in done] == [1] * CALLERS
    assert [published.changed for published in done].count(True) == 1


def test_different_definitions_at_once_become_versions_one_after_the_other() -> None:
    at = clock.now()
    definitions = [CHAT_TERMS | {"hold": f"hold {number}"} for number in range(CALLERS)]

    done = together(
        [lambda wanted=wanted: services.publish_template("race-2", wanted, at=at) for wanted in definitions]
    )

    assert sorted(published.version for published in done) == list(range(1, CALLERS + 1))


def test_control_numbers_that_nobody_waits_for_are_taken_twice() -> None:
    def publish() -> bool:
        newest = PricingTemplate.objects.filter(code="race-3").order_by("-version").first()
        try:
            PricingTemplate.objects.create(code="race-3", version=1 + (newest.version if newest else 0))
        except IntegrityError:
            return False
        return True

    assert together([publish] * CALLERS).count(False) > 0


def test_a_version_that_several_remove_at_once_is_removed_once() -> None:
    template = services.publish_template("race-4", CHAT_TERMS, at=clock.now())

    done = together([lambda: services.remove_template(template.template_id, at=clock.now())] * CALLERS)

    assert done == [None] * CALLERS
    assert not PricingTemplate.objects.filter(code="race-4").exists()
