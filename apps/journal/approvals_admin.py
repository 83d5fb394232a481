"""The base of the page of approvals: who asked for what, and the refusal. The app above knows what the acts are and
carries them out.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.journal import services as journal
from apps.journal.models import Approval

PENDING = Q(approved_at=None, refused_at=None)


class StatusFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Approval.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = clock.now()
        chosen = {
            Approval.Status.PENDING: PENDING & Q(expires_at__gt=at),
            Approval.Status.APPROVED: Q(approved_at__isnull=False, used_at=None, expires_at__gt=at),
            Approval.Status.CARRIED_OUT: Q(used_at__isnull=False),
            Approval.Status.REFUSED: Q(refused_at__isnull=False),
            Approval.Status.EXPIRED: Q(refused_at=None, used_at=None, expires_at__lte=at),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))  # type: ignore[call-overload]


def _refuse(request: HttpRequest, approval: Approval, cleaned: dict[str, Any]) -> str:
    journal.refuse(approval.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return gettext("The request is refused. Nothing has moved.")


REFUSE = ServiceAction(
    name="refuse",
    label=_("Refuse"),
    explanation=_("Nothing will move. Whoever asked for this may take it back the same way."),
    permission="journal.view_approval",
    call=_refuse,
)


class ApprovalsAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    """`approvals` is the model, for whoever registers the page."""

    approvals = Approval
    list_filter = (StatusFilter,)
    search_fields = ("=id", "=target_id", "=requested_by_id", "=approved_by_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        names = {field: _name_of(f"{field}_by_id") for field in ("requested", "approved", "refused")}
        columns = {f"{field}_by_name": name for field, name in names.items()}
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**columns)
        return rows

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits for a decision first."""
        waits = Case(When(PENDING, then=Value(0)), default=Value(1))
        return (OrderBy(waits), OrderBy(F("id"), descending=True))

    def is_offered(self, request: HttpRequest, action: ServiceAction, row: Any) -> bool:
        is_open = row.status_at(clock.now()) == Approval.Status.PENDING
        return is_open and super().is_offered(request, action, row)

    @admin.display(description=_("state"))
    def status(self, approval: Approval) -> str:
        return str(Approval.Status(approval.status_at(clock.now())).label)

    @admin.display(description=_("asked by"))
    def requested_by(self, approval: Any) -> str:
        return approval.requested_by_name or str(approval.requested_by_id)

    @admin.display(description=_("approved by"))
    def approved_by(self, approval: Any) -> str:
        return approval.approved_by_name or "–"

    @admin.display(description=_("refused by"))
    def refused_by(self, approval: Any) -> str:
        return approval.refused_by_name or "–"


def _name_of(field: str) -> Subquery:
    """How a person signs in, by the id in a field; read from whatever stands for a person here."""
    people = get_user_model()
    return Subquery(people.objects.filter(pk=OuterRef(field)).values(people.USERNAME_FIELD)[:1])
