"""What a storm prints: a line a round, then the sums."""

from collections import Counter
from dataclasses import dataclass, field

from tests.storm.books import Figures
from tests.storm.choices import Round

HEAD = (
    f"{'round':>5}  {'killed':<18} {'after':>6} {'begun':>6} {'answered':>8} {'charged':>7} {'expired':>7} "
    f"{'seconds':>7} {'violations':>10}"
)


@dataclass
class Outcome:
    """One round, seen by its callers and in the books."""

    round: Round
    begun: int
    answered: int
    statuses: Counter[int]
    figures: Figures
    seconds: float
    violations: list[str] = field(default_factory=list)

    def line(self) -> str:
        made = self.round
        return (
            f"{made.number:>5}  {made.fault:<18} {made.after_seconds:>5.2f}s {self.begun:>6} {self.answered:>8} "
            f"{self.figures.charged:>7} {self.figures.expired:>7} {self.seconds:>7.1f} {len(self.violations):>10}"
        )


def totals(outcomes: list[Outcome], seconds: float) -> str:
    statuses = sum((outcome.statuses for outcome in outcomes), Counter[int]())
    told = ", ".join(f"{_name(status)} {count}" for status, count in sorted(statuses.items()))
    return "\n".join(
        (
            f"{len(outcomes)} rounds in {seconds:.0f} s; kills: {_kills(outcomes)}",
            f"calls begun {sum(o.begun for o in outcomes)}, answered whole {sum(o.answered for o in outcomes)}; {told}",
            _ends([outcome.figures for outcome in outcomes]),
            f"violations {sum(len(o.violations) for o in outcomes)}",
        )
    )


def _ends(figures: list[Figures]) -> str:
    charged, late, lost = (sum(column) for column in zip(*((f.charged, f.late, f.lost) for f in figures), strict=True))
    voided, expired = sum(f.voided for f in figures), sum(f.expired for f in figures)
    return f"charged {charged} (late {late}), voided {voided}, expired {expired}, losses {lost}"


def _name(status: int) -> str:
    return f"status {status}" if status else "broken off"


def _kills(outcomes: list[Outcome]) -> str:
    return ", ".join(f"{fault} {count}" for fault, count in Counter(o.round.fault for o in outcomes).items())
