"""Teams and access groups in the back office. A team's money is on its wallet's page; its tokens on their own."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, RecentSignInMixin, ServiceAction, ServiceActionsMixin, by_service
from apps.journal.export_admin import ExportMixin
from apps.journal.recorded_admin import RecordedAdmin
from apps.teams import services
from apps.teams.forms import StaffBindingForm
from apps.teams.models import AccessGrant, AccessGroup, Invitation, Membership, PersonalAccessToken, StaffBinding, Team
from apps.teams.scoped_admin import ScopedAdmin, ScopedInline, bound_teams


class MembershipInline(ScopedInline, admin.TabularInline[Membership, Team]):
    model = Membership
    fields = readonly_fields = ("user", "role", "joined_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccessGrantInline(ScopedInline, admin.TabularInline[AccessGrant, Team]):
    model = AccessGrant
    common_fields = frozenset({"access_group"})
    extra = 0


@admin.register(Team)
class TeamAdmin(ScopedAdmin, ExportMixin, RecordedAdmin):
    """Staff choose a team's access groups; names, members and money change elsewhere."""

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
    inlines = (AccessGrantInline, MembershipInline)

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


@admin.register(Membership)
class MembershipAdmin(ScopedAdmin, ExportMixin, ReadOnlyAdmin):
    """Who is in which team. Members come and go by the team's own acts."""

    list_display = ("user", "team", "role", "joined_at")
    list_select_related = ("user", "team")
    list_filter = ("role",)
    search_fields = ("user__email", "team__name")
    search_help_text = _("A member's e-mail or a team's name.")
    ordering = ("-id",)
    fields = ("user", "team", "role", "joined_at")


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin, ReadOnlyAdmin):
    """Who was asked to join, and what became of it. Only the team sends and withdraws."""

    list_display = ("email", "team", "role", "invited_by", "created_at", "expires_at", "accepted_at", "ended_at")
    list_select_related = ("team", "invited_by")
    list_filter = ("role", ("accepted_at", admin.EmptyFieldListFilter), ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "team__name")
    search_help_text = _("An e-mail or a team's name.")
    ordering = ("-id",)
    fields = (*list_display[:-1], "accepted_by", "ended_at")


@admin.register(StaffBinding)
class StaffBindingAdmin(RecentSignInMixin, RecordedAdmin):
    """Superusers bind operators to teams: whoever is bound to one sees and touches only what they are bound to."""

    form = StaffBindingForm
    list_display = ("user", "team")
    list_select_related = ("user", "team")
    search_fields = ("user__email", "team__name")
    autocomplete_fields = ("user", "team")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A binding is made and removed, so that the audit tells both."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(AccessGroup)
class AccessGroupAdmin(RecordedAdmin):
    list_display = ("code", "multiplier", "rpm", "tpm", "concurrency", "wallet_rpm", "wallet_tpm", "wallet_concurrency")
    search_fields = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: AccessGroup | None = None) -> tuple[str, ...]:
        """The code is what tokens, prices and usage rows refer to: it never changes."""
        return ("code",) if obj else ()


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(ScopedAdmin, ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("name", "user", "team", "last_four", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user", "team")
    search_fields = ("name", "user__email", "team__name")
    fields = ("name", "user", "team", "scopes", "last_four", "created_at", "expires_at", "last_used_at", "revoked_at")
    service_actions = (
        ServiceAction(
            name="revoke",
            label=_("Revoke token"),
            explanation=_("Scripts that use it are refused at once. It cannot be undone; its owner can make another."),
            permission="teams.change_personalaccesstoken",
            call=by_service(services.withdraw_personal_access_token, _("The token is revoked.")),
            offered_for=lambda token: token.revoked_at is None,
        ),
    )
