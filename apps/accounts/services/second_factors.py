"""The stored secrets of second factors. allauth owns the table; our adapter encrypts what stands in it."""

from collections.abc import Collection
from typing import Any, Final

from allauth.mfa.models import Authenticator

from apps.core.encryption import reencrypt
from apps.core.key_rotation import Rewritten, RowPage, reencrypt_rows

# What allauth hands to the adapter: an app's secret, the seed of recovery codes, codes brought in from elsewhere.
_ENCRYPTED: Final = ("secret", "seed", "migrated_codes")


def reencrypt_second_factors(page: RowPage) -> Rewritten:
    """Writes a page of secrets under the first key, in a transaction of its own. Safe to repeat.

    Rows are read under their lock, so a recovery code used meanwhile stays used.
    """
    return reencrypt_rows(Authenticator.objects.all(), _renew, page=page)


def _renew(row: Authenticator) -> Collection[str]:
    data = row.data | {name: _renewed(row.data[name]) for name in _ENCRYPTED if name in row.data}
    changed, row.data = data != row.data, data
    return ["data"] if changed else []


def _renewed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renewed(item) for item in value]
    return reencrypt(value.encode()).decode()
