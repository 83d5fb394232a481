"""Acts on people, by subject: who they are, how they come in, where they are signed in, what they are told."""

from apps.accounts.services.closing import close_user, forget_addresses, lock_user
from apps.accounts.services.devices import device_secret, note_sign_in
from apps.accounts.services.exports import (
    KEPT_FOR,
    ask_export,
    claim_export,
    drop_exports,
    finish_export,
    note_parts,
)
from apps.accounts.services.notices import choose_kinds, mute_kind, notify, notify_address, notify_at
from apps.accounts.services.people import add_user, choose_language, new_user, save_preferences
from apps.accounts.services.second_factors import reencrypt_second_factors
from apps.accounts.services.sessions import drop_expired_sessions, end_session, end_sessions, forget_session
from apps.accounts.services.ways_in import (
    add_identity,
    change_email,
    confirm_email,
    remove_identity,
    remove_passkey,
    set_password,
)

__all__ = [
    "KEPT_FOR",
    "add_identity",
    "add_user",
    "ask_export",
    "change_email",
    "choose_kinds",
    "choose_language",
    "claim_export",
    "close_user",
    "confirm_email",
    "device_secret",
    "drop_expired_sessions",
    "drop_exports",
    "end_session",
    "end_sessions",
    "finish_export",
    "forget_addresses",
    "forget_session",
    "lock_user",
    "mute_kind",
    "new_user",
    "note_parts",
    "note_sign_in",
    "notify",
    "notify_address",
    "notify_at",
    "reencrypt_second_factors",
    "remove_identity",
    "remove_passkey",
    "save_preferences",
    "set_password",
]
