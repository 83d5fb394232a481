"""Acts on people, by subject: who they are, what they are told. Teams and sign-up live elsewhere."""

from apps.accounts.services.closing import close_user, forget_addresses, lock_user
from apps.accounts.services.exports import (
    KEPT_FOR,
    ask_export,
    claim_export,
    drop_exports,
    finish_export,
    note_part,
)
from apps.accounts.services.notices import choose_kinds, mute_kind, notify, notify_address
from apps.accounts.services.people import (
    add_user,
    choose_language,
    confirm_email,
    new_user,
    save_preferences,
    set_password,
)
from apps.accounts.services.second_factors import reencrypt_second_factors

__all__ = [
    "KEPT_FOR",
    "add_user",
    "ask_export",
    "choose_kinds",
    "choose_language",
    "claim_export",
    "close_user",
    "confirm_email",
    "drop_exports",
    "finish_export",
    "forget_addresses",
    "lock_user",
    "mute_kind",
    "new_user",
    "note_part",
    "notify",
    "notify_address",
    "reencrypt_second_factors",
    "save_preferences",
    "set_password",
]
