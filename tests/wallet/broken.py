"""A wallet whose ledger a test then breaks by hand, past triggers and services."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection

from apps.core.ids import uuid7
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import AccountKind, LotSource
from apps.wallet.types import HoldRequest, LotTerms, Mandate, SettleEntry


@dataclass
class Spender:
    """A wallet with 100 nanocredits as one gift, and a token without a limit."""

    wallet: int
    token: int
    lot: UUID

    def hold(self, nanos: int) -> UUID:
        call = uuid7()
        request = HoldRequest(call, (self.token, self.wallet), nanos, 0)
        assert wallet.authorise(request, owner_id=wallet.register_owner("test")).refusal is None
        return call

    def charge(self, nanos: int) -> UUID:
        """A call; its transfer has its id."""
        call = self.hold(nanos)
        wallet.settle_hold(SettleEntry(call, (self.token, self.wallet), nanos, 0))
        return call

    def book(self) -> None:
        ask("SELECT wallet_tend_lots(%s)", self.wallet)

    def end_lot(self) -> None:
        """The lot ended an hour ago, and the ledger notices now."""
        change("UPDATE wallet_lot SET spend_until = wallet_now() - interval '1 hour' WHERE id = %s", self.lot)
        self.book()


def spender(*, days: int | None = None) -> Spender:
    wallet_id = wallet.open_wallet("Acme")
    terms = LotTerms(spend_until=queries.wallet_time() + timedelta(days=days)) if days else LotTerms()
    lot = wallet.grant_lot(
        wallet_id, Mandate(f"gift:{wallet_id}", "gift", None), amount_nanos=100, source=LotSource.GIFT, terms=terms
    )
    return Spender(wallet_id, wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None), lot)


def change(text: str, *parameters: object) -> None:
    """Writes with the triggers off, as somebody would who may do anything."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(text, parameters)
        cursor.execute("SET LOCAL session_replication_role = origin")


def without_constraint(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def ask(text: str, *parameters: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
