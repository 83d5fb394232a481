"""Applications and documents as people hand them in. The numbers are examples that the standards publish."""

import struct
import zlib
from datetime import UTC, datetime
from typing import Any

from apps.accounts.models import User
from apps.teams.types import TeamAccess
from apps.verification import services
from apps.verification.models import Verification
from apps.verification.types import Applicant, Particulars, Upload
from tests.cast import make_user

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RESIDENT_NUMBER = "11010519491231002X"  # GB 11643, the standard's own example
OTHER_RESIDENT_NUMBER = "440524188001010014"  # likewise
CREDIT_CODE = "91350100M000100Y43"  # GB 32100, likewise

PERSON = Particulars(country="CN", name="王小明", number=RESIDENT_NUMBER)
TRAVELLER = Particulars(country="DE", name="Erika Mustermann", number="C01X00T478")
COMPANY = Particulars(
    country="CN", name="福建示例有限公司", number=CREDIT_CODE, representative="李雷", contact="+86 10 6552 9988"
)


def png(width: int = 800, height: int = 600) -> bytes:
    """A picture whose head is right; nobody here looks further."""
    head = b"IHDR" + struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack("!I", 13) + head + struct.pack("!I", zlib.crc32(head))


def jpeg(width: int = 800, height: int = 600) -> bytes:
    """An application segment before the frame, as cameras write it."""
    exif = b"\xff\xe1" + struct.pack("!H", 8) + b"Exif\0\0"
    frame = b"\xff\xc0" + struct.pack("!HBHHB", 17, 8, height, width, 3) + b"\0" * 9
    return b"\xff\xd8" + exif + frame + b"\xff\xd9"


def webp(width: int = 800, height: int = 600) -> bytes:
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0" * 4
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 30) + b"WEBP" + extended + sizes


def pdf(inner: bytes = b"<< /Type /Catalog >>") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + inner + b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def upload(role: str = "front", name: str = "card.png", content: bytes | None = None) -> Upload:
    return Upload(role, name, png() if content is None else content)


def apply(user: User, particulars: Particulars = PERSON, **terms: Any) -> Verification:
    """A personal application that waits for a reviewer."""
    uploads = terms.pop("uploads", [upload()])
    services.submit(Applicant(user.pk), particulars=particulars, uploads=uploads, at=terms.pop("at", NOON))
    return Verification.objects.filter(user=user, team=None).latest("pk")


def apply_for(team: TeamAccess, particulars: Particulars = COMPANY, *, at: datetime = NOON) -> Verification:
    """An organisation's application by the member behind `team`."""
    licence = upload("licence", "licence.pdf", pdf())
    services.submit(Applicant(team.user_id, team), particulars=particulars, uploads=[licence], at=at)
    return Verification.objects.filter(team_id=team.id).latest("pk")


def reviewer(email: str = "reviewer@example.com") -> int:
    """Somebody of the staff who has nothing to do with any applicant."""
    return (User.objects.filter(email=email).first() or make_user(email, is_staff=True)).pk


def approve(row: Verification, *, actor: int = 0, at: datetime = NOON) -> int:
    """What an approval by a reviewer grants, in nanocredits."""
    return services.approve(row.pk, actor=actor or reviewer(), at=at)


def reject(row: Verification, *, code: str = "unreadable", reason: str = "", at: datetime = NOON) -> None:
    services.reject(row.pk, actor=reviewer(), at=at, code=code, reason=reason)
