"""What callers pass to the ledger and get back: plain frozen values. No tables, no rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID


class House(IntEnum):
    """Ids of the accounts that have no live balance; their sums are read from the transfers."""

    REVENUE = 1
    FUNDING = 2
    LOSS = 3
    EXPIRED = 4


class LimitKind(IntEnum):
    """What a limit bounds: for `open_limit`. The numbers are those of the accounts' kinds."""

    TOKEN = 2
    PROJECT = 3
    MEMBER = 4
    TEAM = 5
    RATE = 6


TASKS_OWNER = 1
"""The owner whose lease never ends: holds of tasks that outlive their request."""


class Refusal(StrEnum):
    """What said no, in the order in which it is asked."""

    UNKNOWN = "unknown"
    RESOLVED = "resolved"
    GONE = "gone"
    CLOSED = "closed"
    CONCURRENCY = "concurrency"
    RPM = "rpm"
    TPM = "tpm"
    FUNDS = "funds"
    FREE = "free"


class Outcome(StrEnum):
    CHARGED = "charged"
    VOIDED = "voided"
    LATE = "late"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits of one account for one call; 0 stands for no limit of that kind."""

    concurrency: int = 0
    rpm: int = 0
    tpm: int = 0


NO_LIMITS = RateLimits()


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """`accounts`: the token's first, the wallet last, 2 to 8, all different."""

    call_id: UUID
    accounts: tuple[int, ...]
    amount_nanos: int
    tokens: int
    token_limits: RateLimits = NO_LIMITS
    wallet_limits: RateLimits = NO_LIMITS
    max_seconds: int = 3900


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """`have_nanos`: what the refusing account has; when granted, the least any capped account has left."""

    refusal: Refusal | None
    account_id: int
    have_nanos: int
    retry_after_ms: int


@dataclass(frozen=True, slots=True)
class SettleEntry:
    """`row`: the usage columns, in the order of the settle statement's `column_types`."""

    call_id: UUID
    accounts: tuple[int, ...]
    charge_nanos: int
    tokens: int
    row: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """A settle that the database refused for good: the hold is given back, and an operator hears of the charge."""

    entry: SettleEntry


@dataclass(frozen=True, slots=True)
class Settlement:
    """`available_nanos`: what this call's accounts can still spend together."""

    outcome: Outcome
    charged_nanos: int
    available_nanos: int
    lost_nanos: int


@dataclass(frozen=True, slots=True)
class SettleStatement:
    """The one statement of a settle: `batching.SETTLE_CALL` and what else is written with it.

    `column_types` names the PostgreSQL type of each array that follows the ledger's own parameters, one array a
    column of `SettleEntry.row`: smallint integer bigint boolean uuid text timestamptz. Anything else travels as text
    and is cast by the statement.
    """

    text: str
    column_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    balance_nanos: int
    held_nanos: int
    available_nanos: int


@dataclass(frozen=True, slots=True)
class LimitUse:
    """`limit_nanos` and `remaining_nanos`: None for an account that is not capped; `resets_at`: the next refill."""

    used_nanos: int
    held_nanos: int
    remaining_nanos: int | None
    open_slots: int
    limit_nanos: int | None = None
    refill: str = ""
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LimitInUse:
    """An open limit in its present period: what its calls were charged, without what is held."""

    account_id: int
    wallet_id: int
    kind: int
    label: str
    limit_nanos: int
    used_nanos: int
    resets_at: datetime | None

    @property
    def percent(self) -> int:
        """Cut, so that 100 means used up."""
        return self.used_nanos * 100 // self.limit_nanos


@dataclass(frozen=True, slots=True)
class RateUse:
    """Use of the last minute as shares of the limit asked about, and the calls under way."""

    open_slots: int
    requests: int
    tokens: int
    all_free_at: datetime | None = None
    """When nothing of the limits will be used any more, if no call comes; None where nothing is used now."""


@dataclass(frozen=True, slots=True)
class OpenHold:
    call_id: UUID
    wallet_id: int
    accounts: tuple[int, ...]
    amount_nanos: int
    owner_id: int
    max_until: datetime


@dataclass(frozen=True, slots=True)
class LotState:
    lot_id: UUID
    source: str
    granted_nanos: int
    remaining_nanos: int
    spend_until: datetime | None
    refund_until: datetime | None
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry that is not a call. `kind` is a `TransferKind`; `actor` is a plain id or None for the platform.

    `lot_id`: the entry takes from this lot and no other. `reverses`: the transfer that it corrects.
    """

    key: str
    kind: int
    debit_account: int
    credit_account: int
    amount_nanos: int
    wallet_id: int
    reason: str = ""
    actor: int | None = None
    reverses: UUID | None = None
    lot_id: UUID | None = None
    call_id: UUID | None = None
    business_on: date | None = None
    approval_id: int | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """Why an entry is made, by whom (None: the platform), under which idempotency key, and who agreed."""

    key: str
    reason: str
    actor: int | None
    approval_id: int | None = None


@dataclass(frozen=True, slots=True)
class LotRefund:
    """Credits of a lot that were paid back; `paid_back_minor` is money in the minor unit of `currency`."""

    transfer_id: UUID
    amount_nanos: int
    paid_back_minor: int
    currency: str
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class LotToGo:
    """What can leave a lot now, and the money that a refund of it would pay back: 0 where nobody paid."""

    amount_nanos: int
    paid_back_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class DrawnFrom:
    """What a call took from one lot."""

    lot_id: UUID
    source: str
    amount_nanos: int
    spend_until: datetime | None
    is_paid: bool


@dataclass(frozen=True, slots=True)
class DueState:
    """What a wallet owes; `kind` is the `TransferKind` of the charge that it waits to become."""

    key: str
    kind: int
    amount_nanos: int
    reason: str
    since: datetime
    business_on: date | None


class StaffActName(StrEnum):
    """What staff may do to a wallet's money, as the audit trail and the approvals call it."""

    GRANT = "credits.granted"
    DEBIT = "credits.adjusted"
    CHARGE_REFUND = "charge.refunded"
    LOT_REFUND = "lot.refunded"
    WITHDRAWAL = "lot.withdrawn"
    REVERSAL = "transfer.reversed"
    DUE_CANCELLATION = "due.cancelled"


@dataclass(frozen=True, slots=True)
class StaffAct:
    """One act on one wallet. `parameters` are all that decides what happens, as JSON has it: what is approved."""

    name: StaffActName
    wallet_id: int
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LotTerms:
    """How long granted credits last, and what was paid for them."""

    spend_until: datetime | None = None
    refund_until: datetime | None = None
    paid_minor: int = 0
    currency: str = ""
    price_tier: str = ""


NO_TERMS = LotTerms()


@dataclass(frozen=True, slots=True)
class GrantedLot:
    """A lot as it was granted, whatever became of it."""

    wallet_id: int
    source: str
    amount_nanos: int
    terms: LotTerms


@dataclass(frozen=True, slots=True)
class LotSum:
    lots: int
    granted_nanos: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the ledger that a row breaks, as a sentence for the operator, and the wallet it is about, if one."""

    sentence: str
    wallet_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    at: datetime
    amount_nanos: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallEntries:
    """`charged_nanos` is what the wallet paid, before what `refunds` gave back."""

    held_nanos: int
    charged_nanos: int
    settled_at: datetime
    refunds: tuple[Refunded, ...]

    @property
    def net_nanos(self) -> int:
        return self.charged_nanos - sum(refund.amount_nanos for refund in self.refunds)
