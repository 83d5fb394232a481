"""Django's `migrate`, past any pooler and without the time limits that suit a page but not a change of tables."""

import contextlib
from collections.abc import Iterator
from typing import Any

import environ
from django.conf import settings
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with _patient(connections[options["database"]]):
            super().handle(*args, **options)


@contextlib.contextmanager
def _patient(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The same database through its direct address; waiting for a lock still ends, so that calls are not held up."""
    usual = connection.settings_dict
    direct = environ.Env.db_url_config(settings.DATABASE_DIRECT_URL)
    options = {**direct.get("OPTIONS", {}), "options": "-c lock_timeout=5s"}
    connection.close()
    connection.settings_dict = {**usual, **direct, "NAME": usual["NAME"], "OPTIONS": options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = usual
