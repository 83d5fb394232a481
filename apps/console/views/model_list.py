"""The public list of models: what there is, what it costs the reader, and what is planned."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from apps.console.catalogue.comparison import MOST, comparison_of
from apps.console.catalogue.model_rows import facets_shown, model_row, uses_shown
from apps.console.forms.models import ModelFilterForm
from apps.console.public_pages import keep_page, public_page
from apps.console.readers import reader_by
from apps.console.shell import paying_team
from apps.core import clock
from apps.core.pagination import CursorInvalid, parse_cursor
from apps.marketplace import listing as rules
from apps.marketplace import queries as marketplace
from apps.marketplace.listing import CALLABLE, ListedModel, ListedPage
from apps.marketplace.types import Lifecycle

SIZE: Final = 20


@public_page
def models(request: HttpRequest) -> HttpResponse:
    """At most two questions besides session and user: the reader's teams, and whether what is remembered holds."""
    at = clock.now()
    listing = marketplace.listing(at=at)
    seen = listing.seen_by(listing.reach_of(paying_team(request), at=at))
    form = ModelFilterForm(request.GET, reader=reader_by(request, listing, at=at))
    page = _page(request, seen, form)
    names = _names(seen, {model.successor for model in page.results})
    is_start = not (form.is_narrowed or request.GET.get("cursor") or form.cleaned_data.get("lifecycle"))
    context = {
        "form": form,
        "page": page,
        "rows": [model_row(model, reader=form.reader, names=names, at=at) for model in page.results],
        "first": page.before + 1,
        "last": page.before + len(page.results),
        "facets": facets_shown(seen, rules.facets_of(seen, form.filters), form),
        "groups": _groups(seen),
        "multiplied": _multiplied(seen),
        "callable_count": sum(model.lifecycle in CALLABLE for model in seen),
        "planned_count": sum(model.lifecycle == Lifecycle.PLANNED for model in seen),
        "uses": uses_shown(seen) if is_start else [],
        "newer": _link(request, page, newer=True),
        "older": _link(request, page, newer=False),
    }
    return keep_page(request, render(request, "site/models/list.html", context), at=at, until=listing.until_at)


def _page(request: HttpRequest, seen: Sequence[ListedModel], form: ModelFilterForm) -> ListedPage:
    """404 for a cursor of another list, or of nobody."""
    text = request.GET.get("cursor")
    try:
        cursor = parse_cursor(text) if text else None
        return rules.page_of(seen, form.filters, sort=form.order, cursor=cursor, size=SIZE)
    except CursorInvalid as error:
        raise Http404 from error


def _names(seen: Sequence[ListedModel], codes: Collection[str | None]) -> dict[str, str]:
    language = get_language() or "en"
    return {model.code: model.title(language) for model in seen if model.code in codes}


def _groups(seen: Sequence[ListedModel]) -> list[str]:
    """The access groups that price models of this reader; one alone is no choice."""
    groups = sorted({model.group for model in seen})
    return groups if len(groups) > 1 else []


def _link(request: HttpRequest, page: ListedPage, *, newer: bool) -> str:
    cursor = page.previous if newer else page.next
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor.as_text()
    return query.urlencode()


@public_page
def model_comparison(request: HttpRequest) -> HttpResponse:
    """`?m=` up to four times, in that order. What the reader does not see is not named, nor said to be missing."""
    at = clock.now()
    listing = marketplace.listing(at=at)
    seen = {model.code: model for model in listing.seen_by(listing.reach_of(paying_team(request), at=at))}
    asked = list(dict.fromkeys(request.GET.getlist("m")))
    chosen = [seen[code] for code in asked if code in seen]
    context = {
        "comparison": comparison_of(chosen[:MOST], reader=reader_by(request, listing, at=at)),
        "most": MOST,
        "left_out": max(len(chosen) - MOST, 0),
        "is_short": len(asked) > len(chosen),
        "multiplied": _multiplied(chosen[:MOST]),
    }
    return keep_page(request, render(request, "site/models/comparison.html", context), at=at, until=listing.until_at)


def _multiplied(models: Iterable[ListedModel]) -> list[tuple[str, Decimal]]:
    """The access groups whose multiplier is in these prices."""
    return sorted({(model.group, model.multiplier.normalize()) for model in models if model.multiplier != 1})
