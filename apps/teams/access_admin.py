"""The bases of the pages of teams and of access groups. The app above registers them, with the acts that know models
and prices. A team's money is on its wallet's page; its tokens have their own.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import RecentSignInMixin, ServiceAction, ServiceActionsMixin, actor_of
from apps.journal.export_admin import ExportMixin
from apps.journal.recorded_admin import RecordedAdmin
from apps.teams import queries, services
from apps.teams.forms import EndGroupGrantForm, GrantGroupForm
from apps.teams.models import AccessGrant, AccessGroup, Membership, Team
from apps.teams.scoped_admin import ScopedAdmin, ScopedInline, bound_teams


class MembershipInline(ScopedInline, admin.TabularInline[Membership, Team]):
    model = Membership
    fields = readonly_fields = ("user", "role", "joined_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class GrantInline(ScopedInline, admin.TabularInline[Any, Team]):
    """What a team was granted and until when: given, moved and ended by acts with a reason, never here."""

    extra = 0
    can_delete = False
    classes = ("plain-rows",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccessGrantInline(GrantInline):
    model = AccessGrant
    fields = readonly_fields = ("access_group", "ends_at")
    ordering = ("access_group__code",)


def _grant_group(request: HttpRequest, team: Team, cleaned: dict[str, Any]) -> str:
    code = cleaned["access_group"].code
    services.grant_access_group(
        team.pk,
        code,
        ends_at=cleaned["ends_at"],
        actor=actor_of(request),
        reason=cleaned["reason"],
        at=clock.now(),
    )
    return gettext("The team has the access group %(group)s now.") % {"group": code}


def _end_group_grant(request: HttpRequest, team: Team, cleaned: dict[str, Any]) -> str:
    code = cleaned["access_group"].code
    services.end_access_grant(team.pk, code, actor=actor_of(request), reason=cleaned["reason"], at=clock.now())
    return gettext("The grant of the access group %(group)s is over.") % {"group": code}


def _has_open_grant(team: Team) -> bool:
    return team.access_grants.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now())).exists()


def _groups_of(team: Team) -> Sequence[tuple[str | Promise, str]]:
    codes = queries.access_group_codes(team.pk, at=clock.now())
    return [(_("Main group"), codes[0]), (_("Granted now"), ", ".join(codes[1:]) or "–")]


class TeamPage(ScopedAdmin, ExportMixin, ServiceActionsMixin, RecentSignInMixin, RecordedAdmin):
    """Staff choose a team's main group and grant it more; names, members and money change elsewhere."""

    teams = Team
    team_path = "pk"
    common_fields = frozenset({"access_group"})
    list_display = ("name", "public_id", "kind", "member_count", "access_group", "created_at", "closed_at")
    list_select_related = ("access_group", "personal_of")
    list_filter = ("access_group",)
    search_fields = ("name", "memberships__user__email", "=wallet__id")
    search_help_text = _("A name, a member's e-mail, or the number of a wallet.")
    show_full_result_count = False
    ordering = ("-id",)
    fields = ("name", "public_id", "personal_of", "wallet_link", "access_group", "created_at", "closed_at")
    readonly_fields = ("name", "public_id", "personal_of", "wallet_link", "created_at", "closed_at")
    inlines: ClassVar[tuple[type[Any], ...]] = (AccessGrantInline, MembershipInline)
    service_actions: ClassVar[tuple[ServiceAction, ...]] = (
        ServiceAction(
            name="grant-group",
            label=_("Grant access group"),
            explanation=_(
                "The team sees the group's models at once and calls them at its multiplier and within its limits. "
                "Models that the main group has stay on its terms. Granting a group again only moves its end."
            ),
            permission="teams.add_accessgrant",
            call=_grant_group,
            wants_recent_sign_in=True,
            form=GrantGroupForm,
            facts=_groups_of,
        ),
        ServiceAction(
            name="end-group-grant",
            label=_("End grant of a group"),
            explanation=_("Calls of models that only this group has are refused within a second."),
            permission="teams.change_accessgrant",
            call=_end_group_grant,
            wants_recent_sign_in=True,
            form=EndGroupGrantForm,
            facts=_groups_of,
            offered_for=_has_open_grant,
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Team | None = None) -> Any:
        """Without the way to pages where an operator who is bound does not get in."""
        fields = super().get_fields(request, obj)
        return fields if bound_teams(request) is None else [name for name in fields if name != "wallet_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(member_count=Count("memberships"))

    def scope_of(self, row: Team) -> str:
        return row.public_id

    @admin.display(description=_("members"), ordering="member_count")
    def member_count(self, team: Any) -> int:
        return int(team.member_count)

    @admin.display(description=_("kind"))
    def kind(self, team: Team) -> str:
        return str(_("Personal") if team.is_personal else _("Team"))

    @admin.display(description=_("wallet"))
    def wallet_link(self, team: Team) -> str:
        url = reverse("admin:wallet_account_change", args=[team.wallet_id])
        return format_html('<a href="{}">{}</a>', url, _("Balance, transfers and grants"))


class AccessGroupPage(RecentSignInMixin, ServiceActionsMixin, RecordedAdmin):
    """Limits and lines are edited; the multiplier of a group that exists is a price and changes by an act."""

    groups = AccessGroup
    list_display = ("code", "price_multiplier", *queries.LIMITS, "all_lines")
    search_fields = ("code",)

    def get_fields(self, request: HttpRequest, obj: AccessGroup | None = None) -> tuple[str, ...]:
        return ("code", "price_multiplier" if obj else "multiplier", *queries.LIMITS, "all_lines")

    def get_fieldsets(self, request: HttpRequest, obj: AccessGroup | None = None) -> Any:
        told = _("Of the limits, 0 stands for no limit of that kind.")
        return [(None, {"fields": self.get_fields(request, obj), "description": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: AccessGroup | None = None) -> tuple[str, ...]:
        """The code is what tokens, prices and usage rows refer to: it never changes."""
        return ("code", "price_multiplier") if obj else ()

    @admin.display(description=_("price multiplier"), ordering="multiplier")
    def price_multiplier(self, group: AccessGroup) -> str:
        at, multipliers = clock.now(), group.multipliers
        now, announced = f"{multipliers.at(at).normalize():f}", multipliers.change_after(at)
        if announced is None or multipliers.coming is None:
            return now
        values = {"now": now, "coming": f"{multipliers.coming.normalize():f}", "instant": f"{announced:%Y-%m-%d %H:%M}"}
        return gettext("%(now)s, from %(instant)s UTC on %(coming)s") % values
