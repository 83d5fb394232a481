"""CSV for spreadsheets: no formulas from strangers, and pieces made one at a time."""

import asyncio
import csv
import io

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncRequestFactory, RequestFactory

from apps.core.spreadsheet import csv_text, download, safe_text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "|x", "%x"])
def test_text_that_a_spreadsheet_would_compute_is_quoted(text: str) -> None:
    assert safe_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "order 7", "a=b", "余额调整", "1 credit"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_commas_quotes_and_line_ends_survive() -> None:
    row = ["a,b", 'say "no"', "two\nlines"]

    assert list(csv.reader(io.StringIO(csv_text([row])))) == [row]


def test_a_synchronous_server_takes_one_piece_after_the_other() -> None:
    made = []
    response = download(RequestFactory().get("/"), (made.append(n) or str(n) for n in range(3)), name="x.csv")
    pieces = iter(response.streaming_content)

    assert (next(pieces), made) == (b"0", [0])
    assert b"".join(pieces) == b"12"
    assert response["Content-Disposition"] == 'attachment; filename="x.csv"'


def test_an_asynchronous_server_makes_pieces_beside_its_loop() -> None:
    def pieces():
        for n in range(3):
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            yield str(n)

    request = AsyncRequestFactory().get("/")
    assert isinstance(request, ASGIRequest)

    async def read() -> bytes:
        return b"".join([piece async for piece in download(request, pieces(), name="x.csv").streaming_content])

    assert async_to_sync(read)() == b"012"
