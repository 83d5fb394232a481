"""Lists of the back office that go home as CSV: the list's own columns, of the rows that the operator finds there."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import PlainFiltersMixin
from apps.core.http import request_ip
from apps.core.spreadsheet import csv_text, download, safe_text
from apps.journal import services as journal
from apps.journal.types import Act

AT_ONCE: Final = 500


class ExportMixin(PlainFiltersMixin):
    """Adds the act to the list. Who took how many rows is on record; what they were is not."""

    actions: Any = ("export",)

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        name = str(self.opts.model_name)
        act = Act(
            f"{name}.exported",
            name,
            "",
            actor_id=request.user.pk,
            actor_label=request.user.get_username(),
            details={"rows": queryset.count()},
            ip=request_ip(request),
        )
        journal.record_act(act, at=clock.now())
        columns = [column for column in self.get_list_display(request) if column != "action_checkbox"]
        return download(request, self._pieces(queryset, columns), name=f"{name}.csv")

    def _pieces(self, rows: QuerySet[Any], columns: list[Any]) -> Iterator[str]:
        """By pages of the key: no statement and no transaction lasts as long as the reader takes."""
        yield csv_text([[str(label_for_field(column, self.model, self)) for column in columns]])
        rows = rows.order_by("pk")
        page = list(rows[:AT_ONCE])
        while page:
            yield csv_text(self._cells(page, columns))
            page = list(rows.filter(pk__gt=page[-1].pk)[:AT_ONCE])

    def _cells(self, page: Iterable[Model], columns: list[Any]) -> Iterator[list[str]]:
        for row in page:
            yield [_text(lookup_field(column, row, self)[2]) for column in columns]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return safe_text(strip_tags(value) if isinstance(value, SafeString) else str(value))
