"""Brings in balances and tokens: reads everything once to judge it, then again to write it, some rows a transaction.

A kill between two batches loses nothing: the next run finds what is here by its key and goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.console.moving import closing
from apps.console.moving.checking import SOURCE, Balance, Judged, Rules, Token, in_batches, judge
from apps.console.moving.errors import RowsBad
from apps.console.moving.files import ImportFile, rows_of
from apps.console.moving.owners import settle_homes
from apps.console.moving.quota_rate import QuotaRate
from apps.console.moving.repeats import Repeats, mark_of, on_disk
from apps.console.moving.rows import TYPES, BadRow
from apps.core.errors import SluiceError
from apps.relay import services as relay
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.types import Mandate

REASON: Final = "Balance moved here from another system"
UNKNOWN_LISTED: Final = 1000
WRITTEN_AT_ONCE: Final = 25
"""Calls of these wallets wait until the transaction ends: a fifth of a second on an idle machine."""
Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Options:
    dry_run: bool = False
    skip_bad: bool = False
    create_users: bool = False


@dataclass(slots=True)
class TypeTally:
    """What the file holds of one type, and what of it this run wrote."""

    rows: int = 0
    quota: int = 0
    nanos: int = 0
    new_rows: int = 0
    new_nanos: int = 0


@dataclass(slots=True)
class Tally:
    types: dict[str, TypeTally] = field(default_factory=lambda: {name: TypeTally() for name in TYPES})
    tokens: int = 0
    new_tokens: int = 0
    blocked_tokens: int = 0
    zero_rows: int = 0
    rounded_rows: int = 0
    bad_rows: int = 0
    unknown_emails: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Moving:
    """One run. `tell` hears a line for each bad row as it is found, so that no list of them is kept."""

    files: Sequence[ImportFile]
    rate: QuotaRate
    options: Options
    at: datetime
    tell: Tell
    tally: Tally = field(default_factory=Tally)
    _repeated: set[bytes] = field(default_factory=set)

    @property
    def rules(self) -> Rules:
        return Rules(self.rate, self.options.create_users, self.at)

    def check(self) -> None:
        """Judges every row, and counts. Raises `RowsBad` when one is bad, unless bad rows are to be skipped."""
        with on_disk() as repeats:
            for file in self.files:
                for batch in in_batches(rows_of(file)):
                    order = {row.place: number for number, row in enumerate(batch)}
                    judged = judge(batch, self.rules)
                    judged.bad.sort(key=lambda row: order[row.place])
                    self._count(judged, repeats)
            for mark, place, first in repeats.found():
                self._repeated.add(mark)
                self._tell_bad(BadRow(place, (f"the same source_id and type, or key, as {first}",)))
        if self.tally.bad_rows and not self.options.skip_bad:
            raise RowsBad(f"{self.tally.bad_rows} problems in the file, told above. Nothing was imported.")

    def write(self) -> None:
        """Writes what is not here yet. With `dry_run` every batch is taken back, after all has been done."""
        for file in self.files:
            for batch in in_batches(rows_of(file)):
                judged = judge(batch, self.rules)
                if judged.bad and not self.options.skip_bad:
                    raise RowsBad(f"{judged.bad[0].place}: {'; '.join(judged.bad[0].problems)}. Import stopped here.")
                self._write(judged)

    # -- Counting --------------------------------------------------------------------------------

    def _count(self, judged: Judged, repeats: Repeats) -> None:
        for bad in judged.bad:
            self._tell_bad(bad)
        if len(self.tally.unknown_emails) < UNKNOWN_LISTED:
            self.tally.unknown_emails |= {owner.email for owner in judged.unknown if owner.email}
        for balance in judged.balances:
            self._count_balance(balance)
            repeats.add(balance.row.key.encode(), place=balance.row.place)
        for token in judged.tokens:
            self.tally.tokens += 1
            self.tally.blocked_tokens += 0 < token.limit_nanos <= token.used_nanos
            repeats.add(token.digest, place=token.row.place)

    def _count_balance(self, balance: Balance) -> None:
        of_type = self.tally.types[balance.row.type]
        of_type.rows += 1
        of_type.quota += balance.row.quota
        of_type.nanos += balance.amount_nanos
        self.tally.zero_rows += not balance.amount_nanos
        self.tally.rounded_rows += self.rate.rounds(balance.row.quota)

    def _tell_bad(self, bad: BadRow) -> None:
        self.tally.bad_rows += 1
        self.tell(f"{bad.place}: {'; '.join(bad.problems)}")

    def _is_wanted(self, identity: bytes) -> bool:
        return not self._repeated or mark_of(identity) not in self._repeated

    # -- Writing ---------------------------------------------------------------------------------

    def _write(self, judged: Judged) -> None:
        balances = [
            b for b in judged.balances if b.amount_nanos and not b.is_here and self._is_wanted(b.row.key.encode())
        ]
        tokens = [t for t in judged.tokens if not t.is_here and self._is_wanted(t.digest)]
        for start in range(0, len(balances), WRITTEN_AT_ONCE):
            self._write_balances(balances[start : start + WRITTEN_AT_ONCE])
        for start in range(0, len(tokens), WRITTEN_AT_ONCE):
            self._write_tokens(tokens[start : start + WRITTEN_AT_ONCE])

    def _write_balances(self, balances: list[Balance]) -> None:
        with transaction.atomic(durable=True):
            closing.enter(self.rate, at=self.at)
            here = wallet_queries.lots_by_key([balance.row.key for balance in balances])  # by a run at the same time
            fresh = [balance for balance in balances if balance.row.key not in here]
            homes = settle_homes({b.row.owner for b in fresh}, create_users=self.options.create_users)
            wallets = [homes[balance.row.owner].wallet_id or 0 for balance in fresh]
            wallet.lock_accounts(list(set(wallets)))
            for balance, wallet_id in zip(fresh, wallets, strict=True):
                self._grant(balance, wallet_id)
            if self.options.dry_run:
                transaction.set_rollback(True)

    def _grant(self, balance: Balance, wallet_id: int) -> None:
        """Raises `RowsBad`, which names the row, for whatever the ledger refuses."""
        row = balance.row
        try:
            mandate = Mandate(row.key, REASON, actor=None)
            wallet.grant_lot(wallet_id, mandate, amount_nanos=balance.amount_nanos, source=SOURCE, terms=row.terms)
        except SluiceError as error:
            raise RowsBad(f"{row.place}: {error.text} Import stopped here.") from None
        of_type = self.tally.types[row.type]
        of_type.new_rows += 1
        of_type.new_nanos += balance.amount_nanos

    def _write_tokens(self, tokens: list[Token]) -> None:
        with transaction.atomic(durable=True):
            closing.enter(self.rate, at=self.at)
            homes = settle_homes({t.row.owner for t in tokens}, create_users=self.options.create_users)
            adopted = [token.for_team(homes[token.row.owner].team_id or 0) for token in tokens]
            try:
                self.tally.new_tokens += sum(relay.adopt_tokens(adopted, at=self.at))
            except SluiceError as error:
                raise RowsBad(f"{tokens[0].row.place} or after it: {error.text} Import stopped here.") from None
            if self.options.dry_run:
                transaction.set_rollback(True)
