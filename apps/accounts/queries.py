"""Who a person is. Writes nothing."""

from collections.abc import Iterable

from django.db.models.functions import Lower

from apps.accounts.models import User


def user_by_email(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return User.objects.filter(email__iexact=email.strip()).first()


def users_by_email(emails: Iterable[str]) -> dict[str, User]:
    """The people with these addresses, by the address in lower case; unknown ones are absent. One query."""
    wanted = {email.strip().lower() for email in emails}
    users = User.objects.annotate(address=Lower("email")).filter(address__in=wanted)
    return {user.email.lower(): user for user in users}
