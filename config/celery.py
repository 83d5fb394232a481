"""Celery's app and the one schedule. A task may come twice, late or never: what matters is a row that a sweep finds."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init, worker_ready
from django.conf import settings

from config import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("sluice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Jobs by the names of their recorded runs. A night without them is made up for at the next look, and at a start.
SAFETY_JOBS = {
    "partitions": "journal.ensure_partitions",
    "verify_ledger": "usage.verify_ledger",
    "expired_addresses": "usage.drop_expired_origins",
    "old_minutes": "usage.drop_old_minutes",
    "expired_files": "journal.drop_expired_files",
    "old_recipients": "journal.forget_recipients",
    "expired_sessions": "accounts.drop_expired_sessions",
    "forgotten_processes": "wallet.forget_owners",
    "catalogue_marks": "marketplace.prune_marks",
}
LOOK_FOR_OVERDUE = "journal.start_overdue_jobs"

SEND_MAILS = "console.send_mails"
DELIVER = "journal.deliver_webhooks"
OFTEN = timedelta(seconds=10)
STALE_SOON = {"expires": 10}  # ticks that waited for a worker add nothing to the one that follows

# All times are BILLING_TZ. The maintenance window is 01:05 to 04:30 and leaves out 02:00 to 03:00 (clock changes).
SCHEDULE: dict[str, dict[str, Any]] = {
    "partitions ahead": {"task": "journal.ensure_partitions", "schedule": crontab(hour="1", minute="5")},
    "holds past their end": {"task": "relay.expire_holds", "schedule": crontab()},
    "echoes of ended calls": {"task": "wallet.drop_echoes", "schedule": crontab()},
    "lots ended, limits refilled": {"task": "wallet.tend", "schedule": crontab()},
    "processes long gone": {"task": "wallet.forget_owners", "schedule": crontab(hour="1", minute="8")},
    "usage roll-up": {"task": "usage.roll_up", "schedule": crontab()},
    "limits nearly used up": {"task": "usage.tell_of_limits", "schedule": crontab()},
    "balances about to end": {"task": "usage.tell_of_low_balances", "schedule": crontab(minute="*/5")},
    "expired addresses": {"task": "usage.drop_expired_origins", "schedule": crontab(hour="1", minute="6")},
    "old minutes": {"task": "usage.drop_old_minutes", "schedule": crontab(hour="1", minute="7")},
    "expired files": {"task": "journal.drop_expired_files", "schedule": crontab(hour="1", minute="9")},
    "old recipients": {"task": "journal.forget_recipients", "schedule": crontab(hour="1", minute="10")},
    "expired sessions": {"task": "accounts.drop_expired_sessions", "schedule": crontab(hour="1", minute="11")},
    "old marks of the catalogue": {"task": "marketplace.prune_marks", "schedule": crontab(hour="1", minute="12")},
    "documents to scan": {"task": "verification.examine_waiting", "schedule": crontab()},
    "operator alerts": {"task": "journal.tell_operators", "schedule": OFTEN, "options": STALE_SOON},
    "webhooks that were turned off": {"task": "console.tell_of_webhooks", "schedule": crontab()},
    "announced prices": {"task": "console.tell_of_prices", "schedule": crontab()},
    "price alerts long ended": {"task": "marketplace.forget_old_alerts", "schedule": crontab(hour="1", minute="14")},
    "webhooks": {"task": DELIVER, "schedule": OFTEN, "options": STALE_SOON},
    "mails": {"task": SEND_MAILS, "schedule": OFTEN, "options": STALE_SOON},
    "data exports": {"task": "console.make_exports", "schedule": OFTEN, "options": STALE_SOON},
    "expired approvals": {"task": "journal.refuse_expired_approvals", "schedule": crontab(minute="7")},
    "expired keys": {"task": "journal.forget_expired_keys", "schedule": crontab(minute="*/10")},
    "addresses of closed accounts": {"task": "accounts.forget_addresses", "schedule": crontab(minute="*/5")},
    "nights that were missed": {
        "task": LOOK_FOR_OVERDUE,
        "schedule": crontab(minute="*/10"),
        "kwargs": {"jobs": SAFETY_JOBS},
    },
    "books of promotions": {"task": "promotions.check_books", "schedule": crontab(hour="3", minute="45")},
    "rewards due": {"task": "promotions.release_due_rewards", "schedule": crontab()},
    "ledger verification": {"task": "usage.verify_ledger", "schedule": crontab(hour="3", minute="40")},
}
app.conf.beat_schedule = SCHEDULE


def refuse_unsafe_start(**_: object) -> None:
    """Neither worker nor beat runs on settings that only development may have."""
    settings.STATE_DIR.mkdir(parents=True, exist_ok=True)
    checks.refuse_unsafe_start()


def look_for_overdue_jobs(**_: object) -> None:
    """A worker that starts does not wait for the next look, nor mails for the next tick."""
    app.send_task(LOOK_FOR_OVERDUE, kwargs={"jobs": SAFETY_JOBS})
    app.send_task(SEND_MAILS)
    app.send_task(DELIVER)


worker_init.connect(refuse_unsafe_start)
worker_ready.connect(look_for_overdue_jobs)
beat_init.connect(refuse_unsafe_start)
