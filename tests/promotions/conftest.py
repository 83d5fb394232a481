"""After every test of promotions the books are right: the ledger's, and what campaigns and balances count."""

from collections.abc import Iterator

import pytest

from apps.promotions import services as promotions
from apps.wallet import invariants


@pytest.fixture(autouse=True)
def _books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("django_db") is None or request.node.get_closest_marker("breaks_books"):
        yield
        return
    request.getfixturevalue("db")
    yield
    assert invariants.violations() == []
    assert promotions.check_books() == 0
