"""What the catalogue holds: answers for other apps, as plain values. Writes nothing."""

from collections.abc import Collection

from apps.marketplace.models import Model


def model_ids(codes: Collection[str]) -> dict[str, int]:
    """Row ids of the models with these public ids; an unknown code is absent."""
    return dict(Model.objects.filter(code__in=codes).values_list("code", "id"))
