"""The reader's own data: asking for it, how far it is, and the file."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import queries
from apps.accounts import services as accounts
from apps.accounts.types import ExportState
from apps.console.decorators import after_recent_sign_in, own_page
from apps.console.readers import signed_in
from apps.core import clock
from apps.core.downloads import attachment
from apps.core.errors import Conflict
from apps.journal import queries as journal
from apps.journal.errors import FileMissing

_UNDER_WAY = (ExportState.WAITING, ExportState.STARTED)


@never_cache
@require_safe
@own_page
def page(request: HttpRequest) -> HttpResponse:
    """The list alone where htmx asks again how far it is."""
    rows = queries.exports_of(signed_in(request).pk, at=clock.now())
    template = "console/leaving/_exports.html" if "HX-Request" in request.headers else "console/leaving/exports.html"
    return render(request, template, {"rows": rows, "is_under_way": any(row.state in _UNDER_WAY for row in rows)})


@require_POST
@own_page
@after_recent_sign_in
def ask(request: HttpRequest) -> HttpResponse:
    try:
        accounts.ask_export(signed_in(request).pk, at=clock.now())
    except Conflict as error:
        messages.error(request, str(error.text))
    else:
        messages.success(request, _("Your data is being put together. A mail tells you when it is ready."))
    return redirect("console:export")


@never_cache
@require_safe
@own_page
@after_recent_sign_in
def file(request: HttpRequest, export: str) -> HttpResponseBase:
    """404 for another's export as for one that is not ready or gone."""
    found = queries.export_by_public_id(signed_in(request).pk, export, at=clock.now())
    if found is None or found.state != ExportState.READY or found.file_uid is None:
        raise Http404
    try:
        stored = journal.file_by_uid(found.file_uid)
    except FileMissing as error:
        raise Http404 from error
    return attachment(request, journal.pieces_of(found.file_uid), name=stored.name, content_type=stored.content_type)
