"""People in the back office: who may come in, and what they prefer. Nobody is added, deleted or signed in for here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.admin import RecentSignInMixin
from apps.journal.recorded_admin import RecordedAdmin


@admin.register(User)
class UserAdmin(RecentSignInMixin, RecordedAdmin):
    """People sign up themselves, and change their address and password themselves: both are ways into an account."""

    list_display = ("email", "name", "is_active", "is_staff", "joined_at")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("email", "name")
    ordering = ("-joined_at",)
    filter_horizontal = ("groups",)
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("email", "name")}),
        (_("Preferences"), {"fields": ("language", "display_unit", "time_zone")}),
        (_("Back office"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("joined_at", "last_login", "closed_at")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only superusers change staff: whoever can lock out or rename an operator has their power. A closed account
        stays as it is."""
        if obj is not None and obj.closed_at is not None:
            return False
        is_guarded = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and (request.user.is_superuser or not is_guarded)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only superusers hand out power: nobody else may make staff or change groups."""
        fixed = ("email", "joined_at", "last_login", "closed_at")
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "is_superuser", "groups")
