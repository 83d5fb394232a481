"""When a process may take the holds of others for those of the dead: not when it was away itself."""

from time import monotonic


class Patience:
    """After a time in which this process could not renew its lease, neither could others, so theirs prove nothing. One
    that has just started knows of no such time, and waits as well.

    Nobody's holds are expired until the own lease stands again and a whole lease has passed, in which the others could
    renew theirs. `now` is a monotonic time in seconds.
    """

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._renewed_at = monotonic()
        self._waits_until = self._renewed_at + lease_seconds

    def note_renewal(self, now: float) -> None:
        if now - self._renewed_at >= self._lease_seconds:
            self._waits_until = now + self._lease_seconds
        self._renewed_at = now

    def may_judge(self, now: float) -> bool:
        """Whether a lease that has run out means a dead process."""
        return now - self._renewed_at < self._lease_seconds and now >= self._waits_until
