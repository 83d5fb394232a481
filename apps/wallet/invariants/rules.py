"""What a rule of the ledger is: a sentence, and a query for the rows that break it, asked in one of three widths.

A query selects the key that its sentence names and the wallet that it belongs to. It may hold
- `<touched x.wallet_id>`: only these wallets, where not all are asked about;
- `<since x.at>`, `<minted x.id>`: only rows of this time on, where not all are asked about;
- `<left>`: what a lot `l` has left by its books;
- `<sums>`: every account's transfers, added up; from the checkpoints on, where those are trusted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from apps.wallet.types import House

_MARKS = re.compile(r"<(touched|since|minted) ([\w.]+)>")
_NARROW = {
    "touched": "{} = ANY (%(wallets)s)",
    "since": "{} >= %(since)s",
    "minted": "{} >= wallet_uuid_floor(%(since)s::timestamptz - interval '1 hour')",
}
_LEFT = "(l.amount_nanos - l.consumed_nanos - l.expired_nanos - l.refunded_nanos - l.withdrawn_nanos)"
_HOUSES = ", ".join(str(int(house)) for house in House)

# What each account's transfers come to. `drawn`: taken from the wallet and from no lot in particular; `granted`: came
# in as a lot; `returned`: was drawn and came back, unlike what had left a lot undrawn; `charged`: of a limit,
# what its calls took.
SUMMED = ("debits", "credits", "drawn", "granted", "returned", "charged")
LEGS = f"""
    SELECT t.debit_account AS account_id, t.at, t.amount_nanos AS debits, 0::bigint AS credits,
        CASE WHEN t.lot_id IS NULL THEN t.amount_nanos ELSE 0 END AS drawn,
        0::bigint AS granted, 0::bigint AS returned, 0::bigint AS charged
    FROM wallet_transfer t WHERE {{where}} AND t.debit_account NOT IN ({_HOUSES})
    UNION ALL
    SELECT t.credit_account, t.at, 0, t.amount_nanos, 0,
        CASE WHEN t.kind = 6 THEN t.amount_nanos ELSE 0 END,
        CASE WHEN t.kind = 13 OR t.kind = 10 AND EXISTS (
            SELECT 1 FROM wallet_transfer c WHERE c.id = t.reverses_id AND c.lot_id IS NULL
        ) THEN t.amount_nanos ELSE 0 END, 0
    FROM wallet_transfer t WHERE {{where}} AND t.credit_account NOT IN ({_HOUSES})
    UNION ALL
    SELECT x.id, t.at, 0, 0, 0, 0, 0, t.amount_nanos
    FROM wallet_transfer t CROSS JOIN LATERAL unnest(t.accounts) AS x (id)
    WHERE {{where}} AND t.kind IN (1, 4) AND x.id <> t.wallet_id
"""  # noqa: S608  constants
ADDED = ", ".join(f"sum(s.{name})::bigint AS {name}" for name in SUMMED)
_SUMS = f"(SELECT s.account_id, {ADDED} FROM ({{rows}}) s GROUP BY s.account_id)"  # noqa: S608  constants
_CHECKPOINTS = f"SELECT account_id, last_at, {', '.join(SUMMED)} FROM wallet_checkpoint UNION ALL "  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Rule:
    sentence: str
    query: str

    @property
    def is_of_sums(self) -> bool:
        return "<sums>" in self.query

    @property
    def is_of_wallets(self) -> bool:
        """Whether it must be asked about wallets that something happened to, a batch at a time."""
        return "<touched " in self.query and not self.is_of_sums

    def whole(self) -> str:
        """About everything, from nothing but the transfers."""
        return _written(self.query, narrow={}, sums=LEGS.format(where="true"))

    def since(self) -> str:
        """About rows since `%(since)s`; sums begin with the checkpoints, which end at `%(until)s`."""
        narrow = {name: _NARROW[name] for name in ("since", "minted")}
        return _written(self.query, narrow=narrow, sums=_CHECKPOINTS + LEGS.format(where="t.at >= %(until)s"))

    def of_wallets(self) -> str:
        """About `%(wallets)s` alone, from all their transfers."""
        narrow = {"touched": _NARROW["touched"]}
        return _written(self.query, narrow=narrow, sums=LEGS.format(where="t.wallet_id = ANY (%(wallets)s)"))


def _written(query: str, *, narrow: Mapping[str, str], sums: str) -> str:
    found = _MARKS.sub(lambda mark: narrow.get(mark[1], "true").format(mark[2]), query)
    return found.replace("<left>", _LEFT).replace("<sums>", _SUMS.format(rows=sums))
