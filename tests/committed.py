"""A database whose rows stay, for acts that meet on Django's own connections: everything in it is gone afterwards."""

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from apps.core.errors import SluiceError
from tests import databases

T = TypeVar("T")


@contextmanager
def committed_database(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Django's connections, those of new threads too, lead to a migrated copy; what tests commit meets nobody else."""
    server, name = os.environ["DATABASE_URL"], f"sluice_committed_{uuid.uuid4().hex[:8]}"
    databases.copy(server, name)
    usual = connection.settings_dict["NAME"]
    with blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            databases.drop(server, name)


@pytest.fixture(scope="module")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One such database for the tests of a file."""
    with committed_database(django_db_blocker):
        yield


@pytest.fixture
def committed_anew(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One for each test, of those that count all rows there are."""
    with committed_database(django_db_blocker):
        yield


def on_own_connection(act: Callable[[], T]) -> T:
    """For the body of a thread."""
    try:
        return act()
    finally:
        connection.close()


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What came of each act, an error of ours included; all of them begin when all are connected."""
    begin = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        begin.wait(60)
        try:
            return act()
        except SluiceError as error:
            return type(error)

    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(on_own_connection, lambda act=act: run(act)) for act in acts]
        return [one.result() for one in running]


def wait_until_they_wait(callers: int) -> None:
    """Until so many connections stand before a lock."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() == (callers,):
                return
            time.sleep(0.02)
    raise AssertionError("The callers never met.")
