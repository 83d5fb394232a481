"""Which models exist, who sees them, and what they cost at an instant. Writes nothing."""

from apps.marketplace.queries.bulk_prices import BulkPreview, BulkScope, bulk_preview, models_in_scope
from apps.marketplace.queries.changes import change_card, changes_page
from apps.marketplace.queries.changes_to_tell import changes_to_tell, seen_changes
from apps.marketplace.queries.dictionaries import export_section, exported_template, model_types
from apps.marketplace.queries.listing import Listing, listed_models, listing
from apps.marketplace.queries.marks import catalogue_stamp
from apps.marketplace.queries.models import catalogue_snapshot, model_ids, model_in_reach
from apps.marketplace.queries.official import official_prices
from apps.marketplace.queries.parity import parity_report
from apps.marketplace.queries.previews import config_in_credits, earliest_start, price_preview
from apps.marketplace.queries.prices import credit_rate, price_history, price_in_force, price_numbers, price_version
from apps.marketplace.queries.reach import model_grants_of, reach_of
from apps.marketplace.queries.subscriptions import (
    alert,
    alert_targets,
    alerts_of_address,
    alerts_of_person,
    alerts_of_team,
    all_alerts_of_person,
    asked_alert,
    card_of,
    models_in,
    of_person,
    sight_of_people_in,
    sight_of_person,
    sight_of_team,
)
from apps.marketplace.queries.templates import first_config, pricing_template, pricing_templates, template_versions

__all__ = [
    "BulkPreview",
    "BulkScope",
    "Listing",
    "alert",
    "alert_targets",
    "alerts_of_address",
    "alerts_of_person",
    "alerts_of_team",
    "all_alerts_of_person",
    "asked_alert",
    "bulk_preview",
    "card_of",
    "catalogue_snapshot",
    "catalogue_stamp",
    "change_card",
    "changes_page",
    "changes_to_tell",
    "config_in_credits",
    "credit_rate",
    "earliest_start",
    "export_section",
    "exported_template",
    "first_config",
    "listed_models",
    "listing",
    "model_grants_of",
    "model_ids",
    "model_in_reach",
    "model_types",
    "models_in",
    "models_in_scope",
    "of_person",
    "official_prices",
    "parity_report",
    "price_history",
    "price_in_force",
    "price_numbers",
    "price_preview",
    "price_version",
    "pricing_template",
    "pricing_templates",
    "reach_of",
    "seen_changes",
    "sight_of_people_in",
    "sight_of_person",
    "sight_of_team",
    "template_versions",
]
