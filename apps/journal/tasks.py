"""The journal's upkeep that runs by the clock."""

from collections.abc import Mapping

from celery import current_app, shared_task
from django.conf import settings

from apps.core import clock, partitions
from apps.core.outbound import reach_of_users
from apps.journal import deliveries, queries, services

NO_JOBS: Mapping[str, str] = {}


@shared_task(name="journal.forget_expired_keys", ignore_result=True)
def forget_expired_keys(**_: object) -> int:
    """Idempotency keys past their 24 hours."""
    return services.forget_expired_keys(at=clock.now())


@shared_task(name="journal.refuse_expired_approvals", ignore_result=True)
def refuse_expired_approvals(**_: object) -> int:
    """Requests for approval that nobody decided in time."""
    return services.refuse_expired_approvals(at=clock.now())


@shared_task(name="journal.drop_expired_files")
def drop_expired_files(**_: object) -> int:
    """Every night: documents and exports past their time."""
    with services.run_of("expired_files", now=clock.now):
        return services.drop_expired_files(at=clock.now())


@shared_task(name="journal.forget_recipients")
def forget_recipients(**_: object) -> int:
    """Every night: the addresses of mails that left, or were given up, a month ago."""
    with services.run_of("old_recipients", now=clock.now):
        return services.forget_recipients(at=clock.now())


@shared_task(name="journal.ensure_partitions")
def ensure_partitions(**_: object) -> int:
    """Every night: the tables of the next months. Here and not in `core`, because runs are recorded here."""
    with services.run_of("partitions", now=clock.now):
        return partitions.ensure_all(at=clock.now())


@shared_task(name="journal.start_overdue_jobs", ignore_result=True)
def start_overdue_jobs(*, jobs: Mapping[str, str] = NO_JOBS, **_: object) -> int:
    """Every ten minutes and at the start of a worker: of `jobs` (name and task), those whose night was missed."""
    overdue = queries.overdue_jobs(jobs, at=clock.now())
    for job in overdue:
        current_app.tasks[jobs[job]].delay()
    return len(overdue)


@shared_task(name="journal.deliver_webhooks", ignore_result=True)
def deliver_webhooks(**_: object) -> int:
    """Every ten seconds and at the start of a worker: what waits for webhooks of teams."""
    return deliveries.deliver_due(now=clock.now, reach=reach_of_users())


@shared_task(name="journal.tell_operators", ignore_result=True)
def tell_operators(**_: object) -> int:
    """Every ten seconds: alerts that opened, to ALERT_EMAIL and ALERT_WEBHOOK."""
    url = settings.ALERT_WEBHOOK
    told = services.queue_alerts(emails=settings.ALERT_EMAIL, has_webhook=bool(url), at=clock.now())
    if url:
        deliveries.send_alerts(url, now=clock.now)
    return told
