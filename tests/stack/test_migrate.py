"""Migrations take the time they need, but do not wait long for a lock."""

from django.conf import settings
from django.db import connection

from config.management.commands import migrate


def timeouts() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        return cursor.fetchone()


def test_a_migration_has_no_time_limit_and_a_page_has(django_db_blocker, django_db_setup):
    with django_db_blocker.unblock():
        with migrate._patient(connection):
            assert timeouts() == ("0", "5s")
            assert connection.settings_dict["NAME"] == settings.DATABASES["default"]["NAME"]

        assert timeouts() == ("15s", "5s")
        connection.close()
