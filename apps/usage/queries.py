"""The request log and its sums. Every question names its team; every list is bounded. Writes nothing.

Sums are exact at any moment: what the roll-ups hold plus the records settled since, read in one statement.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median_low
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum

from apps.core.billing_calendar import business_date, day_bounds
from apps.core.pagination import DEFAULT_SIZE, Cursor, Page, keyset_page
from apps.core.partitions import uuid_floor
from apps.usage.forecast import Forecast, Watch, daily_nanos
from apps.usage.models import BalanceWatch, DayUsage, MinuteUsage, UsageOrigin, UsageRecord
from apps.usage.types import CallDetail, DaySpend, LogFilters, LoggedCall, MinuteCalls, TodayFigures

# A call's id is minted while it is accepted; the margin lets the id's index serve questions about `at`.
_MARGIN = timedelta(minutes=1)
_MEDIAN_OF = 1_000
_CHUNK = 2_000

# The roll-ups of these days, and the records settled since the roll-up, as one relation.
_DAYS = """
    SELECT day, model_code, calls, errors, input_tokens, output_tokens, charge_nanos
    FROM usage_dayusage WHERE team_id = %(team_id)s AND day BETWEEN %(first_on)s AND %(last_on)s
    UNION ALL
    SELECT (at AT TIME ZONE %(zone)s)::date, model_code, 1, (status >= 400)::int, input_tokens, output_tokens,
           charge_nanos
    FROM usage_record
    WHERE team_id = %(team_id)s AND at >= %(start)s AND at < %(end)s AND id >= %(least)s AND id < %(most)s
      AND settled_at >= coalesce((SELECT settled_before FROM usage_rollupwatermark), '-infinity')
"""


# A team's first day counts from where it began: its spend is not spread over days when it was not there.
_RECENT = """
    SELECT team_id, sum(charge_nanos)::bigint,
           CASE WHEN EXISTS (SELECT 1 FROM usage_dayusage e WHERE e.team_id = d.team_id AND e.day < %(first_on)s)
                THEN %(first_on)s ELSE min(day) END
    FROM usage_dayusage d
    WHERE day BETWEEN %(first_on)s AND %(today)s AND (%(teams)s::bigint[] IS NULL OR team_id = ANY (%(teams)s))
    GROUP BY team_id HAVING sum(charge_nanos) > 0
"""


def log_page(
    team_id: int, filters: LogFilters, *, cursor: Cursor | None = None, size: int = DEFAULT_SIZE
) -> Page[LoggedCall]:
    """One page of a team's calls, newest first. Two queries, however deep."""
    rows = _between(UsageRecord.objects.filter(team_id=team_id), filters.from_at, filters.to_at)
    if filters.token_id is not None:
        rows = rows.filter(token_id=filters.token_id)
    if filters.model_code:
        rows = rows.filter(model_code=filters.model_code)
    if filters.status is not None:
        rows = rows.filter(status=filters.status)
    page = keyset_page(rows, key="id", cursor=cursor, size=size)
    ips = _ips_of(page.results)
    return page.map(lambda record: _logged(record, ips))


def calls_of_team(team_id: int) -> Iterator[list[LoggedCall]]:
    """All calls of a team, the oldest first, in chunks of two short queries each: for exports."""
    return _in_chunks(UsageRecord.objects.filter(team_id=team_id))


def calls_of_token(token_id: int) -> Iterator[list[LoggedCall]]:
    """The same of a token."""
    return _in_chunks(UsageRecord.objects.filter(token_id=token_id))


def logged_call(team_id: int, call_id: UUID) -> LoggedCall | None:
    """One call of the team; None for a foreign one as for one that was never settled."""
    record = UsageRecord.objects.filter(team_id=team_id, id=call_id).first()
    return None if record is None else _logged(record, _ips_of([record]))


def call_detail(team_id: int, call_id: UUID) -> CallDetail | None:
    """The same with what the call was priced by."""
    record = UsageRecord.objects.filter(team_id=team_id, id=call_id).first()
    return None if record is None else _detail(record, _ips_of([record]))


