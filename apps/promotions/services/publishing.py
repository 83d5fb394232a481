"""Versions of campaigns: published from now or later, ended early, withdrawn before they begin. Never edited."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.utils.translation import gettext_lazy as _

from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import campaigns, errors
from apps.promotions.models import Campaign, CampaignVersion, Credit, Reward
from apps.promotions.services.announcing import announce_end, announce_version
from apps.promotions.types import Plan

_WRONG: Final = {
    "amount_nanos": _("Write an amount, or a share of what is paid instead of it, not both."),
    "enterprise_nanos": _("Write an amount for an enterprise too."),
    "rate": _("A share is above 0 and at most 100 percent."),
}


def publish_version(campaign_id: int, plan: Plan, *, actor: int | None, at: datetime, reason: str) -> int:
    """Publishes terms that hold from `plan.starts_at` on, or from now; returns the new version's number.

    The version in force then ends there; what happened under it keeps it. Payments wait while this decides, and the
    announcements tell of it in the same transaction. Raises
    `VersionInPast`, `TermsInvalid`, `VersionPlanned` when a later version of the campaign is in the way, and
    `CampaignOverlap` when another campaign for the same act and people is.
    """
    with transaction.atomic():
        campaign = _locked(campaign_id)
        starts_at = plan.starts_at or _after_what_happened(campaign, at)
        _check(campaign, plan, starts_at=starts_at, at=at)
        _make_way(campaign, starts_at=starts_at, ends_at=plan.ends_at)
        number = (campaign.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = CampaignVersion(
            campaign=campaign,
            number=number,
            trigger=campaign.trigger,
            beneficiary=campaign.beneficiary,
            starts_at=starts_at,
            ends_at=plan.ends_at,
            planned_ends_at=plan.ends_at,
            published_at=at,
            published_by_id=actor,
            **asdict(plan.terms),
        )
        _insert(version)
        announce_version(version, at=at)
        details = {"version": number, "from": starts_at.isoformat(), "terms": _told(plan)}
        _record("campaign.published", campaign, actor=actor, reason=reason, details=details, at=at)
    return number


def end_version(
    version_id: int, *, actor: int | None, at: datetime, reason: str, ends_at: datetime | None = None
) -> None:
    """Ends a version at `ends_at` or now; one that has not begun is withdrawn. What happened before keeps it.

    Raises `VersionOver` when it has ended or ends before, and `VersionInPast`.
    """
    with transaction.atomic():
        campaign = _locked(_campaign_of(version_id))
        version = CampaignVersion.objects.select_related("campaign").get(pk=version_id)
        end = max(ends_at or _after_what_happened(campaign, at), version.starts_at)
        if ends_at is not None and ends_at < at:
            raise errors.VersionInPast
        if version.ends_at is not None and version.ends_at <= end:
            raise errors.VersionOver
        CampaignVersion.objects.filter(pk=version_id).update(ends_at=end)
        announce_end(version, ends_at=end, at=at)
        act = "campaign.withdrawn" if end == version.starts_at else "campaign.ended"
        details = {"version": version.number, "ends": end.isoformat()}
        _record(act, campaign, actor=actor, reason=reason, details=details, at=at)


def _campaign_of(version_id: int) -> int:
    campaign_id = CampaignVersion.objects.filter(pk=version_id).values_list("campaign_id", flat=True).first()
    if campaign_id is None:
        raise errors.CampaignMissing
    return campaign_id


def _locked(campaign_id: int) -> Campaign:
    campaign = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()
    if campaign is None:
        raise errors.CampaignMissing
    return campaign


def _after_what_happened(campaign: Campaign, at: datetime) -> datetime:
    """Now, or just after the last event: that may have read the clock while this act waited for the lock."""
    rewards = (
        Reward.objects.filter(version__campaign=campaign).order_by("-earned_at").values_list("earned_at", flat=True)
    )
    credits_ = Credit.objects.filter(version__campaign=campaign).order_by("-at").values_list("at", flat=True)
    last = [happened_at + timedelta(microseconds=1) for happened_at in (*rewards[:1], *credits_[:1])]
    return max([at, *last])


def _check(campaign: Campaign, plan: Plan, *, starts_at: datetime, at: datetime) -> None:
    if starts_at < at:
        raise errors.VersionInPast
    if plan.ends_at is not None and plan.ends_at <= starts_at:
        raise errors.TermsInvalid(_("The last day lies before the first."), field="ends_at")
    wrong = campaigns.misfit(plan.terms, trigger=campaign.trigger, beneficiary=campaign.beneficiary)
    if wrong is not None:
        raise errors.TermsInvalid(_WRONG.get(wrong), field=wrong)


def _make_way(campaign: Campaign, *, starts_at: datetime, ends_at: datetime | None) -> None:
    """The version in force at `starts_at` ends there. Versions that begin later are somebody's plan, and stay."""
    in_force = Q(ends_at=None) | Q(ends_at__gt=starts_at)
    later = campaign.versions.filter(in_force, starts_at__gte=starts_at).exclude(ends_at=F("starts_at"))
    if ends_at is not None:
        later = later.filter(starts_at__lt=ends_at)
    if later.exists():
        raise errors.VersionPlanned
    campaign.versions.filter(in_force, starts_at__lt=starts_at).update(ends_at=starts_at)


def _insert(version: CampaignVersion) -> None:
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as error:
        raise errors.CampaignOverlap from error


def _told(plan: Plan) -> dict[str, object]:
    told = {"ends": plan.ends_at and plan.ends_at.isoformat(), **asdict(plan.terms)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in told.items()}


def _record(
    act: str, campaign: Campaign, *, actor: int | None, reason: str, details: dict[str, object], at: datetime
) -> None:
    entry = Act(act, "campaign", campaign.code, actor_id=actor, reason=reason, details=details)
    journal.record_act(entry, at=at)
