import threading

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from apps.core.db import direct_dsn, in_thread


def test_work_runs_on_a_thread_of_our_own_and_its_errors_come_back() -> None:
    name = async_to_sync(in_thread)(lambda: threading.current_thread().name)

    assert name.startswith("orm")
    with pytest.raises(ZeroDivisionError):
        async_to_sync(in_thread)(lambda: 1 // 0)


@pytest.mark.django_db
def test_the_direct_address_names_the_database_in_use() -> None:
    assert f"/{connection.settings_dict['NAME']}?" in direct_dsn() + "?"
