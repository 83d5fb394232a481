"""The row a settled call leaves behind, and the SQL that stores it in the statement that settles the money.

`INSERT` is two branches of that statement. They stand behind a branch `done` with the columns `id`, `outcome` and
`charged`, one row a call, and take one array parameter for each of `COLUMNS`, in that order.
"""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

_TYPES = {
    "id": "uuid",
    "at": "timestamptz",
    "team_id": "bigint",
    "wallet_id": "bigint",
    "token_id": "bigint",
    "user_id": "bigint",
    "model_id": "bigint",
    "model_code": "text",
    "channel_id": "bigint",
    "access_group": "text",
    "endpoint": "text",
    "price_version_id": "bigint",
    "multiplier": "text",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "cached_tokens": "bigint",
    "cache_write_tokens": "bigint",
    "reasoning_tokens": "bigint",
    "quantities": "text",
    "status": "smallint",
    "latency_ms": "integer",
    "first_byte_ms": "integer",
    "streamed": "boolean",
    "estimated": "boolean",
    "error_code": "text",
    "ip": "text",
}
_STORED_AS = {"multiplier": "numeric", "quantities": "jsonb"}  # travel as text: arrays of them have no binary form here

COLUMNS: tuple[str, ...] = tuple(_TYPES)
TYPES: tuple[str, ...] = tuple(_TYPES.values())
_values = attrgetter(*COLUMNS)
_RECORD_COLUMNS = tuple(column for column in COLUMNS if column != "ip")


def _value_of(column: str) -> str:
    cast = _STORED_AS.get(column)
    return f"u.{column}::{cast}" if cast else f"u.{column}"


INSERT = f"""
given AS MATERIALIZED (
    SELECT * FROM unnest({", ".join(f"%s::{type_}[]" for type_ in TYPES)}) AS u ({", ".join(COLUMNS)})
),
logged AS (
    INSERT INTO usage_record ({", ".join(_RECORD_COLUMNS)}, charge_nanos, settled_at)
    SELECT {", ".join(_value_of(column) for column in _RECORD_COLUMNS)}, d.charged, clock_timestamp()
    FROM given u JOIN done d USING (id)
    WHERE d.outcome IN ('charged', 'late', 'voided')
),
origin AS (
    INSERT INTO usage_origin (id, ip)
    SELECT u.id, u.ip::inet FROM given u JOIN done d USING (id)
    WHERE d.outcome IN ('charged', 'late', 'voided') AND u.ip IS NOT NULL
)
"""  # noqa: S608  built from the constants above


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """One call as the relay saw it. The charge is missing on purpose: the ledger's figure is the only one stored.

    `input_tokens` is the whole prompt; `cached_tokens` and `cache_write_tokens` are parts of it, as `reasoning_tokens`
    is a part of `output_tokens`. `status` is what the caller got: 499 when the caller left, 502 when upstream broke.
    `multiplier` is the factor applied to the price, in plain notation. `quantities` is JSON of the other meters and of
    the conditions the price was chosen by.
    """

    id: UUID
    at: datetime
    team_id: int
    wallet_id: int
    token_id: int
    user_id: int | None = None
    model_id: int
    model_code: str
    channel_id: int | None
    access_group: str
    endpoint: str
    price_version_id: int
    multiplier: str = "1"
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    quantities: str | None = None
    status: int = 200
    latency_ms: int
    first_byte_ms: int | None = None
    streamed: bool = False
    estimated: bool = False
    error_code: str = ""
    ip: str | None = None

    def as_row(self) -> tuple[object, ...]:
        """The values in the order of `COLUMNS`."""
        row: tuple[object, ...] = _values(self)
        return row
