from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SluiceConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Registers the system checks of every app, ours included."""
        autodiscover_modules("checks")
