"""Whether what somebody remembers of the catalogue still holds."""

from django.db.models import Count, Max, Sum

from apps.marketplace.models import CatalogueMark
from apps.marketplace.types import Stamp


def catalogue_stamp(topic: str) -> Stamp:
    """The state of `models`, `model_types` or `pricing_templates`: read it before what is to be remembered under it.

    Any change in those tables, however late its transaction commits, makes another stamp; so does the nightly pruning,
    which costs one reading more. A price that begins as scheduled makes none: no row is written then.
    """
    marks = CatalogueMark.objects.filter(topic=topic).aggregate(
        count=Count("pk"), total=Sum("pk", default=0), changed_at=Max("marked_at"), newest=Max("pk", default=0)
    )
    return Stamp(marks["count"], int(marks["total"]), marks["changed_at"], marks["newest"])
