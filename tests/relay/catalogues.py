"""A small catalogue for tests: one chat model, priced a call, on the sandbox."""

from typing import Any

from apps.core import clock
from apps.relay.catalogue import CatalogueChange, import_catalogue


def priced(price: str) -> dict[str, Any]:
    """A fixed price for a call, in credits."""
    tier = {"from": 0, "to": None, "price": price}
    return {"schema": 2, "currency": "CREDIT", "items": [{"meter": "calls", "unit": 1, "tiers": [tier]}]}


SMALL: dict[str, Any] = {
    "access_groups": [{"code": "default", "multiplier": "1", "rpm": 600, "tpm": 1_000_000, "concurrency": 100}],
    "vendors": [{"code": "acme", "name": {"en": "Acme"}}],
    "models": [
        {
            "id": "small-chat",
            "type": "chat",
            "vendor": "acme",
            "pricing_config": priced("0.5"),
            "access_groups": ["default"],
        }
    ],
    "channels": [
        {"name": "sandbox", "kind": "sandbox", "access_groups": ["default"], "models": {"small-chat": "sandbox"}}
    ],
}


def import_small(catalogue: dict[str, Any] | None = None, **options: Any) -> list[CatalogueChange]:
    """The small catalogue, or another one, with variables FIRST_KEY and SECOND_KEY."""
    known = {"FIRST_KEY": "sk-first-upstream-key", "SECOND_KEY": "sk-second-upstream-key"}
    return import_catalogue(catalogue or SMALL, at=clock.now(), resolve=known.__getitem__, **options)
