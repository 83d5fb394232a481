"""What the journal takes and returns: frozen values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the audit trail. `target` is a kind such as `token`, `target_id` its id as text.

    `scope` says who may read it besides operators, such as `team_…` or `wallet:17`; empty: nobody.
    """

    act: str
    target: str
    target_id: str
    actor_id: int | None = None
    actor_label: str = ""
    reason: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    ip: str | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """An act that needs a second person. `parameters` are JSON without fractions: all that decides what will happen."""

    act: str
    target: str
    target_id: str
    parameters: Mapping[str, object]
    reason: str
    requested_by: int


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """An approval as it stands; `status` is pending, approved, carried_out, refused or expired."""

    approval_id: int
    act: str
    target: str
    target_id: str
    parameters: Mapping[str, object]
    reason: str
    requested_by: int
    requested_at: datetime
    expires_at: datetime
    approved_by: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Message:
    """A mail, a webhook or an operator alert, as `channel` says: the sender of that one knows how to render `payload`.

    Of several with the same `quiet_key` only the first is stored.
    """

    dedupe_key: str
    kind: str
    recipient: str
    payload: Mapping[str, object] = field(default_factory=dict)
    channel: str = "mail"
    quiet_key: str | None = None


@dataclass(frozen=True, slots=True)
class DueMessage:
    message_id: int
    kind: str
    recipient: str
    payload: Mapping[str, Any]
    attempts: int
    channel: str
    dedupe_key: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """What the first call with a key ended in."""

    status: int
    object_id: str


@dataclass(frozen=True, slots=True)
class Run:
    job: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        return self.outcome == "failed"


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """A line of the audit trail, as it was written."""

    at: datetime
    actor_id: int | None
    reason: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the audit trail with what it is about."""

    at: datetime
    act: str
    target: str
    target_id: str
    scope: str
    reason: str
    details: Mapping[str, object]
    ip: str


@dataclass(frozen=True, slots=True)
class StoredFileInfo:
    """A stored file without its content, which `queries.pieces_of` gives."""

    uid: UUID
    owner: str
    name: str
    content_type: str
    size: int
    created_at: datetime
    expires_at: datetime | None


CHALLENGE = "endpoint.challenge"
TEST = "endpoint.test"


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """The one moment at which the secret is known."""

    endpoint_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of an owner's events, without its secrets."""

    endpoint_id: str
    url: str
    kinds: tuple[str, ...]
    created_at: datetime
    verified_at: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    reason: str
    previous_until: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for an address, and what became of it; nothing of what it said or was answered."""

    event_id: str
    kind: str
    created_at: datetime
    due_at: datetime
    attempts: int
    sent_at: datetime | None
    failed_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class OutboxState:
    """For who watches: `oldest_seconds` is 0 when nothing waits."""

    waiting: int
    oldest_seconds: float
    given_up: int


@dataclass(frozen=True, slots=True)
class LoggedAct:
    """A line of the audit trail for whoever may read its scope."""

    id: UUID
    at: datetime
    actor_id: int | None
    act: str
    target: str
    target_id: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """Which lines of a scope; what is empty counts as all. `since` is in, `until` is out.

    `outsiders`: lines by nobody of these people, or of `their_acts`, which count as an outsider's whoever did them.
    """

    actor_id: int | None = None
    outsiders_to: Collection[int] | None = None
    their_acts: Collection[str] = ()
    acts: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
