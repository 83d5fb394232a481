"""Upkeep of the database itself."""

from celery import shared_task

from apps.core import partitions
from apps.core.clock import now


@shared_task(name="core.ensure_partitions")
def ensure_partitions(**_: object) -> int:
    return partitions.ensure_all(at=now())
