"""What promotions ask about a person."""

from datetime import datetime

from django.contrib.auth import get_user_model


def joined_at_of(user_id: int) -> datetime:
    joined_at: datetime = get_user_model().objects.values_list("joined_at", flat=True).get(pk=user_id)
    return joined_at
