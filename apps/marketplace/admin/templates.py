"""Pricing templates in the back office: versions are published and deprecated, never edited."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ServiceAction, ServiceActionsMixin, actor_of, by_service
from apps.marketplace import queries, services
from apps.marketplace.forms.dictionaries import NewTemplateForm, NewVersionForm
from apps.marketplace.models import PriceVersion, PricingTemplate
from apps.marketplace.template_terms import definition_of

PUBLISH = "marketplace.add_pricingtemplate"
CHANGE = "marketplace.change_pricingtemplate"


def _publish(request: HttpRequest, template: PricingTemplate, cleaned: dict[str, Any]) -> str | Promise:
    published = services.publish_template(
        template.code,
        cleaned["definition"],
        at=clock.now(),
        actor=actor_of(request),
        reason=cleaned["reason"],
    )
    if not published.changed:
        return _("Version %(number)d already says exactly this: nothing was published.") % {"number": published.version}
    return _("Version %(number)d is published. Prices stay with the version they were published under.") % {
        "number": published.version
    }


def _definition(template: PricingTemplate) -> dict[str, Any]:
    card = queries.pricing_template(template.code, version=template.version)
    return {} if card is None else {"definition": definition_of(card.terms)}


@admin.register(PricingTemplate)
class PricingTemplateAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    form = NewTemplateForm
    list_display = ("code", "version", "types", "tiering", "is_deprecated", "created_at")
    list_filter = ("is_deprecated", "model_types")
    search_fields = ("code",)
    ordering = ("code", "-version")
    fields = ("code", "version", "is_deprecated", "created_at", "as_published")
    readonly_fields = ("types", "as_published")
    service_actions = (
        ServiceAction(
            name="new-version",
            label=_("Publish new version"),
            explanation=_(
                "Publishes the next version of this template. Prices stay with the version they were published under; "
                "a version is never edited."
            ),
            permission=PUBLISH,
            call=_publish,
            form=NewVersionForm,
            initial=_definition,
        ),
        ServiceAction(
            name="deprecate",
            label=_("Deprecate"),
            explanation=_("No price begins with this version any more. Models that have it keep it."),
            permission=CHANGE,
            call=by_service(services.deprecate_template, _("Deprecated: no new price begins with it.")),
            offered_for=lambda template: not template.is_deprecated,
        ),
        ServiceAction(
            name="reinstate",
            label=_("Reinstate"),
            explanation=_("Prices may begin with this version again."),
            permission=CHANGE,
            call=by_service(services.reinstate_template, _("Reinstated: prices may begin with it again.")),
            offered_for=lambda template: template.is_deprecated,
        ),
    )

    @admin.display(description=_("model types"))
    def types(self, template: PricingTemplate) -> str:
        return ", ".join(type_.code for type_ in template.model_types.all())

    @admin.display(description=_("as published"))
    def as_published(self, template: PricingTemplate) -> str:
        shown = _definition(template).get("definition", {})
        return format_html("<pre>{}</pre>", json.dumps(shown, indent=2, ensure_ascii=False))

    def get_queryset(self, request: HttpRequest) -> QuerySet[PricingTemplate]:
        return super().get_queryset(request).prefetch_related("model_types")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fields if obj else ("code", "definition")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PUBLISH)

    def has_delete_permission(self, request: HttpRequest, obj: PricingTemplate | None = None) -> bool:
        """A version that a price was published under stays, whatever the permission."""
        is_used = obj is not None and PriceVersion.objects.filter(template=obj).exists()
        return not is_used and request.user.has_perm("marketplace.delete_pricingtemplate")

    def save_model(self, request: HttpRequest, obj: PricingTemplate, form: Any, change: bool) -> None:  # noqa: FBT001  Django's
        definition = form.cleaned_data["definition"]
        published = services.publish_template(obj.code, definition, at=clock.now(), actor=actor_of(request))
        obj.pk = published.template_id

    def delete_model(self, request: HttpRequest, obj: PricingTemplate) -> None:
        services.remove_template(obj.pk, at=clock.now(), actor=actor_of(request))
