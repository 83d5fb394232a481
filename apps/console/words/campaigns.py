"""What the terms of a campaign say, in the reader's words: what it pays, to whom, how much at most, and until when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from apps.console.amounts import BALANCE_PLACES, Reader, amount_text, figure
from apps.core.billing_calendar import billing_zone
from apps.promotions import campaigns
from apps.promotions.types import Beneficiary, CampaignHistory, CapPeriod, Stacking, Trigger, Version

WHEN: Final = {
    ("registered", "self"): _("You create an account"),
    ("verified", "self"): _("You complete a verification"),
    ("registered", "inviter"): _("Somebody you invited creates an account"),
    ("verified", "inviter"): _("Somebody you invited completes their first verification"),
    ("purchased", "inviter"): _("Somebody you invited pays for a top-up"),
}
ACTS: Final = {
    Trigger.REGISTERED: _("Account created"),
    Trigger.VERIFIED: _("Verification completed"),
    Trigger.PURCHASED: _("Top-up paid"),
}
_STACKING: Final = {
    Stacking.DIFFERENCE: _("the difference"),
    Stacking.FULL: _("the whole amount"),
    Stacking.NONE: _("nothing"),
}
_CAPS: Final = {
    CapPeriod.DAY: _("At most for one inviter a day"),
    CapPeriod.WEEK: _("At most for one inviter a week"),
    CapPeriod.MONTH: _("At most for one inviter a month"),
    CapPeriod.CAMPAIGN: _("At most for one inviter"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    label: str | Promise
    value: str | Promise


@dataclass(frozen=True, slots=True)
class Change:
    """What a version says otherwise than the one before it; an empty `was` or `now` stands for nothing said."""

    label: str | Promise
    was: str | Promise
    now: str | Promise


@dataclass(frozen=True, slots=True)
class ShownVersion:
    number: int
    title: str
    text: str
    validity: str
    state: str
    facts: Sequence[Fact]
    changes: Sequence[Change]
    was_withdrawn: bool


@dataclass(frozen=True, slots=True)
class ShownCampaign:
    """`state` is live, planned or past; `leading` is the version that the card shows, `versions` all of them."""

    code: str
    state: str
    when: str | Promise
    leading: ShownVersion
    versions: Sequence[ShownVersion]


def shown_campaign(history: CampaignHistory, *, reader: Reader, at: datetime) -> ShownCampaign:
    versions = history.versions
    older = [*versions[1:], None]
    shown = [shown_version(v, before=w, reader=reader, at=at) for v, w in zip(versions, older, strict=True)]
    states = [version.state for version in shown]
    state = next((state for state in ("live", "planned") if state in states), "past")
    leading = shown[states.index(state)]
    return ShownCampaign(history.code, state, WHEN[history.trigger, history.beneficiary], leading, shown)


def shown_version(version: Version, *, before: Version | None, reader: Reader, at: datetime) -> ShownVersion:
    language = get_language() or "en"
    return ShownVersion(
        number=version.number,
        title=version.terms.title(language),
        text=version.terms.text(language),
        validity=validity_words(version.starts_at, version.ends_at),
        state=_state_of(version, at=at),
        facts=facts_of(version, reader),
        changes=[] if before is None else changes_between(before, version, reader),
        was_withdrawn=version.was_withdrawn,
    )


def facts_of(version: Version, reader: Reader | None) -> list[Fact]:
    """What the terms say, in the order in which somebody would ask; nothing is said of what is not limited.

    Without a reader in credits alone, for places that are narrow.
    """
    worded = _worded(version, reader)
    if worded["amount_nanos"][1] == worded["enterprise_nanos"][1]:
        worded |= {"amount_nanos": (_("Amount"), worded["amount_nanos"][1]), "enterprise_nanos": ("", "")}
    return [Fact(label, value) for label, value in worded.values() if value]


def changes_between(older_version: Version, newer_version: Version, reader: Reader) -> list[Change]:
    was, now = _worded(older_version, reader), _worded(newer_version, reader)
    older, newer = older_version.terms, newer_version.terms
    found = [Change(now[name][0], was[name][1], now[name][1]) for name in now if was[name][1] != now[name][1]]
    said = {"title_en", "title_zh", "text_en", "text_zh"} & set(campaigns.changed_terms(older, newer))
    return [*found, Change(_("Wording"), "", _("changed"))] if said else found


def validity_words(starts_at: datetime, ends_at: datetime | None) -> str:
    """Business days where it begins and ends at midnight; the last day is the one before the end."""
    if ends_at is None:
        return gettext("from %(start)s") % {"start": _day_or_instant(starts_at)}
    end = ends_at.astimezone(billing_zone())
    last = date_format(end - timedelta(days=1), _day_format(), use_l10n=False) if _is_midnight(end) else _instant(end)
    return gettext("%(start)s to %(end)s") % {"start": _day_or_instant(starts_at), "end": last}


def _state_of(version: Version, *, at: datetime) -> str:
    if campaigns.is_in_force(version.starts_at, version.ends_at, at=at):
        return "live"
    return "planned" if at < version.starts_at and not version.was_withdrawn else "past"


def _worded(version: Version, reader: Reader | None) -> dict[str, tuple[str | Promise, str | Promise]]:
    """Each term with its label; an empty text for what is not said."""
    terms, credits_of = version.terms, _credits(reader)
    is_verified = version.trigger == Trigger.VERIFIED
    is_stacked = is_verified and version.beneficiary == Beneficiary.SELF
    return {
        "rate": (_("Share of what is paid"), _percent(terms.rate)),
        "amount_nanos": (_("Personal verification") if is_verified else _("Amount"), credits_of(terms.amount_nanos)),
        "enterprise_nanos": (_("Enterprise verification"), credits_of(terms.enterprise_nanos)),
        "stacking": (
            _("For a second kind of verification"),
            _STACKING[Stacking(terms.stacking)] if is_stacked else "",
        ),
        "new_user_days": (_("For accounts"), _age(terms.new_user_days)),
        "per_invitee_nanos": (_("At most for each person invited"), credits_of(terms.per_invitee_nanos)),
        "per_inviter_nanos": (_CAPS[CapPeriod(terms.cap_period)], credits_of(terms.per_inviter_nanos)),
        "budget_nanos": (_("At most for everybody together"), credits_of(terms.budget_nanos)),
        "delay_days": (_("Available after"), _days(terms.delay_days or None)),
        "valid_days": (_("Credits end after"), _days(terms.valid_days)),
        "auto_transfer": (_("Moved to the balance"), _("at once") if terms.auto_transfer else ""),
    }


def _credits(reader: Reader | None) -> Callable[[int | None], str]:
    """Rules are written in credits; what that is in the reader's money stands beside it."""

    def text(nanos: int | None) -> str:
        if nanos is None:
            return ""
        if reader is None or reader.unit == "credits":
            return gettext("%(amount)s credits") % {"amount": figure(nanos, Decimal(1), places=BALANCE_PLACES)}
        credits_text = amount_text(nanos, reader, unit="credits", places=BALANCE_PLACES)
        money = amount_text(nanos, reader, unit=reader.unit, places=BALANCE_PLACES)
        return gettext("%(credits)s (%(money)s)") % {"credits": credits_text, "money": money}

    return text


def _percent(rate: Decimal | None) -> str:
    return "" if rate is None else f"{(rate * 100).normalize():f} %"


def _days(days: int | None) -> str:
    return "" if days is None else ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def _age(days: int | None) -> str:
    if days is None:
        return ""
    return ngettext("up to %(days)s day old", "up to %(days)s days old", days) % {"days": days}


def _day_or_instant(at: datetime) -> str:
    local = at.astimezone(billing_zone())
    return date_format(local, _day_format(), use_l10n=False) if _is_midnight(local) else _instant(local)


def _is_midnight(local: datetime) -> bool:
    return (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)


def _day_format() -> str:
    return pgettext("date format", "j M Y")


def _instant(local: datetime) -> str:
    return date_format(local, pgettext("date format", "j M Y, H:i"), use_l10n=False)
