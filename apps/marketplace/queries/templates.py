"""The dictionary of pricing templates."""

from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.marketplace.models import PricingTemplate
from apps.marketplace.template_terms import TemplateTerms
from apps.marketplace.types import PricingTemplateCard


def pricing_templates(type_code: str = "") -> list[PricingTemplateCard]:
    """The newest version of every template, or of those for one type of models; deprecated ones say so. Two queries."""
    newest = PricingTemplate.objects.filter(code=OuterRef("code")).order_by("-version").values("pk")[:1]
    rows = _rows().filter(pk=Subquery(newest)).order_by("code")
    if type_code:
        rows = rows.filter(model_types__code=type_code)
    return list(map(_card, rows))


def pricing_template(code: str, *, version: int | None = None) -> PricingTemplateCard | None:
    """This version of the template, or the newest one."""
    asked = Q(code=code) if version is None else Q(code=code, version=version)
    row = _rows().filter(asked).order_by("-version").first()
    return None if row is None else _card(row)


def template_versions(code: str = "") -> list[PricingTemplateCard]:
    """Every version, oldest first, of one template or of all."""
    rows = _rows().order_by("code", "version")
    return list(map(_card, rows.filter(code=code) if code else rows))


def first_config(type_code: str) -> dict[str, Any] | None:
    """What the first price of a model of this type begins with: the defaults of a template, which it then names."""
    for card in pricing_templates(type_code):
        if card.terms.defaults and not card.is_deprecated:
            return {**card.terms.defaults, "template": {"code": card.code, "version": card.version}}
    return None


def _rows() -> QuerySet[PricingTemplate]:
    return PricingTemplate.objects.prefetch_related("model_types")


def _card(row: PricingTemplate) -> PricingTemplateCard:
    terms = TemplateTerms(
        model_types=frozenset(type_.code for type_ in row.model_types.all()),
        label=row.label,
        meters=row.meters,
        tiering=row.tiering,
        hold=row.hold,
        line_format=row.line_format,
        json_schema=row.json_schema,
        defaults=row.defaults,
    )
    return PricingTemplateCard(row.pk, row.code, row.version, terms, row.is_deprecated, row.created_at)
