"""Which rows of the back office an operator finds who is bound to teams: those of these teams, wherever rows are shown.

Whoever is bound to no team sees what the groups allow. Whoever is bound gets in only where an admin derives from
`ScopedAdmin`: the back office lays `ClosedToBound` over every other one, so that one that forgets is closed.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import get_fields_from_path
from django.core import checks
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern

from apps.core.admin import PlainFiltersMixin
from apps.teams import queries

View = Callable[..., HttpResponse]


def bound_teams(request: HttpRequest) -> frozenset[int] | None:
    """Ids of the only teams that this operator may see; None for one who is bound to none. Asked once a request."""
    asked = cast(Any, request)
    if not hasattr(asked, "bound_teams"):
        asked.bound_teams = queries.bound_team_ids(asked.user.pk) if asked.user.is_authenticated else None
    return cast("frozenset[int] | None", asked.bound_teams)


class ScopedRows(BaseModelAdmin[Any]):
    """The rows and the choices of one admin or inline, cut to the operator's teams."""

    team_path: ClassVar[str] = "team"
    """The lookup that leads from a row to its team."""
    common_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields whose choices belong to no team, such as an access group. Choices of any other field are cut."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        teams = bound_teams(request)
        return rows if teams is None else rows.filter(**{f"{self.team_path}__in": teams})

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any]", request: HttpRequest, **kwargs: Any) -> Any:
        return self._cut(super().formfield_for_foreignkey(db_field, request, **kwargs), db_field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return self._cut(super().formfield_for_manytomany(db_field, request, **kwargs), db_field, request)

    def _cut(self, field: Any, db_field: "Field[Any, Any]", request: HttpRequest) -> Any:
        """Leaves the choices that the operator finds in the choices' own admin; none where that one is not scoped."""
        if field is None or bound_teams(request) is None or db_field.name in self.common_fields:
            return field
        related = self.admin_site._registry.get(field.queryset.model)
        found = related.get_queryset(request) if isinstance(related, ScopedRows) else field.queryset.none()
        field.queryset = field.queryset.filter(pk__in=found.order_by().values("pk"))
        return field

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = list(super().check(**kwargs))
        if self.raw_id_fields:
            found.append(checks.Error("Scoped: raw_id_fields name any row.", obj=type(self), id="teams.E001"))
        declared = getattr(self.form, "declared_fields", {}).values()
        if any(isinstance(field, forms.ModelChoiceField) for field in declared):
            found.append(checks.Error("Scoped: the form's own choices are not cut.", obj=type(self), id="teams.E002"))
        return found


class ScopedInline(ScopedRows):
    """For inlines of a `ScopedAdmin`; others are not shown to operators who are bound."""


class ScopedAdmin(ScopedRows, PlainFiltersMixin):
    """Rows of other teams are not there: in lists, searches, filters, autocompletes, actions, exports, by address."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A row of another team and one that does not exist answer alike: 404."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        inlines = super().get_inlines(request, obj)
        return inlines if bound_teams(request) is None else [i for i in inlines if issubclass(i, ScopedInline)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Relations offer what the found rows point to; a filter with choices of its own says `is_scoped` or goes."""
        entries = super().get_list_filter(request)
        if bound_teams(request) is None:
            return entries
        return [entry for entry in map(self._cut_filter, entries) if entry is not None]

    def _cut_filter(self, entry: Any) -> Any:
        if isinstance(entry, type):
            return entry if getattr(entry, "is_scoped", False) else None
        name = entry if isinstance(entry, str) else entry[0]
        path = get_fields_from_path(self.model, name)
        if path[-1].is_relation:
            return (name, admin.RelatedOnlyFieldListFilter)
        return entry if len(path) == 1 else None

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: Any) -> None:
        """What is saved belongs to the operator's teams, whichever way it got its team. The whole form is undone."""
        super().save_model(request, obj, form, change)
        if bound_teams(request) is not None and not self.get_queryset(request).filter(pk=obj.pk).exists():
            raise PermissionDenied


class ClosedToBound(admin.ModelAdmin[Any]):
    """Laid over an admin that is not scoped: operators who are bound to teams find nothing there."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bound_teams(request) is None and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bound_teams(request) is None and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bound_teams(request) is None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bound_teams(request) is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bound_teams(request) is None and super().has_delete_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        """Pages that an admin adds ask for permissions of their own; these are closed as well."""
        patterns = super().get_urls()
        for pattern in patterns:
            pattern.callback = _refusing_bound(pattern.callback)
        return patterns


def closed_to_bound(admin_class: type[Any]) -> type[Any]:
    """The same admin, closed to operators who are bound unless it is scoped."""
    if issubclass(admin_class, ScopedAdmin):
        return admin_class
    return type(admin_class.__name__, (ClosedToBound, admin_class), {"__module__": admin_class.__module__})


def _refusing_bound(view: View) -> View:
    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if bound_teams(request) is not None:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return page
