"""Who a person is. Writes nothing."""

from apps.accounts.models import User


def user_by_email(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return User.objects.filter(email__iexact=email.strip()).first()
