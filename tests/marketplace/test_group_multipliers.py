"""An access group's multiplier is a price: dearer with notice, cheaper at once, announced and recorded like one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.announcements.models import Announcement
from apps.journal.models import AuditEntry
from apps.marketplace import queries, services
from apps.marketplace.errors import PriceConflict
from apps.marketplace.models import PriceChange
from apps.teams.errors import AccessGroupInvalid, AccessGroupMissing
from apps.teams.models import AccessGroup

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def groups() -> None:
    AccessGroup.objects.create(code="default", multiplier=1)
    AccessGroup.objects.create(code="free", multiplier=0)


def change(multiplier: str, *, at: datetime = AT, starts_at: datetime | None = None, code: str = "default"):
    return services.change_multiplier(
        code, Decimal(multiplier), at=at, starts_at=starts_at, actor=None, reason="Costs moved"
    )


def in_force(at: datetime) -> Decimal:
    return queries.reach_of(None, at=at).groups[0][1]


def test_a_higher_multiplier_waits_for_a_day_and_then_counts_by_itself() -> None:
    changed = change("1.2")

    assert (changed.changed, changed.starts_at) == (True, AT + DAY)
    assert in_force(AT + DAY - timedelta(microseconds=1)) == 1
    assert in_force(AT + DAY) == Decimal("1.2")


def test_a_lower_multiplier_counts_at_once_unless_it_is_to_begin_later() -> None:
    change("0.9")
    assert in_force(AT) == Decimal("0.9")

    change("0.8", starts_at=AT + timedelta(minutes=1))
    assert in_force(AT) == Decimal("0.9")
    assert in_force(AT + timedelta(minutes=1)) == Decimal("0.8")


def test_a_rise_beyond_all_percentages_is_recorded_as_the_highest_that_is_told() -> None:
    change("0.0001")

    change("9999", at=AT + DAY)

    assert PriceChange.objects.latest("pk").largest_percent == Decimal(99_999_999)


def test_what_lists_keep_ends_with_the_multiplier_in_force() -> None:
    change("1.2")

    assert queries.listing(at=AT).until_at == AT + DAY
    assert queries.listing(at=AT + DAY).until_at is None


def test_a_start_without_its_notice_is_refused_with_the_earliest() -> None:
    with pytest.raises(PriceConflict, match="2026-11-22 12:00 UTC at the earliest") as refused:
        change("1.2", starts_at=AT + DAY - timedelta(seconds=1))

    assert refused.value.details["earliest"] == AT + DAY
    assert not PriceChange.objects.exists()


def test_nothing_begins_in_the_past() -> None:
    with pytest.raises(PriceConflict, match="in the past"):
        change("0.9", starts_at=AT - timedelta(seconds=1))


def test_what_callers_are_told_is_written_with_the_change() -> None:
    change("1.2")

    row = PriceChange.objects.get()
    entry = Announcement.objects.get(category="prices")
    assert (row.access_group.code, row.direction, row.largest_percent) == ("default", "up", Decimal(20))
    assert (row.lines[0]["meter"], row.lines[0]["old"], row.lines[0]["new"]) == ("multiplier", "1", "1.2")
    assert (row.published_at, row.effective_at, row.announcement) == (AT, AT + DAY, entry)
    assert (entry.category, entry.audience, entry.effective_at) == ("prices", "groups", AT + DAY)
    assert [group.code for group in entry.access_groups.all()] == ["default"]
    assert entry.title["en"] == "Price increase: access group default"
    assert entry.notes["en"] == "Price multiplier: 1 → 1.2 (+20 %)"
    assert AuditEntry.objects.filter(act="access_group.multiplier_changed", reason="Costs moved").count() == 1


def test_what_was_free_has_no_percent() -> None:
    change("0.5", code="free")

    row = PriceChange.objects.get()
    assert (row.direction, row.largest_percent, row.effective_at) == ("up", None, AT + DAY)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=1), DAY * 2])
def test_the_same_multiplier_again_changes_nothing(later: timedelta) -> None:
    change("1.2")

    assert not change("1.20", at=AT + later).changed
    assert PriceChange.objects.count() == 1


def test_another_change_waits_until_the_announced_one_has_begun_or_is_withdrawn() -> None:
    change("1.2")

    with pytest.raises(PriceConflict, match=r"1\.2 is announced from 2026-11-22 12:00 UTC on: withdraw that first"):
        change("0.9", at=AT + timedelta(hours=1))

    change("1.1", at=AT + DAY)
    assert in_force(AT + DAY) == Decimal("1.1")


def test_an_increase_after_an_announced_one_begins_from_what_is_in_force_by_then() -> None:
    change("1.2")
    change("1.5", at=AT + DAY)

    group = AccessGroup.objects.get(code="default")
    assert (group.multiplier, group.coming_multiplier) == (Decimal("1.2"), Decimal("1.5"))
    assert PriceChange.objects.latest("pk").lines[0]["old"] == "1.2"


def test_a_withdrawn_multiplier_never_comes_and_is_said_to_be_withdrawn() -> None:
    change("1.2")

    services.withdraw_multiplier("default", at=AT + timedelta(hours=1), actor=None, reason="A mistake")

    first, second = PriceChange.objects.order_by("pk")
    assert in_force(AT + DAY) == 1
    assert (second.withdrawn, second.direction, second.effective_at) == (True, "up", AT + DAY)
    assert (first.announcement.withdrawn_at, second.announcement.withdrawn_at) == (AT + timedelta(hours=1), None)
    with pytest.raises(PriceConflict, match="No other multiplier is announced"):
        services.withdraw_multiplier("default", at=AT + timedelta(hours=1), actor=None, reason="Twice")


def test_what_is_about_to_begin_is_not_withdrawn_any_more() -> None:
    change("1.2")

    with pytest.raises(PriceConflict, match="about to begin"):
        services.withdraw_multiplier(
            "default", at=AT + DAY - timedelta(seconds=59), actor=None, reason="Too late by a second"
        )


@pytest.mark.parametrize("multiplier", ["-1", "10000", "1.00001"])
def test_a_multiplier_that_cannot_be_kept_exactly_is_refused(multiplier: str) -> None:
    with pytest.raises(AccessGroupInvalid):
        change(multiplier)


def test_there_has_to_be_such_a_group() -> None:
    with pytest.raises(AccessGroupMissing):
        change("1.2", code="nobody")
