"""When a personal access token works, and how many somebody may have: the rules, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.teams.limits import TokenState, has_room, token_state

AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)


def state(
    *,
    is_member: bool = True,
    closed_at: datetime | None = None,
    revoked_at: datetime | None = None,
    expires_at: datetime = LATER,
) -> TokenState:
    return token_state(is_member=is_member, closed_at=closed_at, revoked_at=revoked_at, expires_at=expires_at, at=AT)


def test_a_token_is_live_until_the_instant_it_expires() -> None:
    assert state(expires_at=AT + timedelta(microseconds=1)) is TokenState.LIVE
    assert state(expires_at=AT) is TokenState.EXPIRED


def test_what_somebody_did_is_told_before_what_time_did() -> None:
    assert state(revoked_at=AT, expires_at=AT) is TokenState.REVOKED
    assert state(closed_at=AT, expires_at=AT) is TokenState.CLOSED
    assert state(is_member=False, expires_at=AT) is TokenState.LEFT


def test_a_token_that_ended_with_its_team_or_membership_says_so() -> None:
    assert state(is_member=False, revoked_at=AT) is TokenState.LEFT
    assert state(closed_at=AT, revoked_at=AT) is TokenState.CLOSED
    assert state(closed_at=AT, revoked_at=AT - timedelta(days=1)) is TokenState.REVOKED


@pytest.mark.parametrize(("live", "room"), [(0, True), (49, True), (50, False), (51, False)])
def test_somebody_has_at_most_fifty(live: int, room: bool) -> None:
    assert has_room(live, most=50) is room
