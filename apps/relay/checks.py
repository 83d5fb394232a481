"""The sandbox answers with text of its own and charges real credits for it: not where DEBUG is off."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from apps.core.start import START
from apps.relay import queries


@checks.register(START, checks.Tags.database, deploy=True)
def sandbox_is_off(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    if not databases:
        return []
    return [
        checks.Error(f"The channel {name} answers from the sandbox.", hint="Disable the channel.", id="sluice.E005")
        for name in queries.enabled_sandboxes()
    ]
