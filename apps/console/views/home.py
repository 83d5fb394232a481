"""The first page: what is available, what was spent, and how to make a call."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.console.decorators import team_page
from apps.console.limit_rows import notices_of_wallet
from apps.console.news import latest_news
from apps.console.readers import billing_city, reader_of
from apps.console.shell import shell_of
from apps.console.spend_chart import Spend, SpendChart, spend_chart
from apps.console.views.free_credit import FreeSwitch, free_switch
from apps.core import clock
from apps.core.billing_calendar import business_date
from apps.marketplace import queries as marketplace
from apps.marketplace.listing import CALLABLE, RECOMMENDED, Filters, in_order, matching
from apps.relay import queries as relay
from apps.teams.types import TeamAccess
from apps.usage import queries as usage
from apps.usage.forecast import is_low
from apps.wallet import queries as wallet
from apps.wallet.types import Balance

DAYS: Final = 30
FALLBACK_MODEL: Final = "gpt-4o-mini"


@dataclass(frozen=True, slots=True)
class Guide:
    """How far a new team is on its way to the first call."""

    has_credits: bool
    has_token: bool
    has_calls: bool

    @property
    def done(self) -> int:
        return self.has_credits + self.has_token + self.has_calls

    @property
    def complete(self) -> bool:
        return self.has_calls


@require_safe
@team_page("wallet.view")
def home(request: HttpRequest, team: TeamAccess) -> HttpResponse:
    at = clock.now()
    today = business_date(at)
    balance = shell_of(request).payer.balance
    chart = _chart(team, today)
    figures = usage.figures_today(team.id, at=at)
    guide = _guide(team, balance, has_calls=bool(chart.nanos or figures.calls))
    forecast = usage.forecast_of(team.id, available_nanos=balance.available_nanos, at=at)
    context = {
        "today": today,
        "billing_zone": billing_city(),
        "switch": _switch(team),
        "news": latest_news(request, at=at),
        "notices": notices_of_wallet(team.wallet_id),
        "forecast": forecast,
        "low": is_low(forecast, usage.watches_of([team.id])[team.id]),
        "may_watch": team.may("wallet.change"),
        "reader": reader_of(request),
        "balance": balance,
        "held_nanos": -balance.held_nanos,
        "arrears_nanos": wallet.arrears_of(team.wallet_id),
        "chart": chart,
        "daily_nanos": chart.nanos // DAYS,
        "figures": figures,
        "answered": _share_text(figures.calls - figures.errors, figures.calls),
        "guide": guide,
        "may_create": team.may("tokens.change"),
        "may_see_tokens": team.may("tokens.view"),
        "may_see_logs": team.may("logs.view"),
        "base_url": f"{settings.PUBLIC_URL}/v1",
        "model": _example_model(team, at=at),
    }
    return render(request, "console/home/home.html", context)


def _switch(team: TeamAccess) -> FreeSwitch | None:
    """Only where it is on: it is off nearly everywhere, and its figures cost several questions."""
    return free_switch(team) if wallet.is_free_only(team.wallet_id) else None


def _chart(team: TeamAccess, today: date) -> SpendChart:
    first = today - timedelta(days=DAYS - 1)
    rows = usage.spend_by_day_and_model(team.id, first, today)
    return spend_chart((Spend(row.day, row.model_code, row.charge_nanos) for row in rows), first=first, last=today)


def _guide(team: TeamAccess, balance: Balance, *, has_calls: bool) -> Guide:
    has_token = has_calls or bool(relay.tokens_of(team.id))
    return Guide(has_credits=balance.available_nanos > 0, has_token=has_token, has_calls=has_calls)


def _example_model(team: TeamAccess, *, at: datetime) -> str:
    """A chat model that this team can call: the one that examples name, else what is recommended first."""
    listing = marketplace.listing(at=at)
    seen = listing.seen_by(listing.reach_of(team, at=at))
    found = in_order(matching(seen, Filters(types=frozenset({"chat"}), lifecycles=CALLABLE)), RECOMMENDED)
    codes = [model.code for model in found if model.version is not None]
    return FALLBACK_MODEL if FALLBACK_MODEL in codes else next(iter(codes), FALLBACK_MODEL)


def _share_text(part: int, whole: int) -> str:
    """Hundredths of a percent, cut: 99.99% while one call in ten thousand failed."""
    if not whole:
        return "–"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
