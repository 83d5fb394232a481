"""Prices in the back office: one model's next price with its preview, and many models' by a percentage."""

import json
from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of
from apps.core.errors import SluiceError
from apps.marketplace import price_pages, queries, services
from apps.marketplace.errors import PricingConfigError
from apps.marketplace.forms.prices import BulkForm, NewPriceForm, PreviewForm, PublishBulkForm
from apps.marketplace.models import Model, PriceVersion
from apps.marketplace.queries.prices import versions_in_force
from apps.marketplace.services import BulkChange

PUBLISH = "marketplace.add_priceversion"
# What a new price begins with where a model has none, nor its type a template with defaults.
FIRST_CONFIG = {
    "schema": 2,
    "currency": "USD",
    "items": [
        {"meter": "input_tokens", "unit": 1_000_000, "tiers": [{"from": 0, "to": None, "price": "0"}]},
        {"meter": "output_tokens", "unit": 1_000_000, "tiers": [{"from": 0, "to": None, "price": "0"}]},
    ],
}


def _publish(request: HttpRequest, model: Model, cleaned: dict[str, Any]) -> str | Promise:
    at = clock.now()
    preview = queries.price_preview(model.pk, cleaned["pricing_config"], at=at)
    published = services.publish_price(
        model.pk,
        cleaned["pricing_config"],
        at=at,
        starts_at=cleaned["starts_at"],
        actor=actor_of(request),
        reason=cleaned["reason"],
        announcement=cleaned["announcement"] or None,
    )
    if not published.changed:
        return _("Version %(number)d already says exactly this: nothing was published.") % {"number": published.number}
    if preview.above_official:
        messages.warning(request, gettext("This price is above the official one, and pages say so."))
    return _("Version %(number)d is published and in force from %(instant)s UTC.") % {
        "number": published.number,
        "instant": f"{published.starts_at:%Y-%m-%d %H:%M:%S}",
    }


def _withdraw(request: HttpRequest, version: PriceVersion, cleaned: dict[str, Any]) -> str | Promise:
    services.withdraw_price(version.pk, reason=cleaned["reason"], actor=actor_of(request), at=clock.now())
    return _("Withdrawn. The price before stays in force, and whoever was told is told again.")


def _last_config(model: Model) -> dict[str, Any]:
    last = model.price_versions.filter(withdrawn_at=None).order_by("-number").first()
    if last is not None:
        return {"pricing_config": last.entered_config}
    return {"pricing_config": queries.first_config(model.type.code) or FIRST_CONFIG}


def _can_be_withdrawn(version: PriceVersion) -> bool:
    return version.withdrawn_at is None and version.starts_at > clock.now()


def _json_text(config: dict[str, Any]) -> str:
    return format_html("<pre>{}</pre>", json.dumps(config, indent=2, ensure_ascii=False))


