"""The catalogue in the back office: vendors, types and models are edited, a price is only followed by a new one."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin, RecentSignInMixin, actor_of
from apps.journal.recorded_admin import RecordedAdmin
from apps.marketplace import services
from apps.marketplace.admin.prices import PricedModels, PriceVersionInline
from apps.marketplace.forms.catalogue import CreditRateForm, ModelForm
from apps.marketplace.forms.dictionaries import ModelTypeForm, VendorForm
from apps.marketplace.models import CreditRate, Model, ModelType, Vendor


@admin.register(Model)
class ModelAdmin(PricedModels, RecordedAdmin):
    form = ModelForm
    list_display = ("code", "type", "vendor", "lifecycle", "retired_on", "successor")
    list_select_related = ("type", "vendor", "successor")
    list_filter = ("lifecycle", "type", "vendor", "access_groups")
    search_fields = ("code",)
    autocomplete_fields = ("successor",)
    filter_horizontal = ("access_groups",)
    inlines = (PriceVersionInline,)
    list_per_page = 50

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
    form = VendorForm
    list_display = ("code", "name")


@admin.register(ModelType)
class ModelTypeAdmin(DictionaryAdmin):
    form = ModelTypeForm
    list_display = ("code", "name", "position")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A type that templates price stays: they would price nothing without it."""
        is_used = obj is not None and obj.pricing_templates.exists()
        return not is_used and super().has_delete_permission(request, obj)


@admin.register(CreditRate)
class CreditRateAdmin(RecentSignInMixin, ReadOnlyAdmin):
    """A rate is added with its first instant, never edited: prices were converted with it."""

    form = CreditRateForm
    list_display = ("currency", "credits_per_unit", "starts_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("marketplace.add_creditrate")

    def save_model(self, request: HttpRequest, obj: CreditRate, form: CreditRateForm, change: bool) -> None:  # noqa: FBT001  Django's
        obj.pk = services.set_credit_rate(
            obj.currency, obj.credits_per_unit, at=form.at, starts_at=obj.starts_at, actor=actor_of(request)
        )
