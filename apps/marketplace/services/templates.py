"""Pricing templates: published in versions that are never edited, and kept to by the prices that name them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.core.locks import lock_for_transaction
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.errors import PricingConfigError, TemplateInUse, TemplateInvalid
from apps.marketplace.models import Model, ModelType, PriceVersion, PricingTemplate
from apps.marketplace.template_terms import TemplateTerms, config_fault, terms_fault, terms_of
from apps.marketplace.types import PublishedTemplate


def publish_template(
    code: str, definition: Mapping[str, Any], *, at: datetime, actor: int | None = None, reason: str = ""
) -> PublishedTemplate:
    """The next version of the template; prices stay with the version they were published under.

    Safe to repeat: the newest version's own definition changes nothing. Raises `TemplateInvalid`.
    """
    terms = check_definition(definition)
    with transaction.atomic():
        _lock(code)
        newest = queries.pricing_template(code)
        if newest is not None and newest.terms == terms:
            return PublishedTemplate(newest.id, newest.version, changed=False)
        version = 1 if newest is None else newest.version + 1
        row = _create(code, version, terms, at=at)
        _record("published", row, at=at, actor=actor, reason=reason)
    return PublishedTemplate(row.pk, version, changed=True)


def add_template_version(
    code: str, version: int, definition: Mapping[str, Any], *, at: datetime, actor: int | None = None
) -> PublishedTemplate:
    """The version under its own number, as another installation has it, so that prices which name it keep their shape.

    Safe to repeat. Raises `TemplateInvalid` when that version says something else, or for a number that is not above
    the newest.
    """
    terms = check_definition(definition)
    with transaction.atomic():
        _lock(code)
        known = queries.pricing_template(code, version=version)
        if known is not None and known.terms == terms:
            return PublishedTemplate(known.id, version, changed=False)
        newest = queries.pricing_template(code)
        if newest is not None and newest.version >= version:
            problem = _("Version %(newest)d exists and is never edited: write a change as version %(next)d.")
            raise TemplateInvalid("version", problem % {"newest": newest.version, "next": newest.version + 1})
        row = _create(code, version, terms, at=at)
        _record("published", row, at=at, actor=actor)
    return PublishedTemplate(row.pk, version, changed=True)


def deprecate_template(template_id: int, *, at: datetime, actor: int | None = None, reason: str = "") -> bool:
    """No price begins with this version any more; models that have it keep it. False when it was so already."""
    return _set_deprecated(template_id, "deprecated", at=at, actor=actor, reason=reason)


def reinstate_template(template_id: int, *, at: datetime, actor: int | None = None, reason: str = "") -> bool:
    """Prices may begin with this version again. False when they may already."""
    return _set_deprecated(template_id, "reinstated", at=at, actor=actor, reason=reason)


def remove_template(template_id: int, *, at: datetime, actor: int | None = None, reason: str = "") -> None:
    """Removes a version that no price was ever published under. Safe to repeat. Raises `TemplateInUse`."""
    with transaction.atomic():
        row = PricingTemplate.objects.select_for_update().filter(pk=template_id).first()
        if row is None:
            return
        _record("removed", row, at=at, actor=actor, reason=reason)
        try:
            row.delete()
        except ProtectedError:
            raise TemplateInUse from None


def check_config(config: Mapping[str, Any], *, model: Model, last: PriceVersion | None) -> int | None:
    """The row of the template version that the config names, once it keeps to it; None when it names none.

    A deprecated version is accepted only for a model whose last price has it. Raises `PricingConfigError`.
    """
    named = config.get("template")
    if named is None:
        return None
    template = queries.pricing_template(named["code"], version=named["version"])
    if template is None:
        raise PricingConfigError(
            "template",
            _("There is no version %(version)d of the pricing template “%(code)s”.") % {**named},
        )
    if template.is_deprecated and (last is None or last.template_id != template.id):
        raise PricingConfigError("template", _("This version of the template is deprecated: name a newer one."))
    if model.type.code not in template.terms.model_types:
        raise PricingConfigError(
            "template.code",
            _("This template prices models of other types: %(types)s.")
            % {"types": ", ".join(sorted(template.terms.model_types))},
        )
    fault = config_fault(template.terms, config)
    if fault is not None:
        raise PricingConfigError(fault.path or "pricing_config", fault.problem)
    return template.id


def check_definition(definition: Mapping[str, Any]) -> TemplateTerms:
    """What the definition says, once a template may say it. Raises `TemplateInvalid`."""
    fault = terms_fault(definition)
    if fault is not None:
        raise TemplateInvalid(fault.path, fault.problem)
    terms = terms_of(definition)
    unknown = sorted(terms.model_types - set(ModelType.objects.values_list("code", flat=True)))
    if unknown:
        raise TemplateInvalid("model_types", _("There is no model type “%(code)s”.") % {"code": unknown[0]})
    return terms


def _lock(code: str) -> None:
    """Numbers of one template follow each other, also when two publish at once; other templates wait for nobody."""
    lock_for_transaction(f"pricing-template:{code}")


def _create(code: str, version: int, terms: TemplateTerms, *, at: datetime) -> PricingTemplate:
    row = PricingTemplate.objects.create(
        code=code,
        version=version,
        label=terms.label,
        meters=terms.meters,
        tiering=terms.tiering,
        hold=terms.hold,
        line_format=terms.line_format,
        json_schema=terms.json_schema,
        defaults=terms.defaults,
        created_at=at,
    )
    row.model_types.set(ModelType.objects.filter(code__in=terms.model_types))
    return row


def _set_deprecated(template_id: int, what: str, *, at: datetime, actor: int | None, reason: str) -> bool:
    wanted = what == "deprecated"
    with transaction.atomic():
        row = PricingTemplate.objects.select_for_update(no_key=True).get(pk=template_id)
        if row.is_deprecated == wanted:
            return False
        row.is_deprecated = wanted
        row.save(update_fields=["is_deprecated"])
        _record(what, row, at=at, actor=actor, reason=reason)
    return True


def _record(what: str, row: PricingTemplate, *, at: datetime, actor: int | None, reason: str = "") -> None:
    act = Act(f"pricing_template.{what}", "pricing_template", str(row), actor_id=actor, reason=reason)
    journal.record_act(act, at=at)
