"""What the request log and its sums answer with: frozen values. No tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from apps.accounts.types import NoticeKind
from apps.core.ids import public_id

BALANCE_LOW = NoticeKind("balance.low", _("The balance is about to end"))
BUDGET_KINDS = (
    NoticeKind("budget.50", _("Half of a limit or budget is used")),
    NoticeKind("budget.80", _("80 % of a limit or budget is used")),
    NoticeKind("budget.100", _("A limit or budget is used up")),
)


@dataclass(frozen=True, slots=True)
class LogFilters:
    """Which calls of a team; None and empty stand for all. `from_at` is included, `to_at` is not."""

    token_id: int | None = None
    model_code: str = ""
    status: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call as the log shows it. `ip` is None once retention ended. Names of tokens are the caller's to add."""

    call_id: UUID
    at: datetime
    token_id: int
    user_id: int | None
    model_code: str
    endpoint: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    charge_nanos: int
    price_version_id: int
    status: int
    latency_ms: int
    first_byte_ms: int | None
    streamed: bool
    estimated: bool
    error_code: str
    ip: str | None

    @property
    def request_id(self) -> str:
        return public_id("req", self.call_id)


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call with what it was priced by. `quantities`: counts of other meters, and the conditions of its price."""

    logged: LoggedCall
    settled_at: datetime
    access_group: str
    multiplier: Decimal
    quantities: Mapping[str, int | str | bool]


@dataclass(frozen=True, slots=True)
class DaySpend:
    """One model's calls on one business day."""

    day: date
    model_code: str
    calls: int
    errors: int
    input_tokens: int
    output_tokens: int
    charge_nanos: int


@dataclass(frozen=True, slots=True)
class MinuteCalls:
    minute: datetime
    token_id: int
    model_code: str
    status: int
    calls: int
    refused: int


@dataclass(frozen=True, slots=True)
class TodayFigures:
    """A team's business day so far. `refused` calls were turned away before they cost anything and are not in `calls`.

    `median_latency_ms` is that of the newest thousand calls that succeeded; None without any.
    """

    calls: int
    errors: int
    refused: int
    spend_nanos: int
    median_latency_ms: int | None

    @property
    def error_percent(self) -> float:
        """Failed calls among all, in percent with one decimal."""
        return round(100 * self.errors / self.calls, 1) if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """What refusals are counted by. `model_code` is empty for models that do not exist, or not for this caller."""

    minute: datetime
    team_id: int
    token_id: int
    model_code: str
    status: int


@dataclass(frozen=True, slots=True)
class PassedStep:
    """A limit of which `percent` is used now, and was not when this was last asked. `base_nanos` names the period."""

    account_id: int
    wallet_id: int
    kind: int
    label: str
    base_nanos: int
    limit_nanos: int
    used_nanos: int
    resets_at: datetime | None
    percent: int
