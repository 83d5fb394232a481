"""What a model cost before, costs now and will cost: every version that counts, the oldest first."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.marketplace import queries, services
from tests.catalogue import PER_TOKEN, price

pytestmark = pytest.mark.usefixtures("catalogue")


def test_a_model_has_its_versions_in_order_with_the_time_each_holds() -> None:
    model_id = queries.model_ids(["chat-small"])["chat-small"]
    later = clock.now() + timedelta(days=3)
    cheaper = price(input_tokens=(1_000_000, "1"), output_tokens=(1_000_000, "8"))

    services.publish_price(model_id, cheaper, at=clock.now(), starts_at=later)

    first, second = queries.price_history(model_id)
    assert (first.number, first.ends_at) == (1, later)
    assert (second.number, second.starts_at, second.ends_at) == (2, later, None)
    assert [point.price_list.items[0].prices for point in (first, second)] == [("2",), ("1",)]
    assert first.entered_config["items"] == PER_TOKEN["items"]


def test_a_model_without_a_price_has_no_history() -> None:
    assert queries.price_history(0) == []
