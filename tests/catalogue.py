"""The catalogue of the tests: few models with round prices, served by a sandbox channel."""

from typing import Any

from apps.core import clock
from apps.relay.catalogue import import_catalogue


def price(**per_unit: tuple[int, str]) -> dict[str, Any]:
    """`price(input_tokens=(1_000_000, "2"))`: credits for so many units of a meter."""
    items = [
        {"meter": meter, "unit": unit, "tiers": [{"from": 0, "to": None, "price": amount}]}
        for meter, (unit, amount) in per_unit.items()
    ]
    return {
        "schema": 2,
        "currency": "CREDIT",
        "items": items,
        "hold": {"strategy": "input_plus_max_output"},
    }


def model(
    code: str, pricing_config: dict[str, Any], *, kind: str = "chat", groups: tuple[str, ...] = ("default",)
) -> dict[str, Any]:
    return {
        "id": code,
        "type": kind,
        "vendor": "acme-ai",
        "lifecycle": "ga",
        "display_config": {"title": {"en": code}, "context_length": 128_000, "max_output": 4_096},
        "pricing_config": pricing_config,
        "access_groups": list(groups),
    }


PER_TOKEN = price(input_tokens=(1_000_000, "2"), output_tokens=(1_000_000, "8"))

MODELS = [
    model("chat-small", PER_TOKEN),
    model("chat-vip", PER_TOKEN, groups=("vip",)),
    model("embed-small", price(input_tokens=(1_000_000, "0.1")), kind="embedding"),
    model("one-credit", price(calls=(1, "1"))),
]

CHAT_TERMS: dict[str, Any] = {
    "model_types": ["chat"],
    "label": {"en": "Per token", "zh-hans": "按 token"},
    "meters": [
        {"meter": "input_tokens", "unit": 1_000_000, "required": True},
        {"meter": "output_tokens", "unit": 1_000_000, "required": True},
    ],
    "line_format": {"en": "{price} / 1M tokens"},
}
CHAT_TOKEN: dict[str, Any] = {"code": "chat_token", "version": 1, **CHAT_TERMS}

CATALOGUE: dict[str, Any] = {
    "access_groups": [
        {"code": "default", "multiplier": "1", "rpm": 600, "tpm": 1_000_000, "concurrency": 100},
        {"code": "vip", "multiplier": "0.8", "rpm": 6000, "tpm": 9_000_000, "concurrency": 500, "wallet_rpm": 9000},
    ],
    "vendors": [{"code": "acme-ai", "name": {"en": "Acme AI"}}],
    "pricing_templates": [CHAT_TOKEN],
    "models": MODELS,
    "channels": [
        {
            "name": "sandbox",
            "kind": "sandbox",
            "base_url": "",
            "keys": [],
            "priority": 0,
            "weight": 1,
            "access_groups": ["default", "vip"],
            "models": {entry["id"]: entry["id"] for entry in MODELS},
        }
    ],
}


def import_test_catalogue() -> None:
    import_catalogue(CATALOGUE, at=clock.now(), resolve=lambda name: f"key of {name}")
