"""Keeps the marks of the catalogue few."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, Subquery

from apps.marketplace.models import CatalogueMark

KEPT: Final = timedelta(days=1)


def prune_marks(*, at: datetime) -> int:
    """Removes marks older than a day, but the newest of each topic: it says when the topic changed last.

    Safe to repeat, and at any hour: who remembers under the marks that go reads once more. Returns how many went.
    """
    newest = CatalogueMark.objects.filter(topic=OuterRef("topic")).order_by("-pk").values("pk")[:1]
    old = CatalogueMark.objects.filter(marked_at__lt=at - KEPT).exclude(pk=Subquery(newest))
    return old.delete()[0]
