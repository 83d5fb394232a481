"""Stored secrets under the first key, a page of rows at a time. Which columns hold secrets, only their apps know."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from apps.core.encryption import KeyGone, reencrypt

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class RowPage:
    """The rows beyond the key `after`. A dry run counts what it would rewrite and writes nothing."""

    after: int = 0
    at_most: int = 50
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a page. `last` is its last row's key, None where no row was left.

    `busy` rows were locked by somebody else, `unreadable` ones open with no configured key: both are as they were.
    """

    last: int | None
    rows: int = 0
    rewritten: int = 0
    busy: tuple[int, ...] = ()
    unreadable: tuple[int, ...] = ()


def reencrypt_column(rows: QuerySet[M], column: str, *, page: RowPage) -> Rewritten:
    """`reencrypt_rows` for one binary column; empty ones hold nothing and stay empty."""

    def renew(row: M) -> Collection[str]:
        before = bytes(getattr(row, column))
        after = reencrypt(before) if before else before
        setattr(row, column, after)
        return [column] if after != before else []

    return reencrypt_rows(rows, renew, page=page)


def reencrypt_rows(rows: QuerySet[M], renew: Callable[[M], Collection[str]], *, page: RowPage) -> Rewritten:
    """Renews one page of rows in a transaction of its own; `renew` changes a row and names the columns it changed.

    Safe to repeat, at once and after a kill: a row is as it was or rewritten, and what the first key wrote stays
    untouched. Rows that somebody holds are skipped, so that nobody waits for this.
    """
    with transaction.atomic():
        ids = list(rows.filter(pk__gt=page.after).order_by("pk").values_list("pk", flat=True)[: page.at_most])
        found = rows.filter(pk__in=ids).order_by("pk")
        free = list(found if page.dry_run else found.select_for_update(skip_locked=True, no_key=True, of=("self",)))
        rewritten, unreadable = _renew(free, renew, dry_run=page.dry_run)
    return Rewritten(
        last=ids[-1] if ids else None,
        rows=len(ids),
        rewritten=rewritten,
        busy=tuple(sorted(set(ids) - {row.pk for row in free})),
        unreadable=unreadable,
    )


def _renew(rows: list[M], renew: Callable[[M], Collection[str]], *, dry_run: bool) -> tuple[int, tuple[int, ...]]:
    rewritten, unreadable = 0, []
    for row in rows:
        try:
            changed = renew(row)
        except KeyGone:
            unreadable.append(row.pk)
            continue
        if changed and not dry_run:
            row.save(update_fields=list(changed))
        rewritten += bool(changed)
    return rewritten, tuple(unreadable)
