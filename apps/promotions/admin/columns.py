"""Columns that the pages of promotions share."""

from typing import Any

from django.contrib import admin

from apps.core.money import credits_text


def credits_column(field: str, label: Any) -> Any:
    """A column that shows a field of nanocredits as credits; empty for none."""

    @admin.display(description=label, ordering=field, empty_value="–")
    def column(_admin: Any, row: Any) -> str | None:
        nanos = getattr(row, field)
        return None if nanos is None else credits_text(nanos)

    return column
