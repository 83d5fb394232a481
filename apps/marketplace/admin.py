"""The catalogue in the back office: vendors, types and models are edited, a price is only followed by a new one."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.journal.recorded_admin import RecordedAdmin
from apps.marketplace import services
from apps.marketplace.forms import CreditRateForm, ModelForm, ModelTypeForm, NewPriceForm
from apps.marketplace.models import CreditRate, Model, ModelType, PriceVersion, Vendor

# What a new price begins with where a model has none.
FIRST_CONFIG = {
    "schema": 2,
    "currency": "USD",
    "items": [
        {"meter": "input_tokens", "unit": 1_000_000, "tiers": [{"from": 0, "to": None, "price": "0"}]},
        {"meter": "output_tokens", "unit": 1_000_000, "tiers": [{"from": 0, "to": None, "price": "0"}]},
    ],
}


def _publish(request: HttpRequest, model: Model, cleaned: dict[str, Any]) -> str | Promise:
    published = services.publish_price(
        model.pk,
        cleaned["pricing_config"],
        at=clock.now(),
        starts_at=cleaned["starts_at"],
        actor=actor_of(request),
        reason=cleaned["reason"],
    )
    if not published.changed:
        return _("Version %(number)d already says exactly this: nothing was published.") % {"number": published.number}
    return _("Version %(number)d is published and in force from %(instant)s UTC.") % {
        "number": published.number,
        "instant": f"{published.starts_at:%Y-%m-%d %H:%M:%S}",
    }


def _last_config(model: Model) -> dict[str, Any]:
    last = model.price_versions.order_by("-number").first()
    return {"pricing_config": FIRST_CONFIG if last is None else last.entered_config}


def _json_text(config: dict[str, Any]) -> str:
    return format_html("<pre>{}</pre>", json.dumps(config, indent=2, ensure_ascii=False))


class PriceVersionInline(admin.TabularInline[PriceVersion, Model]):
    model = PriceVersion
    fields = readonly_fields = ("number", "starts_at", "ends_at", "credit_rate", "published_at")
    ordering = ("-number",)
    show_change_link = True
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceVersion]:
        return super().get_queryset(request).select_related("credit_rate")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Model)
class ModelAdmin(ServiceActionsMixin, RecordedAdmin):
    form = ModelForm
    list_display = ("code", "type", "vendor", "lifecycle", "retired_on", "successor")
    list_select_related = ("type", "vendor", "successor")
    list_filter = ("lifecycle", "type", "vendor", "access_groups")
    search_fields = ("code",)
    autocomplete_fields = ("successor",)
    filter_horizontal = ("access_groups",)
    inlines = (PriceVersionInline,)
    list_per_page = 50
    service_actions = (
        ServiceAction(
            name="new-price",
            label=_("Publish price"),
            explanation=_(
                "Publishes a new version of this model's price. The one in force ends where the new one begins; calls "
                "accepted before that pay the old price. A published price can be followed, never edited or withdrawn."
            ),
            permission="marketplace.add_priceversion",
            call=_publish,
            form=NewPriceForm,
            initial=_last_config,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The id is what callers, prices and usage rows refer to: it never changes."""
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A model is retired: calls refer to it for ever."""
        return False


class DictionaryAdmin(RecordedAdmin):
    """Vendors and types: entries that models refer to by code."""

    search_fields = ("code",)
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()


@admin.register(Vendor)
class VendorAdmin(DictionaryAdmin):
    list_display = ("code", "name")


@admin.register(ModelType)
class ModelTypeAdmin(DictionaryAdmin):
    form = ModelTypeForm
    list_display = ("code", "name", "position")


@admin.register(PriceVersion)
class PriceVersionAdmin(ReadOnlyAdmin):
    list_display = ("model", "number", "starts_at", "ends_at", "credit_rate", "published_at")
    list_select_related = ("model", "credit_rate")
    search_fields = ("model__code",)
    ordering = ("-pk",)
    fields = (
        "model",
        "number",
        "starts_at",
        "ends_at",
        "published_at",
        "credit_rate",
        "as_entered",
        "in_credits",
    )
    readonly_fields = ("as_entered", "in_credits")

    @admin.display(description=_("as entered"))
    def as_entered(self, version: PriceVersion) -> str:
        return _json_text(version.entered_config)

    @admin.display(description=_("in credits"))
    def in_credits(self, version: PriceVersion) -> str:
        return _json_text(version.pricing_config)


@admin.register(CreditRate)
class CreditRateAdmin(ReadOnlyAdmin):
    """A rate is added with its first instant, never edited: prices were converted with it."""

    form = CreditRateForm
    list_display = ("currency", "credits_per_unit", "starts_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("marketplace.add_creditrate")

    def save_model(self, request: HttpRequest, obj: CreditRate, form: CreditRateForm, change: bool) -> None:  # noqa: FBT001  Django's
        obj.pk = services.set_credit_rate(
            obj.currency, obj.credits_per_unit, at=form.at, starts_at=obj.starts_at, actor=actor_of(request)
        )
