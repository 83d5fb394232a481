"""Who a person is, and how they come in. Writes nothing."""

from apps.accounts.devices import device_name
from apps.accounts.queries.people import (
    browsers_of,
    confirmed_addresses,
    export_by_public_id,
    exports_of,
    is_closed,
    is_operator,
    is_staff,
    profile_of,
    reader_behind,
    shown_names,
    user_by_email,
    users_by_email,
    ways_to_sign_in,
)
from apps.accounts.queries.sign_in import (
    IDENTITY_LABELS,
    factors_of,
    identities_of,
    identity_label,
    sessions_of,
    share_a_device,
    ways_in,
)

__all__ = [
    "IDENTITY_LABELS",
    "browsers_of",
    "confirmed_addresses",
    "device_name",
    "export_by_public_id",
    "exports_of",
    "factors_of",
    "identities_of",
    "identity_label",
    "is_closed",
    "is_operator",
    "is_staff",
    "profile_of",
    "reader_behind",
    "sessions_of",
    "share_a_device",
    "shown_names",
    "user_by_email",
    "users_by_email",
    "ways_in",
    "ways_to_sign_in",
]
