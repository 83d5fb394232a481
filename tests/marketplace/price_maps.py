"""A public price map of two vendors, as the tests of this app read it."""

from decimal import Decimal
from typing import Any


def price_map(**changed: str) -> dict[str, Any]:
    """GPT at US$2.5 and 10 a million, Claude at 3 and 15; `gpt_input="3e-06"` changes one price."""
    costs = {"gpt_input": "2.5e-06", "gpt_output": "1e-05", "claude_input": "3e-06", "claude_output": "1.5e-05"}
    asked = {name: Decimal(cost) for name, cost in {**costs, **changed}.items()}
    return {
        "sample_spec": {"litellm_provider": "one of https://docs.litellm.ai/docs/providers"},
        "gpt-1": {
            "litellm_provider": "openai",
            "mode": "chat",
            "max_input_tokens": 128_000,
            "input_cost_per_token": asked["gpt_input"],
            "output_cost_per_token": asked["gpt_output"],
            "input_cost_per_token_batches": asked["gpt_input"] / 2,
        },
        "claude-1": {
            "litellm_provider": "anthropic",
            "mode": "chat",
            "input_cost_per_token": asked["claude_input"],
            "output_cost_per_token": asked["claude_output"],
            "input_cost_per_dream": 1,
        },
        "azure/gpt-1": {"litellm_provider": "azure", "input_cost_per_token": 9},
    }
