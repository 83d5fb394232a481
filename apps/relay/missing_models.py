"""What a caller learns of a model that cannot be called: neighbours, dates, what follows it. Of what it sees, only."""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

from apps.relay.errors import ModelNotFound
from apps.relay.types import ModelSnapshot

SHOWN_CHARACTERS = 120
COMPARED = 16
"""Names compared letter by letter: all 500 of a catalogue took 11 ms of the event loop, this way it takes 0.8."""


def unknown_model(code: str, reachable: Iterable[ModelSnapshot]) -> ModelNotFound:
    """A model that does not exist or is out of reach: the two read alike. `reachable` is what the key can call."""
    near = nearest_names(code, [model.code for model in reachable])
    help_ = f" Did you mean {', '.join(near)}?" if near else " GET /v1/models lists the models of this key."
    shown = code if len(code) <= SHOWN_CHARACTERS else f"{code[:SHOWN_CHARACTERS]}…"
    return ModelNotFound(
        f"The model '{shown}' does not exist, or this key may not use it.{help_}", param="model", nearest=near
    )


def type_to_come(model_type: str) -> ModelNotFound:
    """No model answers this kind of call yet. The way to call it is settled: it will work as soon as one does."""
    return ModelNotFound(
        f"No model of the type '{model_type}' is offered yet. It is planned; calls will have this same form.",
        availability="planned",
        param="model",
        nearest=[],
    )


def unusable_model(
    model: ModelSnapshot, *, models: Mapping[str, ModelSnapshot], reachable: Collection[ModelSnapshot]
) -> ModelNotFound:
    """Retired: when, and what follows it. Planned, or not priced yet: that it is to come."""
    if model.lifecycle != "retired":
        text = f"The model '{model.code}' is planned and cannot be called yet."
        return ModelNotFound(text, availability="planned", param="model", nearest=[])
    successor = _follower(model, models, {usable.code for usable in reachable})
    when = f" on {model.retired_on}" if model.retired_on else ""
    instead = f" Use '{successor}' instead." if successor else ""
    return ModelNotFound(
        f"The model '{model.code}' was retired{when}.{instead}",
        availability="retired",
        retired_on=model.retired_on,
        successor=successor,
        param="model",
        nearest=[successor] if successor else [],
    )


def _follower(model: ModelSnapshot, models: Mapping[str, ModelSnapshot], reachable: Collection[str]) -> str | None:
    """The first of its successors that can be called; those that were retired in their turn are passed over."""
    passed: set[str] = set()
    code = model.successor
    while code is not None and code not in reachable:
        if code in passed or code not in models:
            return None
        passed.add(code)
        code = models[code].successor
    return code


def nearest_names(code: str, codes: Iterable[str]) -> list[str]:
    """At most three names that may be meant, the likeliest first."""
    by_lower = {known.lower(): known for known in codes}
    wanted = code.lower()[:SHOWN_CHARACTERS]
    likely = nlargest(COMPARED, by_lower, key=lambda name: _likeness(_pairs(wanted), _pairs(name)))
    return [by_lower[near] for near in get_close_matches(wanted, likely, n=3, cutoff=0.6)]


@lru_cache(maxsize=4096)
def _pairs(name: str) -> frozenset[str]:
    return frozenset(first + second for first, second in pairwise(name))


def _likeness(some: frozenset[str], others: frozenset[str]) -> float:
    """Of the pairs of neighbouring letters, how many both have: cheap, and enough to choose whom to compare."""
    return len(some & others) / (len(some) + len(others) + 1)
