from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from apps.core import partitions


class WalletConfig(AppConfig):
    name = "apps.wallet"
    label = "wallet"
    verbose_name = _("Ledger")

    def ready(self) -> None:
        post_migrate.connect(ensure_partitions, sender=self, dispatch_uid="wallet.partitions")


def ensure_partitions(**kwargs: Any) -> None:
    """`migrate` leaves no partitioned table without its next months. Here, because `core` has no tables to migrate."""
    partitions.ensure_all()
