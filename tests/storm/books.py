"""Reads the books after a round and says, in a sentence each, what is not as it must be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.storm.load import Receipt

CHARGED_AS_SAID = """
SELECT c.id, c.expected, c.cost, u.charge_nanos, t.legs, t.charged, t.lost
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS c (id, expected, cost)
    LEFT JOIN usage_record u ON u.id = c.id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE kind IN (1, 4)) AS legs,
            coalesce(sum(amount_nanos) FILTER (WHERE kind IN (1, 4)), 0)::bigint AS charged,
            coalesce(sum(amount_nanos) FILTER (WHERE kind = 5), 0)::bigint AS lost
        FROM wallet_transfer
        WHERE id IN (c.id, wallet_leg_id(c.id, 'late'), wallet_leg_id(c.id, 'loss'))
    ) t
WHERE t.legs <> 1 OR u.charge_nanos IS NULL OR u.charge_nanos <> t.charged
    OR t.charged <> c.cost OR t.charged + t.lost <> c.expected
"""
CHARGED_TWICE = """
SELECT hold_id FROM wallet_transfer WHERE kind IN (1, 4) AND amount_nanos > 0 GROUP BY hold_id HAVING count(*) > 1
"""
OVERDRAWN = """
SELECT id FROM wallet_account WHERE capped AND kind <> 10 AND debits_posted + debits_pending > credits_posted
"""
HELD = "SELECT count(*) FROM wallet_hold"
GRANTED_AS_SAID = """
SELECT g.key FROM unnest(%s::text[], %s::bigint[]) AS g (key, amount)
WHERE (
    SELECT coalesce(sum(t.amount_nanos), 0) FROM wallet_posting p JOIN wallet_transfer t ON t.id = p.transfer_id
    WHERE p.key = g.key
) <> g.amount
"""
FIGURES = """
SELECT count(*) FILTER (WHERE kind IN (1, 4)), count(*) FILTER (WHERE kind = 2), count(*) FILTER (WHERE kind = 3),
    count(*) FILTER (WHERE kind = 4), count(*) FILTER (WHERE kind = 5)
FROM wallet_transfer
"""


class Reader(Protocol):
    """Who asks the database; a `Site` does."""

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Figures:
    """How many transfers of each kind there are."""

    charged: int
    voided: int
    expired: int
    late: int
    lost: int

    def since(self, before: "Figures") -> "Figures":
        return Figures(
            self.charged - before.charged,
            self.voided - before.voided,
            self.expired - before.expired,
            self.late - before.late,
            self.lost - before.lost,
        )


def figures(reader: Reader) -> Figures:
    return Figures(*reader.rows(FIGURES)[0])


def open_holds(reader: Reader) -> int:
    return int(reader.rows(HELD)[0][0])


def receipts_broken(reader: Reader, receipts: Sequence[Receipt]) -> list[str]:
    """Calls that a caller saw answered, and that were not charged once with the right figure."""
    calls, expected = [r.call_id for r in receipts], [r.expected_nanos for r in receipts]
    rows = reader.rows(CHARGED_AS_SAID, calls, expected, [r.cost_nanos for r in receipts])
    return [_sentence(*row) for row in rows]


def _sentence(*row: Any) -> str:
    call_id, expected, cost, recorded, legs, charged, lost = row
    return (
        f"call {call_id} was answered for {cost} of {expected}; recorded {recorded}, "
        f"charged {charged} in {legs} transfers, lost {lost}"
    )


def grants_broken(reader: Reader, granted: dict[str, int]) -> list[str]:
    rows = reader.rows(GRANTED_AS_SAID, list(granted), list(granted.values()))
    return [f"grant {row[0]} was acknowledged and is not there once with its amount" for row in rows]


def rules_broken(reader: Reader) -> list[str]:
    """What must hold of the whole ledger once no call is under way."""
    sentences = {
        "call {} was charged twice": CHARGED_TWICE,
        "account {} is overdrawn": OVERDRAWN,
    }
    found = [text.format(row[0]) for text, query in sentences.items() for row in reader.rows(query)]
    held = open_holds(reader)
    return [*found, f"{held} holds are left"] if held else found
