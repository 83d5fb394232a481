"""What credits of a paid lot are worth in money: rounded down, cumulatively, so that parts never exceed the whole.

A lot's refunds count from its first credit on; what was restored elsewhere counts from its last one back. The two never
meet, so together they are at most what was paid.
"""


def paid_back_minor(paid_minor: int, granted_nanos: int, *, before_nanos: int, amount_nanos: int) -> int:
    """Money for the next `amount_nanos` of a lot of which `before_nanos` were paid back already."""
    return _share(paid_minor, granted_nanos, before_nanos + amount_nanos) - _share(
        paid_minor, granted_nanos, before_nanos
    )


def moved_minor(paid_minor: int, granted_nanos: int, *, before_nanos: int, amount_nanos: int) -> int:
    """The paid value that goes with `amount_nanos` restored elsewhere, after `before_nanos` went the same way."""
    left = granted_nanos - before_nanos
    return _share(paid_minor, granted_nanos, left) - _share(paid_minor, granted_nanos, left - amount_nanos)


def _share(paid_minor: int, granted_nanos: int, part_nanos: int) -> int:
    return paid_minor * part_nanos // granted_nanos
