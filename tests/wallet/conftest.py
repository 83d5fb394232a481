"""A wallet with 100 credits, a token on it, and the check of the ledger after every test that asks for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.db import connection

from apps.core.ids import uuid7
from apps.wallet import invariants, queries
from apps.wallet import services as wallet
from apps.wallet.models import Account, AccountKind, LotSource
from apps.wallet.types import NO_LIMITS, HoldAnswer, HoldRequest, Mandate, RateLimits, SettleEntry, Settlement
from tests.wallet.purses import CREDIT, LedgerClock, Purse


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


@pytest.fixture
def ledger_clock(db: None) -> LedgerClock:
    return LedgerClock()


@pytest.fixture
def purse(ledger_clock: LedgerClock) -> Iterator[Purse]:
    """Whose books are right when the test is over."""
    wallet_id = wallet.open_wallet("Acme")
    token = wallet.open_limit(wallet_id, kind=AccountKind.TOKEN, label="bot", limit_nanos=None)
    purse = Purse(ledger_clock, wallet_id, token, wallet.register_owner("test"))
    yield purse
    wallet.tend_accounts([wallet_id])
    assert invariants.violations() == []
    lots = queries.lots_of(wallet_id)
    assert sum(lot.remaining_nanos for lot in lots) == queries.balance_of(wallet_id).balance_nanos
