"""Acts on API tokens and channels: the relay's front door for pages, APIs, commands and the back office."""

from apps.relay.services.channels import (
    ChannelTerms,
    add_channel_key,
    change_channel,
    check_channel,
    create_channel,
    disable_channel,
    disable_channel_key,
    enable_channel,
    enable_channel_key,
    reencrypt_channel_keys,
    remove_channel,
    remove_channel_key,
)
from apps.relay.services.legacy import adopt_tokens, legacy_digest, legacy_text
from apps.relay.services.token_endings import delete_tokens_of, disable_tokens_of
from apps.relay.services.tokens import (
    TokenTerms,
    change_token,
    create_token,
    delete_token,
    disable_token,
    enable_token,
    refill_due,
)

__all__ = [
    "ChannelTerms",
    "TokenTerms",
    "add_channel_key",
    "adopt_tokens",
    "change_channel",
    "change_token",
    "check_channel",
    "create_channel",
    "create_token",
    "delete_token",
    "delete_tokens_of",
    "disable_channel",
    "disable_channel_key",
    "disable_token",
    "disable_tokens_of",
    "enable_channel",
    "enable_channel_key",
    "enable_token",
    "legacy_digest",
    "legacy_text",
    "reencrypt_channel_keys",
    "refill_due",
    "remove_channel",
    "remove_channel_key",
]
