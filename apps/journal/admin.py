"""What was done, what waits to be sent, what someone must look at. Read-only; an alert is closed by an act,
and a message that was given up is sent again by one.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of, by_service
from apps.journal import services as journal
from apps.journal.models import AuditEntry, MaintenanceRun, OperatorAlert, OutboxMessage, WebhookEndpoint


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


class MessageStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(OutboxMessage.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {
            OutboxMessage.State.WAITING: Q(sent_at=None, failed_at=None),
            OutboxMessage.State.SENT: Q(sent_at__isnull=False),
            OutboxMessage.State.GIVEN_UP: Q(sent_at=None, failed_at__isnull=False),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))  # type: ignore[call-overload]


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    """What a message says stays out of sight: it may carry a link that lets somebody in."""

    list_display = ("kind", "channel", "recipient", "state", "created_at", "due_at", "attempts", "last_error")
    list_filter = (MessageStateFilter, "channel", "kind")
    search_fields = ("=dedupe_key", "=recipient")
    ordering = ("-id",)
    exclude = ("payload", "quiet_key")
    service_actions = (
        ServiceAction(
            name="send_again",
            label=_("Send again"),
            explanation=_("Ten attempts more, beginning now. Mend first what made it fail."),
            permission="journal.change_outboxmessage",
            call=by_service(journal.send_again, _("The message waits to be sent again.")),
            facts=lambda message: [(_("recipient"), message.recipient), (_("last error"), message.last_error)],
            offered_for=lambda message: message.state == OutboxMessage.State.GIVEN_UP,
        ),
    )

    @admin.display(description=_("state"))
    def state(self, message: OutboxMessage) -> str:
        return str(message.state.label)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Of an address only the host: the rest of it may be a secret of the customer's."""

    list_display = ("host", "owner", "created_at", "verified_at", "failing_since", "disabled_at", "reason")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter), ("verified_at", admin.EmptyFieldListFilter))
    search_fields = ("=owner",)
    ordering = ("-id",)
    fields = ("host", "owner", "kinds", "created_at", "verified_at", "failing_since", "disabled_at", "reason")

    @admin.display(description=_("host"))
    def host(self, endpoint: WebhookEndpoint) -> str:
        return journal.host_of(endpoint.url)


@admin.register(MaintenanceRun)
class MaintenanceRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "started_at", "ended_at", "outcome")
    list_filter = ("job", "outcome")
