"""The review queue. Particulars and documents show to reviewers only, and each look at them is on record."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.core.countries import country_name
from apps.core.errors import SluiceError
from apps.core.money import credits_text
from apps.promotions import campaigns
from apps.promotions import queries as promotions
from apps.promotions.types import Beneficiary, Trigger
from apps.teams.scoped_admin import ScopedAdmin, bound_teams
from apps.verification import queries, scanning, services
from apps.verification.forms import ApproveForm, RejectForm, RevokeForm
from apps.verification.models import Kind, Review, Status, Verification
from apps.verification.types import DocumentInfo

REVIEW = "verification.review_verification"
# A document is shown for what it is or not at all: no script, no frame, no guess at its type, no copy left behind.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
Facts = list[tuple[Any, str]]


class DuplicateFilter(admin.SimpleListFilter):
    title = _("same legal id elsewhere")
    parameter_name = "duplicate"
    is_scoped = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {"yes": True, "no": False}.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(is_duplicate=chosen)


def _approve(request: HttpRequest, row: Verification, cleaned: dict[str, Any]) -> str:
    granted = services.approve(row.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return gettext("Approved. Credits granted: %(credits)s.") % {"credits": credits_text(granted)}


def _reject(request: HttpRequest, row: Verification, cleaned: dict[str, Any]) -> str:
    services.reject(row.pk, actor=actor_of(request), at=clock.now(), code=cleaned["code"], reason=cleaned["reason"])
    return gettext("Rejected. The applicant is told and may submit again.")


def _revoke(request: HttpRequest, row: Verification, cleaned: dict[str, Any]) -> str:
    taken = services.revoke(row.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return gettext("Revoked. Credits taken back: %(credits)s.") % {"credits": credits_text(taken)}


def _facts(row: Verification) -> Facts:
    facts: Facts = [(_("Applicant"), row.user.email), (_("Kind"), row.get_kind_display())]
    facts += [(_("Team"), row.team.name)] if row.team else []
    return facts


def _facts_to_approve(row: Verification) -> Facts:
    """What it would bring, before the button; the campaign decides at the instant of the approval."""
    return [*_facts(row), (_("Credits"), _prospect(row)), (_("Documents"), _scan_text(row))]


def _prospect(row: Verification) -> str:
    if queries.same_subject(row).filter(approved_at__isnull=False).exists():
        return gettext("None: this legal id was verified before on another account.")
    version = promotions.version_in_force(Trigger.VERIFIED, Beneficiary.SELF, at=clock.now())
    if version is None:
        return gettext("None: no campaign is in force.")
    most = campaigns.amount_for_kind(version.terms, row.kind)
    return gettext("At most %(credits)s, by campaign %(campaign)s.") % {
        "credits": credits_text(most),
        "campaign": version.code,
    }


def _facts_to_revoke(row: Verification) -> Facts:
    return [*_facts(row), (_("Credits granted"), credits_text(row.credited_nanos))]


def _scan_text(row: Verification) -> str:
    if row.scanned_at is not None:
        return gettext("Scanned for viruses: nothing was found.")
    if row.waits_for == "scan":
        return gettext("Waiting for the virus scanner.")
    if scanning.is_configured():
        return gettext("Not scanned for viruses: the scanner was set up later.")
    return gettext("Not scanned for viruses: no scanner is set up.")


@admin.register(Verification)
class VerificationAdmin(ScopedAdmin, ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("applicant", "kind", "waiting", "duplicate", "status", "waits_for", "submitted_at")
    list_filter = ("status", "kind", "waits_for", DuplicateFilter)
    list_select_related = ("user", "team")
    search_fields = ("=user__email", "team__name")
    search_help_text = _("The applicant's e-mail, or the name of a team.")
    change_form_template = "admin/verification/verification/change_form.html"
    fields = (
        "reference",
        "applicant",
        "kind",
        "status",
        "waits_for",
        "submitted_at",
        "created_at",
        "scan",
        "decided_by",
        "reason_code",
        "reason",
        "credits",
        "erased_at",
    )
    readonly_fields = fields
    service_actions = (
        ServiceAction(
            name="approve",
            label=_("Approve"),
            explanation=_("The applicant is told. Credits are granted once for each legal id and kind."),
            permission=REVIEW,
            call=_approve,
            form=ApproveForm,
            facts=_facts_to_approve,
            offered_for=lambda row: row.status == Status.SUBMITTED and row.waits_for == "person",
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="reject",
            label=_("Reject"),
            explanation=_("The applicant is told why and may submit again."),
            permission=REVIEW,
            call=_reject,
            form=RejectForm,
            facts=_facts,
            offered_for=lambda row: row.status == Status.SUBMITTED,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="revoke",
            label=_("Revoke"),
            explanation=_("Ends the verification. What is unspent of its credits is taken back. It cannot be undone."),
            permission=REVIEW,
            call=_revoke,
            form=RevokeForm,
            facts=_facts_to_revoke,
            offered_for=lambda row: row.status == Status.APPROVED,
            wants_recent_sign_in=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verification]:
        return queries.with_duplicates(super().get_queryset(request)).select_related("user", "team", "decided_by")

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits first, the oldest of it at the top; then what was decided, the newest first."""
        is_decided = Case(When(status=Status.SUBMITTED, then=Value(0)), default=Value(1))
        oldest_open = Case(When(status=Status.SUBMITTED, then=F("submitted_at")))
        return (is_decided, oldest_open, F("submitted_at").desc())

    def get_urls(self) -> list[URLPattern]:
        document = path(
            "<path:object_id>/document/",
            self.admin_site.admin_view(self.document),
            name="verification_verification_document",
        )
        return [document, *super().get_urls()]

    def is_offered(self, request: HttpRequest, action: ServiceAction, row: Verification) -> bool:
        return row.user_id != request.user.pk and super().is_offered(request, action, row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        extra = {**self._review_of(request, row), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def document(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The document that `uid` names. Pictures show on the page; everything else is handed out as a file."""
        if not request.user.has_perm(REVIEW):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        try:
            uid = UUID(request.GET.get("uid", ""))
            file, content = services.open_document(row.pk, uid, actor=actor_of(request), at=clock.now())
        except (SluiceError, ValueError) as error:
            raise Http404 from error
        way = "inline" if DocumentInfo(file.uid, file.name, file.content_type, file.size).is_image else "attachment"
        name = f"{row.public_id}-{file.name}"
        headers = {**HEADERS, "Content-Disposition": f'{way}; filename="{name}"'}
        return HttpResponse(content, content_type=file.content_type, headers=headers)

    def _act(self, request: HttpRequest, action: ServiceAction, object_id: str) -> HttpResponse:
        """Who comes second is told so, instead of finding nothing."""
        row = self.get_object(request, object_id)
        if request.method != "POST" or self.is_offered(request, action, row):
            return super()._act(request, action, object_id)
        messages.warning(request, gettext("Nothing has happened: this cannot be done here, or no longer."))
        return HttpResponseRedirect(reverse("admin:verification_verification_change", args=[object_id]))

    def _review_of(self, request: HttpRequest, row: Verification) -> dict[str, Any]:
        """What the page shows beside the row itself, as far as this operator may see it."""
        duplicates = queries.duplicates_of(row)
        reviews = Review.objects.filter(verification=row).select_related("reviewer").order_by("at", "pk")
        context: dict[str, Any] = {
            "duplicates": [] if bound_teams(request) is not None else duplicates,
            "duplicate_count": len(duplicates),
            "reviews": reviews,
            "may_review": request.user.has_perm(REVIEW),
        }
        if context["may_review"]:
            particulars = services.open_particulars(row.pk, actor=actor_of(request), at=clock.now())
            context["particulars"] = particulars
            context["country"] = country_name(particulars.country) if particulars else ""
            context["is_organisation"] = row.kind == Kind.ENTERPRISE
            context["documents"] = [
                (document, f"{reverse('admin:verification_verification_document', args=[row.pk])}?uid={document.uid}")
                for document in queries.documents_of(row.public_id)
            ]
        return context

    @admin.display(description=_("reference"))
    def reference(self, row: Verification) -> str:
        return row.public_id

    @admin.display(description=_("applicant"), ordering="user__email")
    def applicant(self, row: Verification) -> str:
        return row.user.email if row.team is None else f"{row.team.name} ({row.user.email})"

    @admin.display(description=_("waiting"), ordering="submitted_at")
    def waiting(self, row: Verification) -> str:
        return timesince(row.submitted_at, clock.now(), depth=1) if row.is_open else ""

    @admin.display(description=_("same legal id"))
    def duplicate(self, row: Any) -> str:
        return format_html("<strong>{}</strong>", gettext("Elsewhere too")) if row.is_duplicate else ""

    @admin.display(description=_("virus scan"))
    def scan(self, row: Verification) -> str:
        return _scan_text(row)

    @admin.display(description=_("credits granted"))
    def credits(self, row: Verification) -> str:
        return credits_text(row.credited_nanos)
