"""The accounts of the plain model: what a wallet or a limit has, and when a limit is filled up again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.wallet.histories.book import Book

ENDLESS = 2**63 - 1
ZONE = ZoneInfo("Asia/Shanghai")


def next_start(refill: str, now: datetime) -> datetime | None:
    """The first instant after `now` at which a day, a week or a month begins in the billing zone."""
    if not refill:
        return None
    day = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while (refill == "weekly" and day.weekday() != 0) or (refill == "monthly" and day.day != 1):
        day += timedelta(days=1)
    return day.astimezone(UTC)


@dataclass
class Account:
    """What every account counts. This one bounds nothing: a token without a limit."""

    id: int
    wallet: int
    debits: int = 0
    pending: int = 0
    slots: int = 0
    base: int = 0
    is_closed: bool = False

    @property
    def is_capped(self) -> bool:
        return False

    @property
    def credits(self) -> int:
        """Up to where the account may be used; 0 where nothing limits."""
        return 0

    @property
    def room(self) -> int:
        return self.credits - self.debits - self.pending if self.is_capped else ENDLESS

    @property
    def next_start(self) -> datetime | None:
        return None

    def refill_if_due(self, now: datetime) -> None:
        """Only limits are ever filled up."""


@dataclass
class Wallet(Account):
    """`received`: all credits that ever came in."""

    received: int = 0

    @property
    def is_capped(self) -> bool:
        return True

    @property
    def credits(self) -> int:
        return self.received


@dataclass
class Limit(Account):
    """May be used `limit` further than it was when its period began, or was opened."""

    limit: int | None = None
    refill: str = ""
    wake_at: datetime | None = None

    @property
    def is_capped(self) -> bool:
        return self.limit is not None

    @property
    def credits(self) -> int:
        """A lowered limit stands where its use stands until that falls below it."""
        return 0 if self.limit is None else max(self.base + self.limit, self.debits + self.pending)

    @property
    def next_start(self) -> datetime | None:
        return self.wake_at

    def refill_if_due(self, now: datetime) -> None:
        if self.wake_at is not None and self.wake_at <= now:
            self.base = self.debits
            self.wake_at = next_start(self.refill, now)

    def change(self, limit: int | None, refill: str, now: datetime) -> None:
        """A limit that begins to be filled up starts its first period empty."""
        refill = refill if limit is not None else ""
        if refill and not self.refill:
            self.base = self.debits
        self.limit, self.refill, self.wake_at = limit, refill, next_start(refill, now)


@dataclass
class FreeCredit(Account):
    """While the wallet's switch is on, calls may use what the free lots have left; counted after every act."""

    book: Book = field(default_factory=Book)
    counted: int = 0

    @property
    def is_capped(self) -> bool:
        return self.book.is_free_first

    @property
    def credits(self) -> int:
        return max(self.counted, self.debits + self.pending) if self.book.is_free_first else 0

    def count(self) -> None:
        self.counted = self.debits + self.book.free_left()
