"""Watches a stream go by: what may be passed on, what is held back to the end, what was used. Parses next to nothing.

Pieces are kept as they are, because usage almost always comes at the end; only when it does not are they read.
"""

from apps.relay import events as wire_events
from apps.relay.types import Usage

KEPT_BYTES_A_STREAM = 512 * 1024
KEPT_BYTES_A_PROCESS = 64 * 1024 * 1024
TOKEN_BYTES = 8
"""Text that an event may have to count as one token, where no event has less."""
TEXT_CHARACTERS = 200_000
"""Text kept for counting; what is beyond only adds its length."""


class _Process:
    """What all streams of this process keep together."""

    kept_bytes = 0


def kept_bytes() -> int:
    return _Process.kept_bytes


class Meter:
    """One stream's meter. `take` every block of whole events in order; `close` gives its memory back."""

    __slots__ = (
        "_asked_for_usage",
        "_envelope_bytes",
        "_envelopes",
        "_finished",
        "_kept",
        "_kept_bytes",
        "_least_event",
        "_sample",
        "_text",
        "_text_beyond",
        "_text_length",
        "_usage_event",
        "ended",
        "event_count",
        "received_bytes",
        "tail",
    )

    def __init__(self, *, asked_for_usage: bool) -> None:
        self._asked_for_usage = asked_for_usage
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._text: list[str] = []
        self._text_length = self._text_beyond = 0
        self._usage_event = b""
        self._least_event = 1 << 30
        self._envelope_bytes = self._envelopes = 0
        self._finished: set[int] = set()
        self._sample = b""
        self.ended = False
        self.tail = b""
        self.event_count = self.received_bytes = 0

    # -- While it streams ------------------------------------------------------------------------

    def take(self, events: bytes) -> bytes:
        """Note whole events; what of them the caller may have now. The end mark and the usage before it stay behind."""
        self._keep(events)
        if wire_events.may_have_usage(events) or wire_events.may_have_end_mark(events) or self.tail:
            return self._sift(events)
        return events

    def _keep(self, events: bytes) -> None:
        size = len(events)
        count = wire_events.count(events)
        self.event_count += count
        self.received_bytes += size
        self._least_event = min(self._least_event, size // count)
        self._kept.append(events)
        self._kept_bytes += size
        _Process.kept_bytes += size
        if self._kept_bytes > KEPT_BYTES_A_STREAM or _Process.kept_bytes > KEPT_BYTES_A_PROCESS:
            self._fold()

    def _sift(self, events: bytes) -> bytes:
        passed: list[bytes] = []
        for event in wire_events.split(events):
            if self.ended:
                break  # whatever follows the end mark would let it go before its charge
            if wire_events.is_end_mark(event):
                self.ended = True
                self.tail += event
            elif self._is_held_back(event):
                self.tail = event if self._asked_for_usage else b""
            else:
                passed += (self.tail, event)
                self.tail = b""
        return b"".join(passed)

    def _is_held_back(self, event: bytes) -> bool:
        """Whether the event is nothing but usage; remembers usage wherever it stands, the latest winning."""
        if not wire_events.may_have_usage(event):
            return False
        self._usage_event = event
        return wire_events.is_only_usage(event)

    def output_with(self, events: bytes) -> int:
        """About how many tokens will have come with these events, read as little as can be: an event is one at least,
        its text three bytes each. The shortest event tells how much of each is envelope and first token; one that is
        read each time this is asked keeps that true where all are long, or comments are between them.
        """
        size, count = len(events), wire_events.count(events)
        all_events = self.event_count + count
        least = min(self._least_event, size // count)
        envelope = wire_events.envelope_of(events)
        if envelope is not None:
            self._envelope_bytes += envelope
            self._envelopes += 1
        if self._envelopes:
            envelope = self._envelope_bytes // self._envelopes
            least = min(max(least, envelope), envelope + TOKEN_BYTES)
        return max(all_events, (self.received_bytes + size - all_events * least) // 3)

    # -- At the end ------------------------------------------------------------------------------

    @property
    def usage(self) -> Usage | None:
        for data in wire_events.data_of(self._usage_event):
            if (usage := wire_events.usage_of(data)) is not None:
                return usage
        return None

    @property
    def is_finished(self) -> bool:
        """Whether the model said why it stopped, end mark or not."""
        return self.ended or bool(self._finished) or bool(wire_events.finished_choices(self._kept[-8:]))

    @property
    def finished_choices(self) -> set[int]:
        """Which of several answers the model has ended. Reads all that was kept."""
        return self._finished | wire_events.finished_choices(self._kept)

    @property
    def sample(self) -> bytes:
        """Events of this stream, to make others like them."""
        return next((events for events in reversed(self._kept) if b'"choices"' in events), self._sample)

    def text(self) -> str:
        """What the model wrote so far. Reads all that was kept: only for streams whose usage did not come."""
        self._fold()
        text = "".join(self._text)
        if self._text_beyond and text:
            length = len(text) + self._text_beyond
            text = (text * (length // len(text) + 1))[:length]  # as many characters more, of the same kind
        return text

    def close(self) -> None:
        _Process.kept_bytes -= self._kept_bytes
        self._kept_bytes = 0
        self._kept.clear()

    def _fold(self) -> None:
        """Reduce what is kept to the text in it: about a thirtieth."""
        self._sample = self.sample
        self._finished |= wire_events.finished_choices(self._kept)
        text = "".join(wire_events.text_of(data) for events in self._kept for data in wire_events.data_of(events))
        room = TEXT_CHARACTERS - self._text_length
        self._text.append(text[:room])
        self._text_length += min(len(text), room)
        self._text_beyond += max(len(text) - room, 0)
        self.close()