class PriceVersionInline(admin.TabularInline[PriceVersion, Model]):
    model = PriceVersion
    fields = readonly_fields = (
        "number",
        "policy",
        "starts_at",
        "ends_at",
        "withdrawn_at",
        "credit_rate",
        "published_at",
    )
    ordering = ("-number",)
    show_change_link = True
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceVersion]:
        return super().get_queryset(request).select_related("credit_rate")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PricedModels(ServiceActionsMixin):
    """The acts on prices of the page of models: publish one after a preview, change many by a percentage."""

    change_list_template = "admin/marketplace/model_list.html"
    actions = ("change_prices",)
    service_actions = (
        ServiceAction(
            name="new-price",
            label=_("Publish price"),
            explanation=_(
                "Publishes a new version of this model's price. The one in force ends where the new one begins; calls "
                "accepted before that pay the old price. What makes calls dearer is announced first; until it begins, "
                "it can be withdrawn. A published price is never edited."
            ),
            permission=PUBLISH,
            call=_publish,
            wants_recent_sign_in=True,
            form=NewPriceForm,
            facts=price_pages.facts_of,
            initial=_last_config,
            template="admin/marketplace/new_price.html",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("prices/", view(self.bulk_prices), name="marketplace_model_bulk-prices"),
            path("prices/publish/", view(self.publish_bulk), name="marketplace_model_publish-bulk"),
            path("<path:object_id>/preview-price/", view(self.preview_price), name="marketplace_model_preview-price"),
        ]
        return own + super().get_urls()

    def preview_price(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of a new price again, with what it would mean; nothing is written."""
        row = self._priced(request, object_id)
        form = PreviewForm(request.POST or None, initial=_last_config(row))
        page = self._ask(request, self.service_actions[0], row, form)
        if request.method == "POST" and form.is_valid():
            page.context_data["preview"] = _preview(row, form)  # type: ignore[attr-defined]  # a TemplateResponse
        return page

    def bulk_prices(self, request: HttpRequest) -> HttpResponse:
        """Which models and by how much, then what that would mean; nothing is written."""
        self._check_may_publish(request)
        return self._bulk_page(request, BulkForm(request.POST or None))

    def publish_bulk(self, request: HttpRequest) -> HttpResponse:
        """Publishes what was previewed, and nothing else."""
        self._check_may_publish(request)
        return cast(HttpResponse, reauthentication_required(self._publish_bulk)(request))

    def _publish_bulk(self, request: HttpRequest) -> HttpResponse:
        form = PublishBulkForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                count = services.change_prices(
                    _wanted(form), actor=actor_of(request), reason=form.cleaned_data["reason"], at=clock.now()
                )
            except SluiceError as error:
                form.add_error(None, str(error.text))
            else:
                sentence = ngettext("%(count)d price is published.", "%(count)d prices are published.", count)
                messages.success(request, sentence % {"count": count})
                return HttpResponseRedirect(reverse("admin:marketplace_model_changelist"))
        return self._bulk_page(request, BulkForm(request.POST or None), form)

    @admin.action(description=_("Change prices by a percentage"), permissions=["publish"])
    def change_prices(self, request: HttpRequest, queryset: QuerySet[Model]) -> HttpResponse:
        codes = "\n".join(queryset.order_by("code").values_list("code", flat=True))
        return self._bulk_page(request, BulkForm(initial={"models": codes}))

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PUBLISH)

    def _bulk_page(
        self, request: HttpRequest, form: BulkForm, refused: PublishBulkForm | None = None
    ) -> TemplateResponse:
        preview = _bulk_preview(form) if form.is_bound and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Change prices by a percentage"),
            "form": form,
            "preview": preview and price_pages.bulk_page(preview),
            "publishing": preview and _publishing(form, preview, refused),
            "refusals": [] if refused is None else [text for texts in refused.errors.values() for text in texts],
            "media": self.media,
        }
        return TemplateResponse(request, "admin/marketplace/bulk_prices.html", context)

    def _priced(self, request: HttpRequest, object_id: str) -> Model:
        self._check_may_publish(request)
        row: Model | None = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def _check_may_publish(self, request: HttpRequest) -> None:
        if not self.has_publish_permission(request):
            raise PermissionDenied


def _preview(row: Model, form: PreviewForm) -> price_pages.PreviewPage | None:
    cleaned = form.cleaned_data
    try:
        preview = queries.price_preview(
            row.pk, cleaned["pricing_config"], at=clock.now(), usage=cleaned["sample"] or None
        )
    except PricingConfigError as error:
        form.add_error("pricing_config", str(error.text))
        return None
    return price_pages.preview_page(preview)


def _wanted(form: BulkForm) -> BulkChange:
    cleaned = form.cleaned_data
    scope = queries.BulkScope(
        vendor=cleaned["vendor"].code if cleaned["vendor"] else "",
        type=cleaned["type"].code if cleaned["type"] else "",
        models=cleaned["models"],
    )
    return BulkChange(scope, cleaned["percent"], cleaned.get("digest", ""), cleaned["starts_at"])


def _bulk_preview(form: BulkForm) -> queries.BulkPreview:
    wanted = _wanted(form)
    return queries.bulk_preview(wanted.scope, wanted.percent, at=clock.now())


def _publishing(form: BulkForm, preview: queries.BulkPreview, refused: PublishBulkForm | None) -> PublishBulkForm:
    """The form that publishes this preview: what was asked for, and the preview's own digest."""
    initial = {**form.cleaned_data, "models": form.data.get("models", ""), "digest": preview.digest}
    return PublishBulkForm(initial={**initial, "reason": "" if refused is None else refused.data.get("reason", "")})


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("announced", _("Announced")),
            ("in_force", _("In force")),
            ("ended", _("Ended")),
            ("withdrawn", _("Withdrawn")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PriceVersion]) -> QuerySet[PriceVersion]:
        at, state = clock.now(), self.value()
        if state == "withdrawn":
            return queryset.exclude(withdrawn_at=None)
        if state is None:
            return queryset
        standing = queryset.filter(withdrawn_at=None)
        if state == "announced":
            return standing.filter(starts_at__gt=at)
        return standing.filter(ends_at__lte=at) if state == "ended" else standing & versions_in_force(at)


@admin.register(PriceVersion)
class PriceVersionAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("of_model", "number", "policy", "starts_at", "ends_at", "withdrawn_at")
    list_select_related = ("model",)
    list_filter = (StateFilter, "policy")
    search_fields = ("model__code",)
    ordering = ("-pk",)
    fields = (
        "model",
        "number",
        "policy",
        "starts_at",
        "ends_at",
        "withdrawn_at",
        "published_at",
        "announcement",
        "credit_rate",
        "as_entered",
        "in_credits",
    )
    readonly_fields = ("as_entered", "in_credits")
    service_actions = (
        ServiceAction(
            name="withdraw",
            label=_("Withdraw price"),
            explanation=_(
                "This version has not begun and will not: the price before stays in force. Whoever was told of the "
                "change is told that it will not come. A withdrawn version stays withdrawn."
            ),
            permission=PUBLISH,
            call=_withdraw,
            wants_recent_sign_in=True,
            facts=price_pages.facts_of_version,
            offered_for=_can_be_withdrawn,
        ),
    )

    @admin.display(description=_("model"), ordering="model__code")
    def of_model(self, version: PriceVersion) -> str:
        return version.model.code

    @admin.display(description=_("as entered"))
    def as_entered(self, version: PriceVersion) -> str:
        return _json_text(version.entered_config)

    @admin.display(description=_("in credits"))
    def in_credits(self, version: PriceVersion) -> str:
        return _json_text(version.pricing_config)
