"""What the stages of a call hand to each other, and what they ask of snapshots and transports. Values, no behaviour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from apps.marketplace.rating import Conditions, Line, PriceList
    from apps.relay.connection import Timeouts
    from apps.wallet.types import RateLimits


# -- Tokens of other systems ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegacyToken:
    """A token to bring in. `key` as clients send it, with or without its `sk-`; it is never shown or stored."""

    team_id: int
    name: str
    key: str = field(repr=False)
    limit_nanos: int
    """0 caps nothing."""
    used_nanos: int
    model_codes: tuple[str, ...] = ()
    ip_allow: tuple[str, ...] = ()
    expires_at: datetime | None = None
    is_enabled: bool = True


# -- Snapshots: what a process remembers of the database ----------------------------------------


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """A limit that a token's calls count against besides the token's own: of a member, a project or a team."""

    account_id: int
    scope: Literal["member", "project", "team"]
    refill: str = ""
    """When it is refilled: daily, weekly, monthly, or empty."""


@dataclass(frozen=True, slots=True)
class TokenSnapshot:
    """An API token that exists, deleted ones included, so that a caller learns why it is refused."""

    id: int
    uid: UUID
    account_id: int
    team_id: int
    wallet_id: int
    user_id: int | None
    capped: bool
    model_codes: frozenset[str] = frozenset()
    """Empty: every model of the team's groups."""
    ip_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    expires_at: datetime | None = None
    disabled: bool = False
    deleted: bool = False
    concurrency: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    """None in these three: the access group's value."""
    reset: str = ""
    """When its own limit is refilled: daily, weekly, monthly, or empty."""
    budgets: tuple[BudgetSnapshot, ...] = ()

    @property
    def accounts(self) -> tuple[int, ...]:
        """Every account that a call of this token holds money on: the token's first, the wallet last."""
        return (self.account_id, *(budget.account_id for budget in self.budgets), self.wallet_id)


@dataclass(frozen=True, slots=True)
class GrantedGroup:
    code: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TeamSnapshot:
    id: int
    main_group: str
    granted: tuple[GrantedGroup, ...] = ()
    granted_models: Mapping[int, datetime | None] = field(default_factory=dict)
    """By row id of the model, each with the end of its grant, if it has one."""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    code: str
    multiplier: Decimal
    token_limits: "RateLimits"
    wallet_limits: "RateLimits"
    all_lines: bool = False
    """Whether the channels of every other group may be asked as well, after its own."""


@dataclass(frozen=True, slots=True)
class ModelSnapshot:
    """A catalogue model with the price in force; without a price it answers like an unknown one."""

    id: int
    code: str
    type: str
    vendor: str
    lifecycle: str
    created_at: datetime
    context_length: int | None
    max_output: int | None
    groups: frozenset[str]
    price: "PriceList | None"
    price_version_id: int | None
    hidden_output: bool = False
    pass_unknown_priced: bool = False
    part_tokens: Mapping[str, int] = field(default_factory=dict)
    """The most tokens a part of a message (`image`, `audio`, `file`) can count."""
    retired_on: str | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelSnapshot:
    """An enabled channel with its decrypted keys; `models` maps our ids to the upstream's names."""

    id: int
    name: str
    kind: str
    base_url: str
    keys: tuple[str, ...] = field(repr=False)
    priority: int
    weight: int
    groups: frozenset[str]
    models: Mapping[str, str]
    transport: str = "raw"
    bills_after_cancel: bool = False


class Snapshots(Protocol):
    """What the relay reads instead of the database. Only a token or team that is not remembered costs a query."""

    def models_at(self, at: datetime) -> Mapping[str, ModelSnapshot]:
        """By id, each at the price that is in force at this instant."""

    @property
    def channels(self) -> tuple[ChannelSnapshot, ...]:
        """The same object until a channel changes."""

    async def token_by_secret(self, secret: str) -> TokenSnapshot | None: ...

    async def team_by_id(self, team_id: int) -> TeamSnapshot: ...

    def group_for(self, team: TeamSnapshot, model: ModelSnapshot, at: datetime) -> GroupSnapshot | None:
        """The one group that prices, limits and routes the call; None if the team may not see the model."""


# -- Transports: how bytes reach an upstream -----------------------------------------------------


class UpstreamAnswer(Protocol):
    """An answer whose head has arrived. Read to its end or closed by whoever holds it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    """Names in lower case."""
    complete: bool
    """All of it has arrived (though perhaps not been read)."""

    async def piece(self) -> bytes:
        """What came since the last call; empty after a proper end, an httpx error after any other."""

    async def read(self, *, max_bytes: int) -> bytes: ...

    async def aclose(self) -> None: ...


class UpstreamTransport(Protocol):
    """Raises httpx's transport errors: ConnectError and ConnectTimeout when nothing was sent."""

    async def send(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes, timeouts: "Timeouts"
    ) -> UpstreamAnswer: ...


