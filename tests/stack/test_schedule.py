"""The schedule names tasks that exist, and a lost broker loses nothing."""

import time

import pytest
from kombu.exceptions import OperationalError

from config.celery import SCHEDULE, app


@pytest.fixture(scope="module", autouse=True)
def _registered():
    app.loader.import_default_modules()


def test_every_scheduled_task_exists():
    missing = {name: entry["task"] for name, entry in SCHEDULE.items() if entry["task"] not in app.tasks}

    assert missing == {}


def test_every_task_of_ours_names_itself_after_its_app():
    ours = [name for name in app.tasks if not name.startswith("celery.")]

    assert [name for name in ours if len(name.split(".")) != 2] == []


def test_a_task_is_over_before_its_message_returns_to_the_queue():
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_a_message_is_kept_until_its_task_is_done():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_a_page_does_not_wait_for_a_lost_broker():
    sender = app.connection_for_write("redis+socket:///nowhere/at/all")
    began = time.monotonic()

    with pytest.raises(OperationalError):
        app.send_task("core.nothing", connection=sender, retry=False)

    assert time.monotonic() - began < 2
