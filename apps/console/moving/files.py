"""Reads a file of balances or tokens row by row: CSV as a stream of any length, JSON whole. Judges no row."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from apps.console.moving.errors import FileChanged, FileUnreadable
from apps.console.moving.rows import (
    BALANCE_FIELDS,
    OWNER_FIELDS,
    TOKEN_FIELDS,
    BadRow,
    Row,
    balance_row,
    owner_of,
    token_row,
)
from apps.core.strict_json import strict_json

MOST_CSV_BYTES: Final = 2**30
MOST_JSON_BYTES: Final = 64 * 2**20
MOST_LINE: Final = 65_536
CSV: Final = "csv"
JSON: Final = "json"


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file as it was when it was opened first: `rows_of` refuses to read another one in its place."""

    path: Path
    format: str
    holds_tokens: bool
    mark: tuple[int, int, int]


def open_file(path: Path, *, file_format: str = "", holds_tokens: bool = False) -> ImportFile:
    """Looks at the file without reading it. Raises `FileUnreadable`."""
    known = file_format or path.suffix.lower().lstrip(".")
    if known not in (CSV, JSON) or (holds_tokens and known != CSV):
        wanted = "csv for tokens" if holds_tokens else "csv or json"
        raise FileUnreadable(f"{path}: its name does not end in .csv or .json; say --format ({wanted}).")
    if not path.is_file():
        raise FileUnreadable(f"{path} is not a file that can be read twice.")
    most = MOST_CSV_BYTES if known == CSV else MOST_JSON_BYTES
    if path.stat().st_size > most:
        raise FileUnreadable(f"{path} is larger than {most // 2**20} MiB: split it.")
    return ImportFile(path, known, holds_tokens, _mark(path))


def rows_of(file: ImportFile) -> Iterator[Row]:
    """The rows, bad ones among them. Raises `FileUnreadable`, `FileChanged`."""
    try:
        if _mark(file.path) != file.mark:
            raise FileChanged(f"{file.path} was changed meanwhile. Run the import again.")
        yield from (_csv_rows(file) if file.format == CSV else _json_rows(file.path))
    except OSError as error:
        raise FileUnreadable(f"{file.path} cannot be read: {error.strerror}.") from None


def _mark(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


# -- CSV -----------------------------------------------------------------------------------------


def _csv_rows(file: ImportFile) -> Iterator[Row]:
    read, prefix = (token_row, "tokens line") if file.holds_tokens else (balance_row, "line")
    with file.path.open("rb") as content:
        entries = _entries(content, file.path)
        header = _header(next(entries, (1, []))[1], file)
        for line, cells in entries:
            place = f"{prefix} {line}"
            if len(cells) != len(header):
                yield BadRow(place, (f"{len(cells)} columns where the header has {len(header)}",))
            else:
                yield read(dict(zip(header, cells, strict=True)), place)


def _entries(content: IO[bytes], path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each entry with the line it begins on; empty lines are passed over."""
    reader = csv.reader(_lines(content, path), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileUnreadable(f"{path} is no CSV from line {line} on: {error}.") from None
        if cells is None:
            return
        if cells:
            yield line, cells


def _lines(content: IO[bytes], path: Path) -> Iterator[str]:
    """Line by line, so that the one that is not UTF-8 can be named and none is read without bound."""
    for number, line in enumerate(iter(lambda: content.readline(MOST_LINE), b""), start=1):
        if len(line) == MOST_LINE:
            raise FileUnreadable(f"{path}: line {number} is longer than {MOST_LINE - 1} bytes.")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise FileUnreadable(f"{path} is not UTF-8 in line {number}. Save it as CSV in UTF-8.") from None


def _header(cells: list[str], file: ImportFile) -> list[str]:
    """The names of the columns. What is no name is not repeated: it may be a key of a file without a header."""
    names = [cell.strip().lower() for cell in cells]
    known = TOKEN_FIELDS if file.holds_tokens else BALANCE_FIELDS
    needed = {"name", "key", "unlimited", "remain_quota", "used_quota"} if file.holds_tokens else {"source_id", "type"}
    needed = needed if file.holds_tokens else needed | {"quota"}
    unknown = [str(number) for number, name in enumerate(names, start=1) if name not in known]
    if unknown:
        raise FileUnreadable(
            f"{file.path}: the first line must name the columns, with commas between them. Unknown: column "
            f"{', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        )
    if len(set(names)) != len(names):
        raise FileUnreadable(f"{file.path}: a column stands in the header twice.")
    missing = sorted(needed - set(names)) or ([] if OWNER_FIELDS & set(names) else ["email or team"])
    if missing:
        raise FileUnreadable(f"{file.path}: the header lacks {', '.join(missing)}.")
    return names


# -- JSON ----------------------------------------------------------------------------------------


def _json_rows(path: Path) -> Iterator[Row]:
    for number, entry in enumerate(_json_list(path), start=1):
        place = f"row {number}"
        if not isinstance(entry, dict):
            yield BadRow(place, ("write an object in braces",))
            continue
        tokens = entry.pop("tokens", None) or []
        yield balance_row(entry, place)
        yield from _json_tokens(tokens, entry, place)


def _json_tokens(tokens: object, account: Mapping[str, object], place: str) -> Iterator[Row]:
    owner = owner_of(account)
    if not isinstance(tokens, list):
        yield BadRow(place, ("tokens: write a list of objects",))
    elif owner is not None:  # without one the account's own row is bad, and says so
        for number, token in enumerate(tokens, start=1):
            here = f"{place}, token {number}"
            is_object = isinstance(token, dict)
            yield token_row(token, here, owner=owner) if is_object else BadRow(here, ("write an object in braces",))


def _json_list(path: Path) -> list[object]:
    try:
        parsed = strict_json(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise FileUnreadable(f"{path} is not UTF-8. Save it in UTF-8.") from None
    except RecursionError:
        raise FileUnreadable(f"{path} is nested too deeply.") from None
    except ValueError as error:
        raise FileUnreadable(f"{path} is no JSON that can be read: {error}.") from None
    if not isinstance(parsed, list):
        raise FileUnreadable(f"{path}: write a list of objects, one for each account and type.")
    return parsed
