"""Rules of personal access tokens: what ends one, and how many a person may have alive. Values only."""

from datetime import datetime
from enum import StrEnum


class TokenState(StrEnum):
    LIVE = "live"
    REVOKED = "revoked"
    LEFT = "left"
    """Its owner is in the team no more."""
    CLOSED = "closed"
    """The team is."""
    EXPIRED = "expired"


def token_state(
    *, is_member: bool, closed_at: datetime | None, revoked_at: datetime | None, expires_at: datetime, at: datetime
) -> TokenState:
    """Whether a token still works, or the reason why not: what somebody did before what time did.

    Tokens are revoked with the membership and with the team; then that is the reason.
    """
    if not is_member:
        return TokenState.LEFT
    if closed_at is not None and (revoked_at is None or revoked_at >= closed_at):
        return TokenState.CLOSED
    if revoked_at is not None:
        return TokenState.REVOKED
    return TokenState.LIVE if at < expires_at else TokenState.EXPIRED


def has_room(live: int, *, most: int) -> bool:
    """Whether somebody with so many live tokens may have one more."""
    return live < most
