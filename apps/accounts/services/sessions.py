"""Browsers that are signed in: which they are, and ending them."""

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef


def end_session(user_id: int, *, session_id: int) -> bool:
    """Signs one browser of the person out, at once; False if there is none with this id. Safe to repeat."""
    return _end(UserSession.objects.filter(user_id=user_id, pk=session_id)) > 0


def end_sessions(user_id: int, *, keep: str = "") -> int:
    """Signs every browser of the person out but the one whose session key is kept; returns how many. Safe to repeat."""
    return _end(UserSession.objects.filter(user_id=user_id).exclude(session_key=keep))


def forget_session(session_key: str) -> None:
    """What was noted of a session that its owner ends. Safe to repeat."""
    UserSession.objects.filter(session_key=session_key).delete()


def drop_expired_sessions(*, at: datetime) -> int:
    """Deletes sessions that ended, and the addresses and browsers noted for them; returns how many. Safe to repeat."""
    ended, _ = Session.objects.filter(expire_date__lt=at).delete()
    live = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(live)).delete()
    return ended


def _end(sessions: Iterable[UserSession]) -> int:
    found = list(sessions)
    with transaction.atomic():
        Session.objects.filter(session_key__in=[session.session_key for session in found]).delete()
        UserSession.objects.filter(pk__in=[session.pk for session in found]).delete()
    return len(found)
