"""A wallet with a token on a clock of the test. Figures are whole credits."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.core.partitions import uuid_floor
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import LotSource, TransferKind
from apps.wallet.types import HoldRequest, LotTerms, Mandate, Refusal, SettleEntry

CREDIT = 1_000_000_000


class LedgerClock:
    """The ledger's clock in a test's hands. It begins at the present and ticks a microsecond each time it is read."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self._sql("CREATE SEQUENCE test_ticks")
        self.to(self.now)

    def to(self, at: datetime) -> datetime:
        self.now = at
        self._sql(
            "CREATE OR REPLACE FUNCTION wallet_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT '{at.isoformat()}'::timestamptz + nextval('test_ticks') * interval '1 microsecond' $$"
        )
        return at

    def forward(self, **span: int) -> datetime:
        return self.to(self.now + timedelta(**span))

    def after(self, **span: int) -> datetime:
        return self.now + timedelta(**span)

    def call_id(self) -> UUID:
        """Minted by a process with the same clock."""
        return UUID(int=(uuid_floor(self.now).int >> 80 << 80) | 7 << 76 | 2 << 62 | secrets.randbits(62))

    def _sql(self, text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)


@dataclass
class Purse:
    """An empty wallet with a token, on a clock of the test."""

    clock: LedgerClock
    wallet: int
    token: int
    owner: int
    held: dict[UUID, HoldRequest] = field(default_factory=dict)

    def grant(
        self, credits_: int, *, until: datetime | None = None, paid: int = 0, refund_until: datetime | None = None
    ) -> UUID:
        terms = LotTerms(spend_until=until, refund_until=refund_until, paid_minor=paid, currency="CNY" if paid else "")
        source = LotSource.PURCHASE if paid else LotSource.GIFT
        mandate = Mandate(f"grant:{self.clock.call_id()}", "", actor=None)
        return wallet.grant_lot(self.wallet, mandate, amount_nanos=credits_ * CREDIT, source=source, terms=terms)

    def hold(self, credits_: int, *, call: UUID | None = None) -> UUID:
        request = HoldRequest(call or self.clock.call_id(), (self.token, self.wallet), credits_ * CREDIT, tokens=0)
        answer = wallet.authorise(request, owner_id=self.owner)
        assert answer.refusal is None, answer
        self.held[request.call_id] = request
        return request.call_id

    def refusal(self, credits_: int) -> Refusal | None:
        request = HoldRequest(self.clock.call_id(), (self.token, self.wallet), credits_ * CREDIT, tokens=0)
        return wallet.authorise(request, owner_id=self.owner).refusal

    def settle(self, call: UUID, credits_: int) -> int:
        settled = wallet.settle_hold(SettleEntry(call, self.held[call].accounts, credits_ * CREDIT, 0))
        return settled.charged_nanos // CREDIT

    def spend(self, credits_: int) -> UUID:
        call = self.hold(credits_)
        self.settle(call, credits_)
        return call

    def owe(self, credits_: int, day: int) -> None:
        wallet.open_due(
            self.wallet,
            Mandate(f"storage:{day}", f"day {day}", actor=None),
            amount_nanos=credits_ * CREDIT,
            kind=TransferKind.STORAGE_FEE,
            since=self.clock.after(days=day - 10),
        )

    def left(self) -> list[int]:
        """Of each lot, in the order of the grants."""
        return [lot.remaining_nanos // CREDIT for lot in queries.lots_of(self.wallet)]

    def available(self) -> int:
        return queries.balance_of(self.wallet).available_nanos // CREDIT

    def drawn(self, call: UUID) -> list[int]:
        return [draw.amount_nanos // CREDIT for draw in queries.draws_of(call)]
