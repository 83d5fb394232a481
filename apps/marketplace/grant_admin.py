"""What the page of a team shows of the models that staff granted it: for the app that puts that page together."""

from apps.marketplace.models import ModelGrant
from apps.teams.access_admin import GrantInline


class ModelGrantInline(GrantInline):
    model = ModelGrant
    fields = readonly_fields = ("model", "ends_at")
    ordering = ("model__code",)
