"""Which operators of the back office are bound to which teams."""

from apps.teams.models import StaffBinding


def bound_team_ids(user_id: int) -> frozenset[int] | None:
    """The only teams that this operator may see and touch; None for one who is bound to none."""
    return frozenset(StaffBinding.objects.filter(user_id=user_id).values_list("team_id", flat=True)) or None


def bound_team_names(user_id: int) -> list[str]:
    """Their names, in order of the alphabet."""
    rows = StaffBinding.objects.filter(user_id=user_id).order_by("team__name", "team_id")
    return list(rows.values_list("team__name", flat=True))