# -- A call, stage by stage ----------------------------------------------------------------------


class Disconnect(Protocol):
    """The news that the caller has hung up."""

    def is_set(self) -> bool: ...

    def call(self, listener: Callable[[], object]) -> None: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came in; `call_id` is minted for it, whatever becomes of it."""

    call_id: UUID
    at: datetime
    started: float
    """By the monotonic clock."""
    body: bytes
    authorization: str | None = None
    api_key: str | None = None
    content_encoding: str | None = None
    ip: str = "0.0.0.0"  # noqa: S104  a caller without an address
    disconnect: Disconnect | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the relay has to know about a path to peek at its requests."""

    name: str
    path: str
    content: str
    """The field that holds what is sent to the model."""
    known: frozenset[str]
    output_fields: tuple[str, ...] = ()
    """Fields that limit the output; the largest counts."""
    default_output: int | None = None
    model_type: str = "chat"
    """The type of the models that answer here, as the catalogue's dictionary has it."""
    has_output: bool = True
    content_is_list: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What the caller sent, peeked at: the top level is parsed, the values are the caller's own bytes."""

    endpoint: Endpoint
    fields: Mapping[str, msgspec.Raw]
    model: str
    size: int
    """Bytes of the body."""
    stream: bool = False
    asked_for_usage: bool = False
    choices: int = 1
    """How many outputs each may be as long as `max_output`."""
    max_output: int | None = None
    output_field: str | None = None
    """The field that set `max_output`."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request sends to the model, as far as its cost depends on it."""

    messages: int
    text_bytes: int
    other_parts: tuple[str, ...] = ()
    """Types of the parts that are not text, one for each."""
    contexts: int = 1
    """How many texts there are, each of which may fill the model's context."""
    has_tools: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    token: TokenSnapshot
    team: TeamSnapshot
    ip: str


@dataclass(frozen=True, slots=True)
class Admission:
    """A known caller, a model it may use, the group that prices it, and the limits the ledger shall keep."""

    caller: Caller
    model: ModelSnapshot
    group: GroupSnapshot
    token_limits: "RateLimits"
    wallet_limits: "RateLimits"


@dataclass(frozen=True, slots=True)
class Route:
    """The channels to ask, in order."""

    channels: tuple[ChannelSnapshot, ...]


@dataclass(frozen=True, slots=True)
class Extras:
    """What a request asks for beyond tokens at the list price."""

    conditions: "Conditions" = field(default_factory=dict)
    also: frozenset[str] = frozenset()
    """Meters that its tokens may turn out to be."""
    quantities: Mapping[str, int] = field(default_factory=dict)
    write_meter: str = "cache_write_tokens"
    more_output: int = 0
    """Output tokens beside the limit that the caller set."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Upper bounds. `hold_nanos` is what is held first; a stream that began with a step may extend to `bound_nanos`."""

    input_tokens: int
    output_tokens: int
    held_output: int
    """Output tokens that `hold_nanos` pays for; `output_tokens` when the whole bound is held."""
    max_output: int | None
    """The model's limit, to which the caller's is lowered."""
    hold_nanos: int
    bound_nanos: int
    rate_tokens: int
    """What counts against tokens per minute until the usage is known."""
    extras: Extras


@dataclass(frozen=True, slots=True)
class Reservation:
    """A hold that the ledger granted. From here on the call must settle or be voided, whatever happens."""

    call_id: UUID
    accounts: tuple[int, ...]
    until: float
    """By the monotonic clock: when the call has to be over. The hold lasts a little longer."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A channel that answered. `body` is the whole of a plain answer, the first piece of a stream."""

    channel: ChannelSnapshot
    answer: UpstreamAnswer
    body: bytes
    usage: "Usage | None" = None
    """What a plain answer says it used."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Whole prompt and whole completion; everything else is a part of one of them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    other: Mapping[str, int] = field(default_factory=dict)
    """Tokens of further meters (`audio_input_tokens`, …), each a part of the prompt or the completion."""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class CallCost:
    """How the charge of a past call adds up: `lines` at the list price, then the two others, each signed."""

    lines: "tuple[Line, ...]"
    multiplier: Decimal
    multiplier_nanos: int
    """What the access group's multiplier adds to the list price, or takes from it."""
    uncharged_nanos: int
    """Negative where the balance had run out before the whole price could be charged."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token as its creator exports it: without what it could be used by. `team` and `public_id` are public ids."""

    token_id: int
    public_id: str
    team_id: int
    team: str
    name: str
    last_four: str
    limit_nanos: int
    created_at: datetime
    expires_at: datetime | None
    disabled_at: datetime | None
    deleted_at: datetime | None
