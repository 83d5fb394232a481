"""Builders of what a process remembers: a model at a plain price, a group, a caller, a channel."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.marketplace.rating import parse_config
from apps.relay.types import (
    Admission,
    Caller,
    ChannelSnapshot,
    GroupSnapshot,
    ModelSnapshot,
    TeamSnapshot,
    TokenSnapshot,
)
from apps.wallet.types import RateLimits

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def price_config(*items: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Credits for a million tokens of each meter; `calls` for one."""
    return {
        "schema": 2,
        "currency": "CREDIT",
        "items": [
            {"meter": meter, "unit": 1 if meter in ("calls", "web_searches") else 1_000_000, **conditions_of(price)}
            for meter, price in items
        ],
        **more,
    }


def conditions_of(price: str) -> dict[str, Any]:
    return {"tiers": [{"from": 0, "to": None, "price": price}]}


PLAIN = price_config(("input_tokens", "2"), ("output_tokens", "8"))


def model(code: str = "gpt-4o-mini", config: dict[str, Any] | None = None, **changes: Any) -> ModelSnapshot:
    values: dict[str, Any] = {
        "id": 1,
        "code": code,
        "type": "chat",
        "vendor": "openai",
        "lifecycle": "ga",
        "created_at": AT,
        "context_length": 128_000,
        "max_output": 16_384,
        "groups": frozenset({"default"}),
        "price": parse_config(config or PLAIN),
        "price_version_id": 1,
    }
    return ModelSnapshot(**(values | changes))


def token(**changes: Any) -> TokenSnapshot:
    values: dict[str, Any] = {
        "id": 1,
        "uid": UUID(int=1),
        "account_id": 101,
        "team_id": 1,
        "wallet_id": 100,
        "user_id": 1,
        "capped": False,
    }
    return TokenSnapshot(**(values | changes))


def group(code: str = "default", multiplier: str = "1") -> GroupSnapshot:
    return GroupSnapshot(code, Decimal(multiplier), RateLimits(100, 600, 1_000_000), RateLimits())


def admission(of: ModelSnapshot | None = None, *, multiplier: str = "1") -> Admission:
    of_group = group(multiplier=multiplier)
    caller = Caller(token(), TeamSnapshot(1, "default"), "192.0.2.7")
    return Admission(caller, of or model(), of_group, of_group.token_limits, of_group.wallet_limits)


def channel(id_: int = 1, **changes: Any) -> ChannelSnapshot:
    values: dict[str, Any] = {
        "id": id_,
        "name": f"channel-{id_}",
        "kind": "openai",
        "base_url": "https://upstream.test/v1",
        "keys": ("key",),
        "priority": 0,
        "weight": 1,
        "groups": frozenset({"default"}),
        "models": {"gpt-4o-mini": "gpt-4o-mini"},
    }
    return ChannelSnapshot(**(values | changes))
