"""What the tests of a file share: made once, in a transaction around theirs, and gone after the last of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import TestCase
from pytest_django.plugin import DjangoDbBlocker


@contextmanager
def around_the_tests(blocker: DjangoDbBlocker) -> Iterator[None]:
    """For fixtures of a module. Whoever yields to the tests closes the database meanwhile, with `blocker.block()`."""
    with blocker.unblock():
        transactions = TestCase._enter_atomics()
        try:
            yield
        finally:
            TestCase._rollback_atomics(transactions)
