"""What a storm decides by its seed: what dies in which round, when, and which calls are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

FAULTS = ("one web process", "all web processes", "worker", "PostgreSQL", "Valkey", "connections cut", "answers lost")
EARLIEST_SECONDS = 0.3
LATEST_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Round:
    """One round: `fault` happens `after_seconds` of load; `seed` decides its calls and acts."""

    number: int
    fault: str
    after_seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Way:
    """A kind of call. `credits_milli`: what it costs when it is answered whole."""

    model: str
    stream: bool
    weight: int
    credits_milli: int
    max_tokens: int = 200
    leaves: bool = False
    """The caller hangs up midway."""


# Streams cost a thousandth of a credit for each token: 12 in, and out as many as the double says. The last one is
# longer than the first step of a hold (4,096 tokens), so it grows while it runs.
WAYS = (
    Way("fixed", stream=False, weight=35, credits_milli=1000),
    Way("late", stream=False, weight=15, credits_milli=1000),
    Way("paced", stream=True, weight=30, credits_milli=36),
    Way("slow", stream=True, weight=8, credits_milli=52),
    Way("paced", stream=True, weight=6, credits_milli=36, leaves=True),
    Way("late", stream=False, weight=4, credits_milli=1000, leaves=True),
    Way("growing", stream=True, weight=2, credits_milli=5012, max_tokens=9000),
)


def rounds_of(seed: int, count: int) -> Iterator[Round]:
    """Every fault once, in a random order, before any comes again."""
    chance = Random(seed)
    deck: list[str] = []
    for number in range(1, count + 1):
        deck = deck or chance.sample(FAULTS, len(FAULTS))
        after = round(chance.uniform(EARLIEST_SECONDS, LATEST_SECONDS), 2)
        yield Round(number, deck.pop(), after, chance.randrange(1 << 32))


def way(chance: Random) -> Way:
    return chance.choices(WAYS, [way.weight for way in WAYS])[0]
