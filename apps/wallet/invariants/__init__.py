"""What must always be true of the ledger, as queries that find the rows where it is not.

`violations` asks everything from the transfers alone; `check` is the watch, which adds up only what is new. Each rule
is one statement, so it sees one instant of a ledger at work, and no long snapshot slows the hot rows.
"""

from apps.wallet.invariants.checkpoints import settled_until
from apps.wallet.invariants.watch import ALL, check, note_checked, violations, warnings

RULES: tuple[tuple[str, str], ...] = tuple((rule.sentence, rule.whole()) for rule in ALL)
"""Sentence and query of each rule, asked of the whole ledger; for who brings a connection of their own."""

__all__ = ["RULES", "check", "note_checked", "settled_until", "violations", "warnings"]
