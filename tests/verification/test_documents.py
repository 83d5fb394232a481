"""A document is accepted for what is inside, not for what its name or its sender says."""

import struct
import time
import zlib

import pytest

from apps.verification.documents import checked_documents, size_of_picture
from apps.verification.errors import DocumentRefused
from apps.verification.types import Upload
from tests.verification.papers import jpeg, pdf, png, upload, webp

MIB = 1024 * 1024


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(DocumentRefused) as refused:
        checked_documents([Upload("front", name, content)])
    assert refused.value.field == "front"
    return str(refused.value.text)


@pytest.mark.parametrize(
    ("name", "content", "content_type", "kept_as"),
    [
        ("scan.pdf", pdf(), "application/pdf", "front-1.pdf"),
        ("IMG_1.JPG", jpeg(), "image/jpeg", "front-1.jpg"),
        ("card.jpeg", jpeg(), "image/jpeg", "front-1.jpg"),
        ("card.png", png(), "image/png", "front-1.png"),
        ("card.webp", webp(), "image/webp", "front-1.webp"),
    ],
)
def test_four_formats_are_accepted_and_get_names_of_ours(
    name: str, content: bytes, content_type: str, kept_as: str
) -> None:
    (found,) = checked_documents([Upload("front", name, content)])

    assert (found.name, found.content_type, found.content) == (kept_as, content_type, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("card.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("card.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("card.pdf", b"<!doctype html><script>alert(1)</script>"),
        ("card.jpg", b"MZ\x90\x00"),
        ("card.gif", b"GIF89a"),
        ("card.png", b""),
        ("card", png()),
        ("card.png.html", png()),
    ],
)
def test_everything_else_is_refused(name: str, content: bytes) -> None:
    assert refusal(name, content) == "Attach a PDF, JPEG, PNG or WebP file. What is inside decides, not only the name."


def test_a_name_that_says_something_else_is_refused() -> None:
    assert "says something else than what is inside" in refusal("card.pdf", png())


def test_five_mebibytes_are_accepted_and_a_byte_more_is_not() -> None:
    head = png()
    most = head + b"\0" * (5 * MIB - len(head))

    assert len(checked_documents([Upload("front", "a.png", most)])[0].content) == 5 * MIB
    assert "larger than 5 MiB" in refusal("a.png", most + b"\0")


def test_four_documents_are_accepted_and_a_fifth_is_not() -> None:
    assert len(checked_documents([upload()] * 4)) == 4
    with pytest.raises(DocumentRefused, match="at most four"):
        checked_documents([upload()] * 5)


@pytest.mark.parametrize("maker", [png, jpeg, webp])
def test_the_size_of_a_picture_is_read_from_its_head(maker) -> None:  # type: ignore[no-untyped-def]
    assert size_of_picture(maker(1234, 567)) == (1234, 567)


def test_the_older_kinds_of_webp_have_a_size_too() -> None:
    lossy = b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 7 + b"\x9d\x01\x2a" + struct.pack("<2H", 640, 480)
    lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + ((640 - 1) | (480 - 1) << 14).to_bytes(4, "little")

    assert size_of_picture(lossy) == (640, 480)
    assert size_of_picture(lossless) == (640, 480)


@pytest.mark.parametrize("size", [(12_001, 100), (100, 12_001), (8_000, 8_000), (2**31, 2**31)])
def test_absurdly_large_pictures_are_refused(size: tuple[int, int]) -> None:
    assert "too large to be shown" in refusal("a.png", png(*size))


def test_pictures_in_which_nothing_can_be_read_are_refused() -> None:
    assert "too small to be read" in refusal("a.png", png(99, 800))


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 "])
def test_a_picture_without_a_readable_head_is_refused(content: bytes) -> None:
    name = {b"\xff": "a.jpg", b"\x89": "a.png", b"R": "a.webp"}[content[:1]]

    assert "cannot be read" in refusal(name, content)


@pytest.mark.parametrize(
    "inner",
    [
        b"<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>",
        b"<< /OpenAction << /S /J#61vaScript /JS (app.alert(1)) >> >>",
        b"<< /S /#4aavaScript >>",
        b"<< /S /L#61#75nch /F (cmd.exe) >>",
        b"<< /S /Launch /F (cmd.exe) >>",
        b"<< /Names << /EmbeddedFiles 3 0 R >> >>",
        b"<< /Subtype /RichMedia >>",
        b"<< /AcroForm << /XFA 4 0 R >> >>",
    ],
)
def test_a_pdf_that_does_something_is_refused(inner: bytes) -> None:
    assert "contains a script or an attached file" in refusal("a.pdf", pdf(inner))


def test_a_script_in_a_compressed_object_stream_is_found() -> None:
    packed = zlib.compress(b"<< /S /JavaScript /JS (app.alert(1)) >>")
    inner = b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\r\n" + packed + b"\nendstream"

    assert "contains a script" in refusal("a.pdf", pdf(inner))


def test_a_pdf_that_unpacks_without_end_is_read_up_to_a_bound() -> None:
    bomb = zlib.compress(b"\0" * (16 * MIB))
    inner = b"".join(b"<< /Type /ObjStm >>\nstream\n" + bomb + b"\nendstream\n" for _ in range(20))

    assert checked_documents([Upload("front", "a.pdf", pdf(inner))])


@pytest.mark.parametrize(
    "filling",
    [
        b"/ObjStm",
        b"/ObjStm stream",
        b"/ObjStm stream\n" + zlib.compress(b"x") + b" endstream ",
        b"/",
        b"#4a",
        b"/J#61v",
        b"stream\n",
    ],
)
def test_no_filling_makes_a_pdf_slow_to_check(filling: bytes) -> None:
    content = pdf(filling * (5 * MIB // len(filling) - 100))
    began = time.process_time()

    checked_documents([Upload("front", "a.pdf", content)])

    assert time.process_time() - began < 1


def test_no_filling_makes_a_picture_slow_to_check() -> None:
    began = time.process_time()

    assert size_of_picture(b"\xff\xd8" + b"\xff" * (5 * MIB)) is None
    assert size_of_picture(b"\xff\xd8\xff" + b"\xe1\0\2\xff" * MIB) is None

    assert time.process_time() - began < 1


def test_a_pdf_with_a_password_is_refused() -> None:
    assert "protected by a password" in refusal("a.pdf", pdf() + b"/Encrypt 5 0 R\n%%EOF")


def test_half_a_pdf_is_refused() -> None:
    assert "incomplete" in refusal("a.pdf", b"%PDF-1.7\n1 0 obj")


def test_an_everyday_pdf_may_say_where_it_opens() -> None:
    assert checked_documents([Upload("front", "a.pdf", pdf(b"<< /OpenAction [3 0 R /Fit] >>"))])
