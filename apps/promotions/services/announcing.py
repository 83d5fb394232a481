"""What the announcements say when terms of a campaign are published, end early, or never begin."""

from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from apps.announcements import services as announcements
from apps.announcements.types import Category, Entry, Texts
from apps.core.languages import in_each_language
from apps.promotions import queries
from apps.promotions.models import CampaignVersion
from apps.promotions.types import Beneficiary, Trigger

_NEXT: Final = _("%(title)s: new terms")
_ENDING: Final = _("%(title)s ends")
_WITHDRAWN: Final = _("%(title)s: withdrawn before it began")
_SCOPES: Final = {Trigger.REGISTERED: _("New accounts"), Trigger.VERIFIED: _("Verification")}


def announce_version(row: CampaignVersion, *, at: datetime) -> None:
    """New terms, in the feeds from now on although they may hold only later. Once a version."""
    announcements.publish_entry(
        Entry(
            key=_key(row),
            category=Category.CAMPAIGNS,
            title=_titled(row, "%(title)s" if row.number == 1 else _NEXT),
            scope=_scope(row),
            summary=in_each_language(lambda: queries.terms_of(row).text(get_language() or "en")),
            notes=in_each_language(lambda: _terms_note(row)),
            link=_link(row),
            effective_at=row.starts_at,
        ),
        at=at,
    )


def announce_end(row: CampaignVersion, *, ends_at: datetime, at: datetime) -> None:
    """An end that came after the terms were published. Once an end: it may be brought forward again."""
    is_withdrawn = ends_at == row.starts_at
    announcements.publish_entry(
        Entry(
            key=f"{_key(row)}:ends:{ends_at.isoformat()}",
            category=Category.CAMPAIGNS,
            title=_titled(row, _WITHDRAWN if is_withdrawn else _ENDING),
            scope=_scope(row),
            summary=in_each_language(_withdrawal_note if is_withdrawn else _end_note),
            link=_link(row),
            effective_at=None if is_withdrawn else ends_at,
        ),
        at=at,
    )


def _key(row: CampaignVersion) -> str:
    return f"campaign:{row.campaign.code}:{row.number}"


def _link(row: CampaignVersion) -> str:
    return f"/campaigns#{row.campaign.code}"


def _titled(row: CampaignVersion, pattern: Promise | str) -> Texts:
    return in_each_language(lambda: str(pattern) % {"title": queries.terms_of(row).title(get_language() or "en")})


def _scope(row: CampaignVersion) -> Texts:
    scope = _("Invitations") if row.beneficiary == Beneficiary.INVITER else _SCOPES[Trigger(row.trigger)]
    return in_each_language(lambda: str(scope))


def _terms_note(row: CampaignVersion) -> str:
    return gettext(
        "Version %(number)d. The terms in force at the moment something happens decide about it; what happened before "
        "keeps those of its time. Amounts and all versions stand on the page of campaigns."
    ) % {"number": row.number}


def _end_note() -> str:
    return gettext("Nothing is paid for what happens from then on. What was earned before stays.")


def _withdrawal_note() -> str:
    return gettext("These terms never come into force. Nobody has earned anything by them.")
