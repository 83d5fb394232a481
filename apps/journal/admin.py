"""What was done, what waits to be sent, what someone must look at. Read-only; an alert is closed by an act."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.journal import services as journal
from apps.journal.models import AuditEntry, MaintenanceRun, OperatorAlert, OutboxMessage


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "act", "target", "target_id", "actor_id", "actor_label", "reason", "ip")
    search_fields = ("=act", "=target_id", "=actor_id", "=actor_label")
    ordering = ("-id",)


def _close(request: HttpRequest, alert: OperatorAlert, cleaned: dict[str, Any]) -> str:
    journal.close_alert(alert.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return gettext("The alert is closed. The same trouble opens a new one.")


@admin.register(OperatorAlert)
class OperatorAlertAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("kind", "dedupe_key", "times", "first_at", "last_at", "closed_at")
    list_filter = ("kind", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("=dedupe_key",)
    service_actions = (
        ServiceAction(
            name="close",
            label=_("Close alert"),
            explanation=_("Say what was found and done. If the trouble comes again, a new alert opens."),
            permission="journal.change_operatoralert",
            call=_close,
            offered_for=lambda alert: alert.closed_at is None,
        ),
    )


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ("kind", "recipient", "created_at", "due_at", "attempts", "sent_at", "failed_at", "last_error")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter))
    search_fields = ("=dedupe_key", "=recipient")
    ordering = ("-id",)


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "started_at", "ended_at", "outcome")
    list_filter = ("job", "outcome")