def last_calls(team_id: int, model_code: str, *, first_on: date, last_on: date, at_most: int) -> list[CallDetail]:
    """The team's calls of a model on these business days, the newest first; without addresses.

    Asks day by day, and only those with such calls: a model that is rarely called is found among millions of others.
    """
    used = [day.day for day in spend_by_day_and_model(team_id, first_on, last_on) if day.model_code == model_code]
    rows = UsageRecord.objects.filter(team_id=team_id, model_code=model_code)
    found: list[CallDetail] = []
    for day in reversed(used):
        of_day = _between(rows, *day_bounds(day)).order_by("-id")[: at_most - len(found)]
        found += [_detail(record, {}) for record in of_day]
        if len(found) >= at_most:
            break
    return found


def spend_in_group(team_id: int, access_group: str, *, first_on: date, last_on: date) -> int:
    """Nanocredits of the team's calls that this access group priced, on these business days."""
    days = {day.day for day in spend_by_day_and_model(team_id, first_on, last_on) if day.charge_nanos}
    rows = UsageRecord.objects.filter(team_id=team_id, access_group=access_group)
    sums = (_between(rows, *day_bounds(day)).aggregate(spend=Sum("charge_nanos"))["spend"] for day in sorted(days))
    return sum(int(spend or 0) for spend in sums)


def spend_between(team_ids: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
    """Nanocredits by team of calls accepted in `[start, end)`; teams without calls are absent."""
    rows = _between(UsageRecord.objects.filter(team_id__in=team_ids), start, end)
    sums = rows.order_by().values_list("team_id").annotate(spend=Sum("charge_nanos"))
    return {team_id: int(spend) for team_id, spend in sums}


def spend_by_token(team_id: int, start: datetime, end: datetime) -> dict[int, int]:
    """Nanocredits by token of calls accepted in `[start, end)`; tokens without calls are absent."""
    rows = _between(UsageRecord.objects.filter(team_id=team_id), start, end)
    sums = rows.order_by().values_list("token_id").annotate(spend=Sum("charge_nanos"))
    return {token_id: int(spend) for token_id, spend in sums}


def spend_by_day_and_model(team_id: int, first_on: date, last_on: date) -> list[DaySpend]:
    """Calls and spend of each business day from `first_on` to `last_on`, the oldest day first. One query."""
    sums = "sum(calls), sum(errors), sum(input_tokens), sum(output_tokens), sum(charge_nanos)"
    statement = f"SELECT day, model_code, {sums} FROM ({_DAYS}) d GROUP BY 1, 2 ORDER BY 1, 2"  # noqa: S608  constants
    with connection.cursor() as cursor:
        cursor.execute(statement, _days_asked(team_id, first_on, last_on))
        return [DaySpend(day, code, *map(int, figures)) for day, code, *figures in cursor.fetchall()]


def figures_today(team_id: int, *, at: datetime) -> TodayFigures:
    """The team's business day at this instant, up to the call settled last. Three queries."""
    today = business_date(at)
    days = spend_by_day_and_model(team_id, today, today)
    start, end = day_bounds(today)
    refused = MinuteUsage.objects.filter(team_id=team_id, minute__gte=start, minute__lt=end, refused__gt=0)
    latencies = (
        _between(UsageRecord.objects.filter(team_id=team_id), start, end)
        .filter(status__lt=400)
        .order_by("-id")
        .values_list("latency_ms", flat=True)[:_MEDIAN_OF]
    )
    return TodayFigures(
        calls=sum(day.calls for day in days),
        errors=sum(day.errors for day in days),
        refused=int(refused.aggregate(sum=Sum("refused"))["sum"] or 0),
        spend_nanos=sum(day.charge_nanos for day in days),
        median_latency_ms=median_low(latencies) if latencies else None,
    )


def totals_of(team_id: int) -> tuple[int, int]:
    """Nanocredits and calls of all days that the roll-ups hold."""
    sums = DayUsage.objects.filter(team_id=team_id).aggregate(spend=Sum("charge_nanos"), calls=Sum("calls"))
    return int(sums["spend"] or 0), int(sums["calls"] or 0)


def daily_spend_of_all(*, at: datetime, team_ids: Collection[int] | None = None) -> dict[int, int]:
    """Nanocredits a day by team, at the rate of the last seven business days, today included as far as it has come.
    Teams that spent nothing are absent. One query.
    """
    today = business_date(at)
    asked = {"first_on": today - timedelta(days=6), "today": today, "teams": None if team_ids is None else [*team_ids]}
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, asked)
        rows = cursor.fetchall()
    return {team_id: daily_nanos(spend, seconds=_seconds_since(since_on, at)) for team_id, spend, since_on in rows}


