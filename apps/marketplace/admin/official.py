"""Official prices in the back office: their history, the import of a price map with its diff, and the parity report."""

import json
from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, actor_of
from apps.core.billing_calendar import business_date
from apps.core.errors import Invalid, NotFound, SluiceError
from apps.core.spreadsheet import csv_text, download
from apps.marketplace import queries, services
from apps.marketplace.errors import PriceMapChanged
from apps.marketplace.forms.price_maps import PriceMapForm, PriceMapTermsForm
from apps.marketplace.models import OfficialPrice
from apps.marketplace.official_rows import CSV_HEAD, csv_rows, shown_line, shown_row
from apps.marketplace.types.price_maps import PriceMapReport


@admin.register(OfficialPrice)
class OfficialPriceAdmin(ReadOnlyAdmin):
    list_display = ("model", "number", "source", "as_of", "recorded_at")
    list_select_related = ("model",)
    search_fields = ("model__code",)
    ordering = ("-pk",)
    fields = ("model", "number", "source", "as_of", "recorded_at", "as_recorded")
    readonly_fields = ("as_recorded",)
    change_list_template = "admin/marketplace/officialprice/change_list.html"

    @admin.display(description=_("as recorded"))
    def as_recorded(self, price: OfficialPrice) -> str:
        return format_html("<pre>{}</pre>", json.dumps(price.pricing_config, indent=2, ensure_ascii=False))

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("import/", self.choose_map, "import"),
            ("import/preview/", self.preview_map, "preview"),
            ("parity/", self.parity, "parity"),
            ("parity.csv", self.parity_csv, "parity-csv"),
        )
        own = [path(route, self.admin_site.admin_view(view), name=_url_name(name)) for route, view, name in pages]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_import": self._may_import(request), **(extra_context or {})})

    def choose_map(self, request: HttpRequest) -> HttpResponse:
        """Keeps the uploaded map and leads to its diff: nothing is changed yet."""
        self._check(self._may_import(request))
        at = clock.now()
        form = PriceMapForm(request.POST or None, request.FILES or None, initial={"as_of": business_date(at)})
        if request.method == "POST" and form.is_valid():
            try:
                uid = services.keep_price_map(form.upload_name, form.content, actor=actor_of(request), at=at)
            except SluiceError as error:
                form.add_error("file", str(error.text))
            else:
                return HttpResponseRedirect(f"{_url('preview')}?{form.as_query(uid)}")
        return self._page(request, "import", title=_("Import price map"), form=form)

    def preview_map(self, request: HttpRequest) -> HttpResponse:
        """Shows what the kept map would change, and changes it once that was seen."""
        self._check(self._may_import(request))
        asked = request.POST if request.method == "POST" else request.GET
        terms = PriceMapTermsForm(asked)
        if not terms.is_valid():
            return self._gone(request)
        try:
            if request.method != "POST":
                return self._show(request, terms)
            return cast(HttpResponse, reauthentication_required(self._apply)(request, terms))
        except NotFound:
            return self._gone(request)
        except Invalid as error:
            return self._again(request, gettext("Nothing was changed. %(problem)s") % {"problem": error.text})

    def parity(self, request: HttpRequest) -> HttpResponse:
        self._check(self.has_view_permission(request))
        rows = queries.parity_report(at=clock.now())
        compared = [row for row in rows if row.points]
        figures = (
            (_("Models compared"), len(compared)),
            (_("Above the official price"), sum(row.is_above for row in rows)),
            (_("Differ without an announcement"), sum(row.is_wrong for row in rows)),
            (_("Without an official price"), len(rows) - len(compared)),
        )
        title = _("Parity with official prices")
        return self._page(request, "parity", title=title, rows=list(map(shown_row, rows)), figures=figures)

    def parity_csv(self, request: HttpRequest) -> HttpResponseBase:
        self._check(self.has_view_permission(request))
        rows = queries.parity_report(at=clock.now())
        lines = (csv_text([line]) for line in (CSV_HEAD, *(cells for row in rows for cells in csv_rows(row))))
        return download(request, lines, name="parity.csv")

    def _may_import(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("marketplace.add_officialprice")

    def _check(self, allowed: bool) -> None:  # noqa: FBT001  a question, not a choice
        if not allowed:
            raise PermissionDenied

    def _show(self, request: HttpRequest, terms: PriceMapTermsForm) -> HttpResponse:
        report = self._run(request, terms, dry_run=True)
        return self._page(
            request,
            "preview",
            title=_("What this price map changes"),
            form=PriceMapTermsForm(initial={**terms.cleaned_data, "seen": report.fingerprint}),
            terms=terms.cleaned_data,
            report=report,
            lines=list(map(shown_line, report.lines)),
        )

    def _apply(self, request: HttpRequest, terms: PriceMapTermsForm) -> HttpResponse:
        """What was shown, or it is shown again."""
        try:
            report = self._run(request, terms, dry_run=False)
        except PriceMapChanged as error:
            messages.warning(request, str(error.text))
            return HttpResponseRedirect(f"{_url('preview')}?{terms.as_query()}")
        services.drop_price_map(terms.cleaned_data["file"])
        messages.success(request, _outcome(report))
        return HttpResponseRedirect(_url("changelist"))

    def _run(self, request: HttpRequest, terms: PriceMapTermsForm, *, dry_run: bool) -> PriceMapReport:
        at, actor = clock.now(), actor_of(request)
        return services.import_price_map(
            services.kept_price_map(terms.cleaned_data["file"], actor=actor, at=at),
            terms=terms.terms,
            at=at,
            actor=actor,
            dry_run=dry_run,
        )

    def _gone(self, request: HttpRequest) -> HttpResponse:
        text = gettext("The file is gone: imported, replaced, or two hours old. Choose it again.")
        return self._again(request, text, status=404)

    def _again(self, request: HttpRequest, text: str, *, status: int = 200) -> HttpResponse:
        messages.error(request, text)
        form = PriceMapForm(initial={"as_of": business_date(clock.now())})
        return self._page(request, "import", title=_("Import price map"), form=form, status=status)

    def _page(self, request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> TemplateResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, **context}
        return TemplateResponse(request, f"admin/marketplace/officialprice/{name}.html", whole, status=status)


def _url_name(name: str) -> str:
    return f"marketplace_officialprice_{name}"


def _url(name: str) -> str:
    return reverse(f"admin:{_url_name(name)}")


def _outcome(report: PriceMapReport) -> str:
    recorded = ngettext(
        "%(count)d official price is recorded.", "%(count)d official prices are recorded.", len(report.changed)
    ) % {"count": len(report.changed)}
    if not report.followed:
        return recorded
    followed = ngettext(
        "%(count)d price of ours follows.", "%(count)d prices of ours follow.", len(report.followed)
    ) % {"count": len(report.followed)}
    return f"{recorded} {followed}"
