from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from apps.console.staff_groups import write_staff_groups


def _write_staff_groups(**_kwargs: Any) -> None:
    write_staff_groups()


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"

    def ready(self) -> None:
        # Django creates each app's permissions in that app's post_migrate: the groups are written after the last one.
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(_write_staff_groups, sender=last, dispatch_uid="staff groups")
