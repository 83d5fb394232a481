"""The demo user's invitations: one who verified, one who paid, one who only joined. Nobody of them can sign in."""

import struct
import zlib
from typing import TYPE_CHECKING, Final

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.console import services
from apps.promotions import queries as promotion_queries
from apps.promotions import services as promotions
from apps.promotions.types import PaidOrder
from apps.verification import queries as verification_queries
from apps.verification import services as verification
from apps.verification.types import Applicant, Particulars, Upload

if TYPE_CHECKING:
    from apps.accounts.models import User

ANNA: Final = "anna@friends.sluice.example"
BEN: Final = "ben@friends.sluice.example"
CHLOE: Final = "chloe@friends.sluice.example"
PAID_MINOR: Final = 10_000
PASSPORT: Final = Particulars(country="DE", name="Anna Specimen", number="C01X0006H")


def stock_invitations(inviter: "User", *, reviewer: "User") -> None:
    """Adds what is missing; the instants are those at which the invitees joined, so that a second run changes nothing.

    Anna's reward is available, Ben's waits for its day.
    """
    promotions.referral_code_of(inviter.pk, at=inviter.joined_at)
    anna, ben, _chloe = (_invited(inviter, email, name) for email, name in _PEOPLE)
    _verify(anna, reviewer=reviewer)
    order = PaidOrder(f"demo:{ben.pk}", ben.pk, PAID_MINOR, "CNY")
    promotions.note_purchase(order, at=ben.joined_at)
    promotions.release_due_rewards(at=anna.joined_at)


_PEOPLE: Final = ((ANNA, "Anna"), (BEN, "Ben"), (CHLOE, "Chloe"))


def _invited(inviter: "User", email: str, name: str) -> "User":
    known = people.user_by_email(email)
    if known is not None:
        return known
    user = accounts.new_user(email, password=None, name=name)
    code = promotion_queries.referral_link_of(inviter.pk).code
    services.register_user(user, is_email_confirmed=True, referral_code=code)
    return user


def _verify(user: "User", *, reviewer: "User") -> None:
    at = user.joined_at
    if verification_queries.personal_of(user.pk) is None:
        card = Upload("front", "passport.png", _blank_picture(800, 600))
        verification.submit(Applicant(user.pk), particulars=PASSPORT, uploads=[card], at=at)
    waiting = verification_queries.waiting_personal_id(user.pk)
    if waiting is not None:
        verification.approve(waiting, actor=reviewer.pk, at=at)


def _blank_picture(width: int, height: int) -> bytes:
    """A grey PNG of one bit a pixel."""
    rows = (b"\x00" + b"\x55" * (width // 8)) * height
    head = struct.pack("!2I5B", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
