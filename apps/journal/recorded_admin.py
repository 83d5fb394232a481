"""The base of back-office pages on which staff edit configuration: no change without its audit entry."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.core import clock
from apps.core.admin import PlainFiltersMixin
from apps.core.http import request_ip
from apps.journal import services as journal
from apps.journal.types import Act

Values = dict[str, object]


class RecordedAdmin(PlainFiltersMixin):
    """Writes who changed which field from what to what, in the transaction of the change. Passwords stay out."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        found = _changes(form) | _changed_rows(formsets)
        if found or not change:
            self._record(request, form.instance, "changed" if change else "created", found)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with transaction.atomic():
            self._record(request, obj, "removed", {"was": str(obj)})
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.delete_model(request, row)

    def scope_of(self, row: Any) -> str:
        """Who may read of it besides operators: nobody, unless an admin says otherwise."""
        return ""

    def _record(self, request: HttpRequest, row: Model, what: str, details: Values) -> None:
        name = str(self.opts.model_name)
        act = Act(
            f"{name}.{what}",
            name,
            str(getattr(row, "public_id", row.pk)),
            actor_id=request.user.pk,
            actor_label=request.user.get_username(),
            details=details,
            ip=request_ip(request),
            scope=self.scope_of(row),
        )
        journal.record_act(act, at=clock.now())


def _changes(form: forms.BaseForm) -> Values:
    """Field → from and to, of what the form changed."""
    return {
        name: {"from": _shown(field, form.get_initial_for_field(field, name)), "to": _shown(field, value)}
        for name, field, value in _fields(form)
        if name in form.changed_data
    }


def _changed_rows(formsets: Iterable[Any]) -> Values:
    found: dict[str, list[Values]] = {}
    for formset in formsets:
        deleted = getattr(formset, "deleted_forms", [])
        rows = [_removed(form) if form in deleted else _changes(form) for form in formset.forms]
        if any(rows):
            found[formset.prefix] = [row for row in rows if row]
    return dict(found)


def _removed(form: forms.BaseForm) -> Values:
    was = {name: _shown(field, form.get_initial_for_field(field, name)) for name, field, _value in _fields(form)}
    return {"removed": was}


def _fields(form: forms.BaseForm) -> Iterable[tuple[str, forms.Field, object]]:
    for name, value in form.cleaned_data.items():
        field = form.fields.get(name)
        if field is not None and not isinstance(field.widget, (forms.PasswordInput, forms.HiddenInput)):
            yield name, field, value


def _shown(field: forms.Field, value: Any) -> object:
    """Rows by their names, everything else as JSON can hold it."""
    value = field.prepare_value(value)
    if isinstance(field, forms.ModelMultipleChoiceField):
        return sorted(map(str, field.queryset.filter(pk__in=value or ())))  # type: ignore[union-attr]
    if isinstance(field, forms.ModelChoiceField):
        return None if value in field.empty_values else str(field.to_python(value))
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, str, dict, list)) else str(value)
