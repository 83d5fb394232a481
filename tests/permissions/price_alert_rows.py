"""Who gets what from the pages of price alerts: a part of the permission table."""

from typing import Final

from tests.permissions.expected import NOT_OFFERED, PUBLIC, Row

PRICE_ALERTS: Final = (
    Row("console:price_alerts", "GET", "/price-alerts", PUBLIC),
    Row("console:price_alert_asked", "GET", "/price-alerts/asked", PUBLIC),
    Row("console:price_alert_confirm", "GET", "/price-alerts/confirm/alert_nothing", NOT_OFFERED),
    Row("console:alert_link", "GET", "/price-alerts/link/nothing", NOT_OFFERED),
    Row("console:alert_link_end_all", "GET", "/price-alerts/link/nothing/end-all", NOT_OFFERED),
    Row("console:price_alert_end", "POST", "/price-alerts/sub_nothing/end", "302 404 404 404 404 404 404 404"),
    Row("console:team_price_alerts", "GET", "/console/team/price-alerts", "302 200 403 403 403 200 200 200"),
    Row(
        "console:team_price_alert_end",
        "POST",
        "/console/team/price-alerts/sub_nothing/end",
        "302 404 403 403 403 404 404 404",
    ),
)
