"""A wallet with 100 credits, a token on it, and the check of the ledger after every test that asks for it."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from apps.core.ids import uuid7
from apps.core.partitions import uuid_floor
from apps.wallet import invariants
from apps.wallet import services as wallet
from apps.wallet.models import Account, AccountKind, LotSource
from apps.wallet.types import NO_LIMITS, HoldAnswer, HoldRequest, Mandate, RateLimits, SettleEntry, Settlement

CREDIT = 1_000_000_000


@pytest.fixture
def ledger_checked(db: None) -> Iterator[None]:
    """The ledger's invariants hold when the test is over."""
    yield
    assert invariants.violations() == []


@dataclass
class Payer:
    """A wallet and its token, with the calls a test makes on them."""

    wallet: int
    token: int
    owner: int
    calls: list[HoldRequest] = field(default_factory=list)

    def request(self, nanos: int, **more: object) -> HoldRequest:
        fields: dict[str, object] = {"tokens": 0, "accounts": (self.token, self.wallet)} | more
        self.calls.append(HoldRequest(call_id=uuid7(), amount_nanos=nanos, **fields))  # type: ignore[arg-type]
        return self.calls[-1]

    def hold(self, nanos: int, **more: object) -> HoldAnswer:
        return wallet.authorise(self.request(nanos, **more), owner_id=self.owner)

    def limited(self, *, token: RateLimits = NO_LIMITS, whole: RateLimits = NO_LIMITS, tokens: int = 0) -> HoldAnswer:
        return self.hold(0, token_limits=token, wallet_limits=whole, tokens=tokens)

    def settle(self, nanos: int, *, tokens: int = 0, call: int = -1) -> Settlement:
        request = self.calls[call]
        return wallet.settle_hold(SettleEntry(request.call_id, request.accounts, nanos, tokens))

    def account(self, account_id: int | None = None) -> Account:
        return Account.objects.get(pk=account_id or self.wallet)


@pytest.fixture
def payer(ledger_checked: None) -> Payer:
    wallet_id = wallet.open_wallet("Acme")
    wallet.grant_lot(
        wallet_id,
        Mandate(f"start:{wallet_id}", "start", actor=None),
        amount_nanos=100 * CREDIT,
        source=LotSource.ADJUSTMENT,
    )
    token = wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None)
    return Payer(wallet_id, token, wallet.register_owner("test"))


@pytest.fixture
def freeze_ledger(db: None) -> Callable[[int], None]:
    """Stops the ledger's clock at so many seconds past a fixed instant, for this test's transaction."""

    def freeze(seconds: float) -> None:
        nanoseconds = 1_800_000_000_000_000_000 + int(seconds * 1_000_000_000)
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION wallet_clock() RETURNS bigint LANGUAGE sql VOLATILE "
                f"AS $$ SELECT {nanoseconds}::bigint $$"
            )

    return freeze


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


@pytest.fixture
def ledger_clock(db: None) -> LedgerClock:
    return LedgerClock()
