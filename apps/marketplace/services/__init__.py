"""Acts on the catalogue, by subject. Each joins the caller's transaction."""

from apps.marketplace.price_maps import parse_map as parse_price_map
from apps.marketplace.services.bulk_prices import BulkChange, change_prices
from apps.marketplace.services.credit_rates import set_credit_rate
from apps.marketplace.services.group_multipliers import change_multiplier, multiplier_text, withdraw_multiplier
from apps.marketplace.services.importing import import_section
from apps.marketplace.services.marks import prune_marks
from apps.marketplace.services.model_grants import end_model_grant, grant_model
from apps.marketplace.services.official import record_official_price
from apps.marketplace.services.price_maps import (
    drop_price_map,
    import_price_map,
    is_price_map,
    keep_price_map,
    kept_price_map,
)
from apps.marketplace.services.publishing import publish_price, withdraw_price
from apps.marketplace.services.subscriptions import (
    add_own_alert,
    add_team_alert,
    ask_address,
    confirm_alert,
    end_alert,
    end_alerts_of_address,
    end_team_alert,
    forget_alerts_of_person,
    forget_alerts_of_team,
    forget_old_alerts,
)
from apps.marketplace.services.telling import spread_changes, tell_of_launches, tell_subscribers
from apps.marketplace.services.templates import (
    add_template_version,
    check_definition,
    deprecate_template,
    publish_template,
    reinstate_template,
    remove_template,
)

__all__ = [
    "BulkChange",
    "add_own_alert",
    "add_team_alert",
    "add_template_version",
    "ask_address",
    "change_multiplier",
    "change_prices",
    "check_definition",
    "confirm_alert",
    "deprecate_template",
    "drop_price_map",
    "end_alert",
    "end_alerts_of_address",
    "end_model_grant",
    "end_team_alert",
    "forget_alerts_of_person",
    "forget_alerts_of_team",
    "forget_old_alerts",
    "grant_model",
    "import_price_map",
    "import_section",
    "is_price_map",
    "keep_price_map",
    "kept_price_map",
    "multiplier_text",
    "parse_price_map",
    "prune_marks",
    "publish_price",
    "publish_template",
    "record_official_price",
    "reinstate_template",
    "remove_template",
    "set_credit_rate",
    "spread_changes",
    "tell_of_launches",
    "tell_subscribers",
    "withdraw_multiplier",
    "withdraw_price",
]
