"""Acts on people, by subject: who they are, what they are told. Teams and sign-up live elsewhere."""

from apps.accounts.services.notices import notify, notify_address
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
    "add_user",
    "choose_language",
    "confirm_email",
    "new_user",
    "notify",
    "notify_address",
    "reencrypt_second_factors",
    "save_preferences",
    "set_password",
]
