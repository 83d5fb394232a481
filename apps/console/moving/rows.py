"""The rows of an import, and how their fields are read: every problem of a row at once. Pure; no file, no database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from typing import Final, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.wallet.types import LotTerms

RECHARGE: Final = "recharge"
STANDARD: Final = "standard"
TYPES: Final = (RECHARGE, STANDARD)
OWNER_FIELDS: Final = frozenset({"email", "team"})
PAID_FIELDS: Final = ("paid_minor", "currency", "refund_until")
BALANCE_FIELDS: Final = frozenset({"source_id", "type", "quota", "spend_until", *PAID_FIELDS}) | OWNER_FIELDS
TOKEN_FIELDS: Final = (
    frozenset({"name", "key", "unlimited", "remain_quota", "used_quota", "expires_at", "models", "ip_allow", "enabled"})
    | OWNER_FIELDS
)

T = TypeVar("T")

_WHOLE = re.compile(r"[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,_eE+-]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_TEAM = re.compile(r"team_[a-z2-7]{26}")
_FLAGS: Final[Mapping[object, bool]] = {
    **dict.fromkeys(("true", "t", "yes", "1"), True),
    **dict.fromkeys(("false", "f", "no", "0"), False),
}
_FORMULA: Final = ("=", "+", "-", "@")
_MOST_MODELS: Final = 100


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose it becomes: the personal team of a person, or a team by its public id. One of the two."""

    email: str = ""
    team: str = ""

    def __str__(self) -> str:
        return self.email or self.team


@dataclass(frozen=True, slots=True)
class BalanceRow:
    place: str
    owner: Owner
    source_id: str
    type: str
    quota: int
    terms: LotTerms

    @property
    def key(self) -> str:
        """The idempotency key of its lot."""
        return f"migration:{self.source_id}:{self.type}"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """`remaining_quota` is None for a token without a limit."""

    place: str
    owner: Owner
    name: str
    key: str = field(repr=False)
    remaining_quota: int | None
    used_quota: int
    expires_at: datetime | None
    models: tuple[str, ...]
    ip_allow: tuple[str, ...]
    is_enabled: bool


@dataclass(frozen=True, slots=True)
class BadRow:
    place: str
    problems: tuple[str, ...]


Row = BalanceRow | TokenRow | BadRow


def balance_row(raw: Mapping[str, object], place: str) -> BalanceRow | BadRow:
    fields = Fields(raw, known=BALANCE_FIELDS)
    owner, source_id, type_ = fields.owner(), fields.text("source_id", at_most=100), fields.choice("type", TYPES)
    quota = fields.whole("quota")
    terms = LotTerms(
        spend_until=fields.instant("spend_until"),
        refund_until=fields.instant("refund_until"),
        paid_minor=fields.whole("paid_minor", absent=0),
        currency=fields.text("currency", at_most=3, absent=""),
    )
    _check_paid(fields, type_, terms)
    if fields.problems:
        return BadRow(place, tuple(fields.problems))
    return BalanceRow(place, owner, source_id, type_, quota, terms)


def token_row(raw: Mapping[str, object], place: str, *, owner: Owner | None = None) -> TokenRow | BadRow:
    """`owner`: of the account that the token stands in, where it does not name its own."""
    fields = Fields(raw, known=TOKEN_FIELDS if owner is None else TOKEN_FIELDS - OWNER_FIELDS)
    owner = fields.owner() if owner is None else owner
    is_unlimited = fields.flag("unlimited")
    row = TokenRow(
        place=place,
        owner=owner,
        name=fields.text("name", at_most=80),
        key=fields.secret("key"),
        remaining_quota=None if is_unlimited else fields.whole("remain_quota"),
        used_quota=fields.whole("used_quota"),
        expires_at=fields.instant("expires_at"),
        models=fields.names("models", "the ids of models"),
        ip_allow=fields.addresses("ip_allow"),
        is_enabled=fields.flag("enabled", absent=True),
    )
    return BadRow(place, tuple(fields.problems)) if fields.problems else row


def owner_of(raw: Mapping[str, object]) -> Owner | None:
    """The owner that a row names; None where it names none that can be read."""
    fields = Fields(raw, known=frozenset(raw))
    owner = fields.owner()
    return None if fields.problems else owner


def _check_paid(fields: "Fields", type_: str, terms: LotTerms) -> None:
    if type_ == STANDARD and any(fields.is_given(name) for name in PAID_FIELDS):
        fields.problems.append(f"{STANDARD} quota cannot be paid back: leave {', '.join(PAID_FIELDS)} empty")
        return
    if bool(terms.paid_minor) != bool(terms.currency) or (terms.refund_until and not terms.paid_minor):
        fields.problems.append("write paid_minor and currency together, and refund_until only beside them")
    if terms.currency and not _CURRENCY.fullmatch(terms.currency):
        fields.problems.append("currency: write three capital letters such as CNY")


