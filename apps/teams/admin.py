"""Who is in teams, in the back office: memberships, invitations, bindings of staff and the tokens of scripts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.admin import ReadOnlyAdmin, RecentSignInMixin, ServiceAction, ServiceActionsMixin, by_service
from apps.journal.export_admin import ExportMixin
from apps.journal.recorded_admin import RecordedAdmin
from apps.teams import services
from apps.teams.forms import StaffBindingForm
from apps.teams.models import Invitation, Membership, PersonalAccessToken, StaffBinding
from apps.teams.scoped_admin import ScopedAdmin


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
