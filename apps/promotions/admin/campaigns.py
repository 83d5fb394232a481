"""Campaigns and their versions: published, planned, ended; what each of them cost."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, RecentSignInMixin, ServiceAction, ServiceActionsMixin, actor_of
from apps.core.billing_calendar import business_date
from apps.core.money import credits_text
from apps.journal.recorded_admin import RecordedAdmin
from apps.promotions import campaigns, queries, services
from apps.promotions.admin.columns import credits_column
from apps.promotions.forms import CampaignForm, LastDayForm, PlanForm, TermsForm
from apps.promotions.models import Campaign, CampaignVersion


def _in_force(campaign: Campaign) -> CampaignVersion | None:
    at = clock.now()
    return campaign.versions.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at).first()


def _publish(request: HttpRequest, campaign: Campaign, cleaned: dict[str, Any]) -> str:
    number = services.publish_version(
        campaign.pk, cleaned["plan"], actor=actor_of(request), at=clock.now(), reason=cleaned["reason"]
    )
    return gettext("Version %(number)d is published.") % {"number": number}


def _end_now(request: HttpRequest, campaign: Campaign, cleaned: dict[str, Any]) -> str | Promise:
    version = _in_force(campaign)
    if version is not None:
        services.end_version(version.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"])
    return _("The campaign has ended. What happened before keeps its terms.")


def _end(request: HttpRequest, version: CampaignVersion, cleaned: dict[str, Any]) -> str | Promise:
    services.end_version(
        version.pk, actor=actor_of(request), at=clock.now(), reason=cleaned["reason"], ends_at=cleaned["ends_at"]
    )
    return _("The end of the version is set.")


def _terms(campaign: Campaign) -> dict[str, Any]:
    """What the form begins with: the terms in force, or the last that were published."""
    kind: dict[str, Any] = {"trigger": campaign.trigger, "beneficiary": campaign.beneficiary, "delay_days": 0}
    version = _in_force(campaign) or campaign.versions.order_by("-number").first()
    if version is None:
        return kind
    shown = {name: getattr(version, name) for name in queries.TERMS}
    for name in (name for name in shown if name.endswith("_nanos") and shown[name] is not None):
        shown[name] = credits_text(shown[name])
    percent = None if version.rate is None else (version.rate * 100).normalize()
    return kind | shown | {"rate_percent": percent, "last_on": _last_on(version)}


def _last_on(version: CampaignVersion) -> date | None:
    """The last whole day of a version that has not ended."""
    if version.ends_at is None or version.ends_at <= clock.now():
        return None
    return business_date(version.ends_at - timedelta(microseconds=1))


class VersionInline(admin.TabularInline[CampaignVersion, Campaign]):
    model = CampaignVersion
    fields = readonly_fields = ("number", "starts_at", "ends_at", "planned_ends_at", "title_en", "published_by")
    ordering = ("-number",)
    show_change_link = True
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("published_by")


@admin.register(Campaign)
class CampaignAdmin(RecentSignInMixin, ServiceActionsMixin, RecordedAdmin):
    """A campaign is named once; its terms come as versions."""

    form = CampaignForm
    list_display = ("code", "trigger", "beneficiary", "in_force", "committed")
    list_filter = ("trigger", "beneficiary")
    search_fields = ("code",)
    inlines = (VersionInline,)
    actions = None
    committed = credits_column("committed_nanos", _("committed, in credits"))
    service_actions = (
        ServiceAction(
            name="new-version",
            label=_("Publish new version"),
            explanation=_(
                "The terms hold from now on, and the version in force ends now. What happened before keeps the terms "
                "of its time. A published version is never edited; it appears on the public page at once."
            ),
            permission="promotions.publish_campaign",
            call=_publish,
            form=TermsForm,
            initial=_terms,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="plan",
            label=_("Plan a version"),
            explanation=_(
                "The terms hold from midnight of the first day, in the platform's time zone; the version in force "
                "ends there. Nothing follows after the last day unless it is planned as well."
            ),
            permission="promotions.publish_campaign",
            call=_publish,
            form=PlanForm,
            initial=_terms,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="end-now",
            label=_("End now"),
            explanation=_("Nothing is paid for what happens from now on. What was earned before stays."),
            permission="promotions.publish_campaign",
            call=_end_now,
            offered_for=lambda campaign: _in_force(campaign) is not None,
            wants_recent_sign_in=True,
        ),
    )

    def get_fields(self, request: HttpRequest, obj: Campaign | None = None) -> tuple[str, ...]:
        named = ("code", "trigger", "beneficiary")
        return named if obj is None else (*named, "committed", "costs")

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code", "trigger", "beneficiary", "committed", "costs")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("in force"), boolean=True)
    def in_force(self, campaign: Campaign) -> bool:
        at = clock.now()
        return any(
            campaigns.is_in_force(version.starts_at, version.ends_at, at=at) for version in campaign.versions.all()
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description=_("cost by version, in credits"))
    def costs(self, campaign: Campaign) -> str:
        heads = format_html_join(
            "",
            '<th scope="col">{}</th>',
            (
                (head,)
                for head in (
                    _("Version"),
                    _("Granted"),
                    _("Taken back"),
                    _("Rewards"),
                    _("Blocked rewards"),
                    _("Promised"),
                    _("Reversed"),
                    _("Pending"),
                    _("Together"),
                )
            ),
        )
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{} ({})</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
            "<td>{}</td></tr>",
            (
                (
                    cost.number,
                    credits_text(cost.granted_nanos),
                    cost.credits,
                    credits_text(cost.taken_back_nanos),
                    cost.rewards,
                    cost.blocked,
                    credits_text(cost.promised_nanos),
                    credits_text(cost.reversed_nanos),
                    credits_text(cost.pending_nanos),
                    credits_text(cost.net_nanos),
                )
                for cost in queries.campaign_costs(campaign.pk)
            ),
        )
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heads, rows)


@admin.register(CampaignVersion)
class CampaignVersionAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("campaign", "number", "starts_at", "ends_at", "amount", "enterprise", "rate", "title_en")
    list_select_related = ("campaign",)
    list_filter = ("trigger", "beneficiary")
    search_fields = ("campaign__code", "title_en", "title_zh")
    ordering = ("-pk",)
    amount = credits_column("amount_nanos", _("amount"))
    enterprise = credits_column("enterprise_nanos", _("amount for an enterprise"))
    per_invitee = credits_column("per_invitee_nanos", _("most for one invitee"))
    per_inviter = credits_column("per_inviter_nanos", _("most for one inviter"))
    budget = credits_column("budget_nanos", _("budget"))
    fields = (
        "campaign",
        "number",
        "trigger",
        "beneficiary",
        "starts_at",
        "ends_at",
        "planned_ends_at",
        "amount",
        "enterprise",
        "rate",
        "per_invitee",
        "per_inviter",
        "cap_period",
        "budget",
        "delay_days",
        "new_user_days",
        "stacking",
        "valid_days",
        "auto_transfer",
        "title_en",
        "title_zh",
        "text_en",
        "text_zh",
        "published_at",
        "published_by",
    )
    readonly_fields = ("amount", "enterprise", "per_invitee", "per_inviter", "budget", "published_at", "published_by")
    service_actions = (
        ServiceAction(
            name="end",
            label=_("End or withdraw"),
            explanation=_(
                "Ends after the last day, or now. A version that has not begun is withdrawn. It cannot be undone; "
                "publish a new version instead."
            ),
            permission="promotions.publish_campaign",
            call=_end,
            form=LastDayForm,
            offered_for=lambda version: version.ends_at is None or version.ends_at > clock.now(),
            wants_recent_sign_in=True,
        ),
    )
