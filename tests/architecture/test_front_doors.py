"""An app is entered through its front doors, and tables point at what lies below."""

import grimp
import pytest
from django.apps import apps
from django.db import models

from tests.architecture.sources import floors

FRONT_DOORS = {"services", "queries", "types", "errors"}
RULES = {
    "rating",
    "tiers",
    "allocation",
    "storage_calendar",
    "cloud_rating",
    "comparison",
    "display_config",
    "multipliers",
    "price_changes",
    "codes",
    "roles",
    "campaigns",
    "forecast",
    "limits",
    "statement_lines",
    "quota_types",
    "meter_names",
    "listing",
    "leading_prices",
}
# Doors need more of these two than their acts and answers.
FOR_DOORS = {
    "apps.journal.approvals_admin",
    "apps.journal.export_admin",
    "apps.journal.recorded_admin",
    "apps.marketplace.grant_admin",
    "apps.teams.access_admin",
    "apps.teams.decorators",
    "apps.teams.authentication",
    "apps.teams.scoped_admin",
}
DOORS = {"views", "api", "webhooks", "admin", "tasks", "management", "decorators", "back_office"}
FOR_THE_RELAY = {"apps.wallet.batching", "apps.usage.records"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("apps", cache_dir=None, exclude_type_checking_imports=True)


def test_apps_enter_each_other_by_their_front_doors(graph):
    trespasses = [
        f"{importer} imports {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if not _is_allowed(importer, imported)
    ]

    assert sorted(trespasses) == []


def _is_allowed(importer: str, imported: str) -> bool:
    _, app, room, *_ = [*importer.split("."), "", ""]
    _, entered, entrance, *_ = [*imported.split("."), "", ""]
    if entered in {app, "core"} or entrance in FRONT_DOORS | RULES:
        return True
    if imported in FOR_DOORS:
        return room in DOORS or importer.endswith(("_api", "_admin"))
    return app == "relay" and imported in FOR_THE_RELAY


def test_relations_to_other_apps_point_down_and_leave_no_trace_there():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField) and not _is_modest(model, field)
    ]

    assert wrong == []


def _is_modest(model: type[models.Model], field: models.Field) -> bool:
    own, other = model._meta.app_label, field.related_model._meta.app_label
    if own == other or own not in floors() or other not in floors():
        return True
    return floors()[other] < floors()[own] and (field.remote_field.related_name or "").endswith("+")
