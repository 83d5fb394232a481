"""Nobody of the demo may be there when a process starts with DEBUG off: the demo's sign-in was made for one machine."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from apps.accounts import queries as people
from apps.console.demo import STAFF_EMAIL, USER_EMAIL
from apps.core.start import START


@checks.register(START, checks.Tags.database, deploy=True)
def demo_has_left(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    if not databases:
        return []
    return [
        checks.Error(f"The demo's {email} is in this database.", hint="Begin with an empty one.", id="sluice.E004")
        for email in (USER_EMAIL, STAFF_EMAIL)
        if people.user_by_email(email) is not None
    ]
