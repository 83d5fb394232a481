"""The catalogue of the live tests: each model's price is easy to add up, each upstream name says how to behave."""

from typing import Any


def catalogue(upstream: str, **groups: dict[str, Any]) -> dict[str, Any]:
    """`fixed` costs 1 credit a call; `metered` a thousandth a token; the streams of `slow` take 2 s, of `long` 20."""
    models = {
        "fixed": ("double", each("calls", "1")),
        "fixed-slow": ("double+latency_ms=1000", each("calls", "1")),
        "metered": ("double", tokens("1000")),
        "slow": ("double+chunks=40+pace_ms=50", tokens("1000")),
        "long": ("double+chunks=100+pace_ms=200", tokens("1000")),
    }
    return {
        "access_groups": [{"code": "default", "multiplier": "1", "rpm": 1000000, "tpm": 1000000000, **_OPEN, **groups}],
        "vendors": [{"code": "double", "name": {"en": "Double"}}],
        "models": [model(code, pricing) for code, (_, pricing) in models.items()],
        "channels": [channel(upstream, {code: name for code, (name, _) in models.items()})],
    }


def echoing(upstream: str) -> dict[str, Any]:
    """Models whose upstream repeats what it is told, each in its own way: `echo…` that chat, `vector…` that embed.

    A call costs a thousandth of a credit.
    """
    ways = {
        "": "",
        "-tools": "+tools",
        "-uncounted": "+no_usage",
        "-refused": "+status=400",
        "-unsigned": "+status=401",
        "-limited": "+status=429",
        "-broken": "+status=500",
        "-page": "+html",
        "-cut": "+cut_after=3",
        "-silent": "+hang_after=2",
        "-late": "+latency_ms=1000",
        "-slow": "+chunks=40+pace_ms=50",
    }
    names = {f"{kind}{way}": f"double+echo{told}" for kind in ("echo", "vector") for way, told in ways.items()}
    models = [model(code, each("calls", "0.001")) for code in names]
    for embedder in models[len(ways) :]:
        embedder["type"] = "embedding"
    return {"models": models, "channels": [{**channel(upstream, names), "name": "echo"}]}


_OPEN = {"concurrency": 100}


def model(code: str, pricing: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": code,
        "type": "chat",
        "vendor": "double",
        "lifecycle": "ga",
        "display_config": {"context_length": 8000, "max_output": 1000},
        "pricing_config": pricing,
        "access_groups": ["default"],
    }


def channel(upstream: str, models: dict[str, str]) -> dict[str, Any]:
    return {
        "name": "double",
        "kind": "openai",
        "base_url": f"{upstream}/v1",
        "keys": ["sk-of-the-double"],
        "priority": 0,
        "weight": 1,
        "access_groups": ["default"],
        "models": models,
    }


def _item(meter: str, unit: int, price: str) -> dict[str, Any]:
    return {"meter": meter, "unit": unit, "tiers": [{"from": 0, "to": None, "price": price}]}


def each(meter: str, price: str) -> dict[str, Any]:
    return {"schema": 2, "currency": "CREDIT", "items": [_item(meter, 1, price)]}


def tokens(price: str) -> dict[str, Any]:
    """Credits a million tokens, in and out alike."""
    million = 1_000_000
    return {
        "schema": 2,
        "currency": "CREDIT",
        "items": [_item(m, million, price) for m in ("input_tokens", "output_tokens")],
    }
