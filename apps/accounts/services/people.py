"""Acts on a person: adding one, changing preferences. Teams and sign-in live elsewhere."""

from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.errors import EmailTaken
from apps.accounts.models import User
from apps.accounts.types import DisplayUnit, Language
from apps.core.errors import Invalid
from apps.journal import services as journal
from apps.journal.types import Act


def new_user(email: str, *, password: str | None, name: str = "", is_staff: bool = False) -> User:
    """A person who is not stored yet; staff may do everything in the back office until groups say otherwise.

    Without a password nobody can sign in until the owner of the address has set one by "forgot password".
    """
    user = User(email=email, name=name, is_staff=is_staff, is_superuser=is_staff)
    user.set_password(password)
    return user


def add_user(user: User) -> User:
    """Stores a new person; addresses differ by more than case. Raises `EmailTaken`, also for the loser of a race.
    Another operator leaves an audit entry.
    """
    user.email, user.name = user.email.strip().lower(), _on_one_line(user.name)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            if user.is_staff:
                details = {"email": user.email}
                journal.record_act(Act("staff.added", "user", str(user.pk), details=details), at=user.joined_at)
    except IntegrityError as error:
        raise EmailTaken from error
    return user


def save_preferences(user: User, *, name: str, language: str, display_unit: str, time_zone: str) -> None:
    """Stores how the person wants to be addressed and shown figures. Safe to repeat."""
    if time_zone not in available_timezones():
        raise Invalid(_("Choose a time zone from the list."))
    user.name = _on_one_line(name)
    user.language = Language(language)
    user.display_unit = DisplayUnit(display_unit)
    user.time_zone = ZoneInfo(time_zone).key
    user.save(update_fields=["name", "language", "display_unit", "time_zone"])


def choose_language(user: User, *, language: str) -> None:
    user.language = Language(language)
    user.save(update_fields=["language"])


def _on_one_line(name: str) -> str:
    """Without line ends and what does not show: a name stands in mails to others and writes no lines of its own."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
