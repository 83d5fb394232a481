"""The quota type that no longer exists, under the names it is asked for by, and its refusal. Pure; any door may ask.

There is one balance: a field that would name a second kind of credit is refused by that name, not as a typing error.
The same word elsewhere (a service tier, an image's quality, an access group) is nobody's business here.
"""

from collections.abc import Collection, Mapping

from apps.wallet.errors import StandardQuotaGone

GONE = frozenset({"standard", "standard_quota", "quota_standard"})
QUOTA_TYPE_FIELDS = frozenset({"quota_type", "balance_type", "credit_type", "lot_type", "wallet_type"})
"""Fields that mean a quota type wherever they stand."""
LOT_FIELDS = QUOTA_TYPE_FIELDS | {"type", "source"}
"""Those that mean one on grants, lots, codes, tokens and filters of a wallet."""


def is_gone(name: object) -> bool:
    """Whether this names the old type, in whatever case and with whatever between its words."""
    return isinstance(name, str) and "_".join(name.casefold().replace("-", " ").replace("_", " ").split()) in GONE


def refuse_gone(name: object, *, field: str) -> None:
    """Raises `StandardQuotaGone` for the old type in a field that means a quota type."""
    if is_gone(name):
        raise StandardQuotaGone(field=field)


def gone_field(fields: object, *, names: Collection[str] = LOT_FIELDS) -> str | None:
    """The first of these fields that names the old type, whether the reader knows such a field or not."""
    if not isinstance(fields, Mapping):
        return None
    return next((name for name in sorted(names) if is_gone(fields.get(name))), None)


def refuse_gone_in(fields: object, *, names: Collection[str] = LOT_FIELDS) -> None:
    """Raises `StandardQuotaGone` when one of these fields names the old type."""
    field = gone_field(fields, names=names)
    if field is not None:
        raise StandardQuotaGone(field=field)