def watches_of(team_ids: Collection[int]) -> dict[int, Watch]:
    """What these teams are warned by. One query."""
    rows = BalanceWatch.objects.filter(pk__in=team_ids).values_list("pk", "days", "amount_nanos")
    found = {team_id: Watch(days, amount) for team_id, days, amount in rows}
    return {team_id: found.get(team_id, Watch()) for team_id in team_ids}


def forecast_of(team_id: int, *, available_nanos: int, at: datetime) -> Forecast:
    """How long what is available to a team lasts. One query."""
    return Forecast(available_nanos, daily_spend_of_all(at=at, team_ids=[team_id]).get(team_id, 0))


def calls_by_minute(team_id: int, start: datetime, end: datetime) -> list[MinuteCalls]:
    """The minutes of `[start, end)` that the roll-up has seen, by token, model and status; the oldest first."""
    rows = MinuteUsage.objects.filter(team_id=team_id, minute__gte=start, minute__lt=end).order_by("minute", "id")
    return [MinuteCalls(*row) for row in rows.values_list(*MinuteCalls.__dataclass_fields__)]


def _seconds_since(on: date, at: datetime) -> int:
    return int((at - day_bounds(on)[0]).total_seconds())


def _between(rows: QuerySet[UsageRecord], start: datetime | None, end: datetime | None) -> QuerySet[UsageRecord]:
    if start is not None:
        rows = rows.filter(at__gte=start, id__gte=uuid_floor(start - _MARGIN))
    if end is not None:
        rows = rows.filter(at__lt=end, id__lt=uuid_floor(end + _MARGIN))
    return rows


def _days_asked(team_id: int, first_on: date, last_on: date) -> dict[str, int | str | date | UUID]:
    start, end = day_bounds(first_on)[0], day_bounds(last_on)[1]
    return {
        "team_id": team_id,
        "first_on": first_on,
        "last_on": last_on,
        "zone": settings.BILLING_TZ,
        "start": start,
        "end": end,
        "least": uuid_floor(start - _MARGIN),
        "most": uuid_floor(end + _MARGIN),
    }


def _in_chunks(rows: QuerySet[UsageRecord]) -> Iterator[list[LoggedCall]]:
    last = UUID(int=0)
    while records := list(rows.filter(id__gt=last).order_by("id")[:_CHUNK]):
        ips = _ips_of(records)
        yield [_logged(record, ips) for record in records]
        last = records[-1].id


def _ips_of(records: Sequence[UsageRecord]) -> Mapping[UUID, str]:
    return dict(UsageOrigin.objects.filter(id__in=[record.id for record in records]).values_list("id", "ip"))


def _detail(record: UsageRecord, ips: Mapping[UUID, str]) -> CallDetail:
    return CallDetail(
        logged=_logged(record, ips),
        settled_at=record.settled_at,
        access_group=record.access_group,
        multiplier=record.multiplier,
        quantities=record.quantities or {},
    )


def _logged(record: UsageRecord, ips: Mapping[UUID, str]) -> LoggedCall:
    return LoggedCall(
        call_id=record.id,
        at=record.at,
        token_id=record.token_id,
        user_id=record.user_id,
        model_code=record.model_code,
        endpoint=record.endpoint,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cached_tokens=record.cached_tokens,
        cache_write_tokens=record.cache_write_tokens,
        reasoning_tokens=record.reasoning_tokens,
        charge_nanos=record.charge_nanos,
        price_version_id=record.price_version_id,
        status=record.status,
        latency_ms=record.latency_ms,
        first_byte_ms=record.first_byte_ms,
        streamed=record.streamed,
        estimated=record.estimated,
        error_code=record.error_code,
        ip=ips.get(record.id),
    )
