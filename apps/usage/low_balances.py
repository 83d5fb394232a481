"""Tells people that a balance is about to end: once for each falling below, again only after it recovered."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice

from django.db import transaction

from apps.accounts import services as accounts
from apps.core.locks import lock_for_transaction
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.teams import queries as teams
from apps.teams.types import PeopleToTell, TeamAccess
from apps.usage import queries
from apps.usage.forecast import Forecast, Watch, has_recovered, is_low
from apps.usage.models import BalanceWatch, LowBalance
from apps.usage.types import BALANCE_LOW
from apps.wallet import queries as wallet

AT_ONCE = 500
PATH = "/console/"


def watch_balance(team: TeamAccess, *, days: int, amount_nanos: int, at: datetime) -> None:
    """What the team is warned by from now on. Safe to repeat; a change is recorded."""
    with transaction.atomic():
        watch, _ = BalanceWatch.objects.select_for_update().get_or_create(
            team_id=team.id, defaults={"days": Watch().days, "amount_nanos": 0}
        )
        if (watch.days, watch.amount_nanos) == (days, amount_nanos):
            return
        watch.days, watch.amount_nanos = days, amount_nanos
        watch.save(update_fields=["days", "amount_nanos"])
        details = {"days": days, "amount": credits_text(amount_nanos)}
        act = Act(
            "balance.watched",
            "team",
            team.public_id,
            actor_id=team.user_id,
            details=details,
            scope=team.public_id,
        )
        journal.record_act(act, at=at)


def tell_of_low_balances(*, at: datetime) -> int:
    """How many wallets fell below since the last time. Each change of state moves with its messages, behind a lock:
    safe to repeat, late or twice at once.
    """
    daily = queries.daily_spend_of_all(at=at)
    watched = set(BalanceWatch.objects.filter(amount_nanos__gt=0).values_list("pk", flat=True))
    known = set(LowBalance.objects.values_list("team_id", flat=True))
    team_ids = sorted(daily.keys() | watched | known)
    return sum(_tell_some(chunk, daily, at=at) for chunk in _chunks(team_ids))


def _tell_some(team_ids: Collection[int], daily: Mapping[int, int], *, at: datetime) -> int:
    with transaction.atomic():
        lock_for_transaction("usage.low_balances")
        wallets = teams.wallets_of(team_ids)
        forecasts = _forecasts(wallets, daily)
        watches = queries.watches_of(team_ids)
        known = set(LowBalance.objects.filter(team_id__in=team_ids).values_list("team_id", flat=True))
        over = [id_ for id_ in known if id_ not in forecasts or has_recovered(forecasts[id_], watches[id_])]
        LowBalance.objects.filter(team_id__in=over).delete()
        new = [id_ for id_, found in forecasts.items() if id_ not in known and is_low(found, watches[id_])]
        LowBalance.objects.bulk_create(LowBalance(wallet_id=wallets[id_], team_id=id_, told_at=at) for id_ in new)
        people = teams.people_to_tell([wallets[id_] for id_ in new])
        for id_ in new:
            if told := people.get(wallets[id_]):
                _tell(wallets[id_], forecasts[id_], told, at=at)
    return len(new)


def _forecasts(wallets: Mapping[int, int], daily: Mapping[int, int]) -> dict[int, Forecast]:
    balances = wallet.balances_of(wallets.values())
    return {
        team_id: Forecast(balances[wallet_id].available_nanos, daily.get(team_id, 0))
        for team_id, wallet_id in wallets.items()
    }


def _tell(wallet_id: int, forecast: Forecast, told: PeopleToTell, *, at: datetime) -> None:
    content = {
        "team": told.team,
        "available": credits_text(forecast.available_nanos),
        "daily": credits_text(forecast.daily_nanos),
        "days_left": forecast.days_left,
    }
    key = f"balance.low:{wallet_id}:{at.isoformat()}"
    shown = {**content, "team_name": told.name, "path": PATH}
    accounts.notify(told.user_ids, BALANCE_LOW, payload=shown, dedupe_key=key, at=at, subject=told.team)
    journal.queue_event(told.team, BALANCE_LOW.code, payload=content, dedupe_key=key, at=at)


def _chunks(team_ids: list[int]) -> Iterator[list[int]]:
    left = iter(team_ids)
    while chunk := list(islice(left, AT_ONCE)):
        yield chunk
