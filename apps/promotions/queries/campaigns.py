"""Which terms hold at an instant, and the history of all that were published."""

from dataclasses import fields
from datetime import datetime
from typing import Final

from django.db.models import Prefetch, Q, QuerySet

from apps.promotions.models import Campaign, CampaignVersion
from apps.promotions.types import CampaignHistory, Terms, Version

TERMS: Final = tuple(field.name for field in fields(Terms))


def version_in_force(trigger: str, beneficiary: str, *, at: datetime) -> Version | None:
    """The one version for this act and these people whose validity `[starts_at, ends_at)` holds this instant."""
    row = _in_force(at).filter(trigger=trigger, beneficiary=beneficiary).first()
    return None if row is None else version_of(row)


def versions_in_force(beneficiary: str, *, at: datetime) -> list[Version]:
    """All that hold for these people at this instant, one an act. One query."""
    return [version_of(row) for row in _in_force(at).filter(beneficiary=beneficiary).order_by("campaign_id")]


def campaign_histories() -> list[CampaignHistory]:
    """Every campaign that was ever published, with its versions, the last one first. Two queries."""
    newest_first = Prefetch("versions", CampaignVersion.objects.select_related("campaign").order_by("-number"))
    campaigns = Campaign.objects.prefetch_related(newest_first).order_by("pk")
    return [
        CampaignHistory(campaign.code, campaign.trigger, campaign.beneficiary, [version_of(row) for row in rows])
        for campaign in campaigns
        if (rows := list(campaign.versions.all()))
    ]


def _in_force(at: datetime) -> QuerySet[CampaignVersion]:
    rows = CampaignVersion.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)
    return rows.select_related("campaign")


def version_of(row: CampaignVersion) -> Version:
    return Version(
        version_id=row.pk,
        campaign_id=row.campaign_id,
        code=row.campaign.code,
        trigger=row.trigger,
        beneficiary=row.beneficiary,
        number=row.number,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        planned_ends_at=row.planned_ends_at,
        terms=terms_of(row),
    )


def terms_of(row: CampaignVersion) -> Terms:
    return Terms(**{name: getattr(row, name) for name in TERMS})
