"""Mirrors of the ledger's tables. Rows change through `apps/wallet/sql/*.sql` only."""

from django.db import models


class Account(models.Model):
    """A wallet, a limit or a house account; all one shape."""

    wallet_id = models.BigIntegerField()

    class Meta:
        db_table = "wallet_account"
