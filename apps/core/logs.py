"""Log lines: one JSON object a line, with what `extra=` names. Never message bodies; secrets are masked anyway."""

import json
import logging
import re
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

_encode = msgspec.json.Encoder().encode
_PLAIN_RECORD = logging.LogRecord("", 0, "", 0, "", None, None)
_OWN_FIELDS: Final = frozenset(vars(_PLAIN_RECORD)) | {"message", "asctime", "request", "color_message"}
_SECRET: Final = re.compile(r"\b(sk-|pat_|Bearer\s+|key=)[A-Za-z0-9._~+/=-]{16,}")
_MOST_CAUSES: Final = 10


def masked(text: str) -> str:
    """The text with tokens and keys cut to their prefix."""
    return _SECRET.sub(r"\1…", text)


def wordless_trace(error: BaseException) -> str:
    """Places and types of an exception and of those it came from, the newest last. Not their texts: a KeyError says the
    key, a ValueError the value, and either may be what somebody wrote."""
    causes: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(causes) < _MOST_CAUSES:
        kind = type(cause)
        causes.append("".join(traceback.format_tb(cause.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n".join(reversed(causes))


class Lines:
    """Many lines in one record, each with its own `at` and `text`: written one by one they cost 75 µs each, so 4.

    For ids and figures only: what a person or an upstream wrote belongs into a record of its own, which is masked.
    """

    def __init__(self, entries: Sequence[Mapping[str, object]]) -> None:
        self.entries = entries

    def __str__(self) -> str:
        return "\n".join(" ".join(f"{name}={value}" for name, value in entry.items()) for entry in self.entries)


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "logger", "text", …extra…}`; an exception as `wordless_trace` has it."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Lines):
            return self._lines(record.msg, {"level": record.levelname.lower(), "logger": record.name})
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = wordless_trace(record.exc_info[1])
        return masked(json.dumps(line, ensure_ascii=False, default=str))

    def _lines(self, lines: Lines, head: Mapping[str, object]) -> str:
        return b"\n".join(_encode({**head, **entry}) for entry in lines.entries).decode()


class PlainFormatter(logging.Formatter):
    """For a terminal: level, logger, text and the extra fields as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        extra = " ".join(f"{name}={value}" for name, value in vars(record).items() if name not in _OWN_FIELDS)
        head = f"{record.levelname.lower():<8}{record.name}: {record.getMessage()}"
        lines = [f"{head} {extra}".rstrip()]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        return masked("\n".join(lines))
