"""Usage records in the back office: read only, and never more of them at once than an index can answer."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin
from apps.core.ids import parse_public_id
from apps.core.money import credits_text
from apps.core.partitions import uuid_floor
from apps.usage.models import UsageOrigin, UsageRecord

PERIODS = {
    "hour": (timedelta(hours=1), _("The last hour")),
    "day": (timedelta(days=1), _("The last 24 hours")),
    "week": (timedelta(days=7), _("The last 7 days")),
    "month": (timedelta(days=31), _("The last 31 days")),
}
DEFAULT_PERIOD = "day"
STATUSES = {"ok": (0, 400, _("Succeeded")), "caller": (400, 500, _("Caller's fault")), "ours": (500, 600, _("Failed"))}


class PeriodFilter(admin.SimpleListFilter):
    """Always in force, so that a page reads one or two partitions and not the whole history."""

    title = _("period")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (_length, label) in PERIODS.items()]

    def choices(self, changelist: Any) -> Any:
        for name, label in self.lookup_choices:
            yield {
                "selected": (self.value() or DEFAULT_PERIOD) == name,
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        length, _label = PERIODS.get(self.value() or DEFAULT_PERIOD, PERIODS[DEFAULT_PERIOD])
        return queryset.filter(id__gte=uuid_floor(clock.now() - length))


class StatusFilter(admin.SimpleListFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (_least, _most, label) in STATUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in STATUSES:
            return queryset
        least, most, _label = STATUSES[str(self.value())]
        return queryset.filter(status__gte=least, status__lt=most)


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    """Searched by request id (`req_…`), team id (`team_…`) or the model's exact id; other texts find nothing."""

    list_display = (
        "at",
        "request_id",
        "team",
        "model_code",
        "input_tokens",
        "output_tokens",
        "cost",
        "status",
        "latency_ms",
    )
    list_select_related = ("team",)
    list_filter = (PeriodFilter, StatusFilter, "streamed", "estimated")
    search_fields = ("id",)
    search_help_text = _("A request id, a team id or a model id, in full.")
    sortable_by = ()
    ordering = ("-id",)
    exclude = ("charge_nanos",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        stored = [field.name for field in UsageRecord._meta.fields if field.name not in ("id", "charge_nanos")]
        return ["request_id", *stored, "cost", "ledger", "address"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*self.get_readonly_fields(request, obj)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UsageRecord], search_term: str
    ) -> tuple[QuerySet[UsageRecord], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if (call_id := parse_public_id("req", term)) is not None:
            return queryset.filter(id=call_id), False
        if (team_uid := parse_public_id("team", term)) is not None:
            return queryset.filter(team__uid=team_uid), False
        return queryset.filter(model_code=term), False

    @admin.display(description=_("request"))
    def request_id(self, record: UsageRecord) -> str:
        return record.request_id

    @admin.display(description=_("cost in credits"))
    def cost(self, record: UsageRecord) -> str:
        return credits_text(record.charge_nanos)

    @admin.display(description=_("ledger"))
    def ledger(self, record: UsageRecord) -> str:
        """Where staff refund it."""
        url = reverse("admin:wallet_transfer_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, record.id, _("Transfers of this call"))

    @admin.display(description=_("address"))
    def address(self, record: UsageRecord) -> str:
        origin = UsageOrigin.objects.filter(id=record.id).first()
        return str(_("Forgotten")) if origin is None else origin.ip