class Fields:
    """One row's fields, read one after the other; what is wrong is collected in `problems`."""

    def __init__(self, raw: Mapping[str, object], *, known: frozenset[str]) -> None:
        self._raw = raw
        self.problems: list[str] = []
        unknown = sorted(str(name) for name in set(raw) - known)
        if unknown:
            names = ", ".join(name if re.fullmatch("[a-z_]{1,30}", name) else "one that is no name" for name in unknown)
            self.problems.append(f"there is no such field: {names}")

    def is_given(self, name: str) -> bool:
        return self._raw.get(name) not in (None, "")

    def owner(self) -> Owner:
        email, team = self.text("email", at_most=254, absent="").lower(), self.text("team", at_most=40, absent="")
        if bool(email) == bool(team):
            self.problems.append("write either email or team")
        if email and not _is_email(email):
            self.problems.append("email: this is no e-mail address")
        if team and not _TEAM.fullmatch(team):
            self.problems.append("team: write a public id such as team_… with 26 characters")
        return Owner(email, team)

    def text(self, name: str, *, at_most: int, absent: str | None = None) -> str:
        """One line without spaces around it. Nothing that a spreadsheet would take for a formula."""
        value = self._raw.get(name)
        if value is None or value == "":
            return self._absent(name, absent, "")
        text = value.strip() if isinstance(value, str) else str(value) if type(value) is int else None
        if text is None or not 0 < len(text) <= at_most or not text.isprintable():
            self.problems.append(f"{name}: write one line of 1 to {at_most} characters")
            return ""
        if text.startswith(_FORMULA):
            self.problems.append(f"{name}: it begins with {text[0]}, as a formula of a spreadsheet does")
        return text

    def secret(self, name: str) -> str:
        value = self._raw.get(name)
        if not isinstance(value, str) or not value.strip():
            self.problems.append(f"{name}: write the key as a text")
            return ""
        return value.strip()

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self._raw.get(name)
        text = value.strip() if isinstance(value, str) else ""
        if text not in choices:
            self.problems.append(f"{name}: write {' or '.join(choices)}")
        return text

    def whole(self, name: str, *, absent: int | None = None) -> int:
        """A whole number from 0; a float has lost digits already."""
        value = self._raw.get(name)
        if value is None or value == "":
            return self._absent(name, absent, 0)
        text = value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""
        if _WHOLE.fullmatch(text):
            return int(text)
        self.problems.append(f"{name}: {_why_not_whole(text)}")
        return 0

    def instant(self, name: str) -> datetime | None:
        value = self._raw.get(name)
        if value is None or value == "":
            return None
        try:
            instant = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or not 2000 <= instant.year <= 2199:
            self.problems.append(f"{name}: write an instant with its offset, such as 2027-01-01T00:00:00+08:00")
            return None
        return instant

    def flag(self, name: str, *, absent: bool | None = None) -> bool:
        value = self._raw.get(name)
        if value is None or value == "":
            return self._absent(name, absent, False)
        if isinstance(value, bool):
            return value
        known = _FLAGS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if known is None:
            self.problems.append(f"{name}: write true or false")
        return bool(known)

    def addresses(self, name: str) -> tuple[str, ...]:
        texts = self.names(name, "addresses or networks")
        if not all(map(_is_network, texts)):
            self.problems.append(f"{name}: write addresses such as 203.0.113.7 or 203.0.113.0/24")
        return texts

    def names(self, name: str, what: str) -> tuple[str, ...]:
        """A list, or a text with commas. Nothing means all, so a list that turns out empty is a mistake."""
        value = self._raw.get(name)
        if value is None or value == "" or value == []:
            return ()
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) and part.strip() for part in parts):
            self.problems.append(f"{name}: write {what}, with commas between them")
            return ()
        if len(parts) > _MOST_MODELS:
            self.problems.append(f"{name}: write at most {_MOST_MODELS}")
        return tuple(part.strip() for part in parts)

    def _absent(self, name: str, absent: T | None, placeholder: T) -> T:
        if absent is None:
            self.problems.append(f"{name}: nothing stands there")
            return placeholder
        return absent


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        return ip_network(text, strict=False) is not None and "%" not in text
    except ValueError:
        return False


def _why_not_whole(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        return "write a whole number"
    if text.startswith("-"):
        return "it is below 0; settle debts in the old system first, or leave the row out"
    return "it is too large to be right" if text.isdigit() else "write a whole number, without point, comma or exponent"
