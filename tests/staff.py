"""Somebody of the staff, signed in at the back office a moment ago, with a second factor set up."""

import time

from allauth.account.internal.flows import login
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts.models import User
from tests.cast import make_user


def sign_in_staff(client: Client, *, group: str = "") -> Client:
    """A superuser, or a member of one shipped group."""
    person = make_user("owner@example.com", is_staff=True)
    if group:
        person.is_superuser = False
        person.save()
        person.groups.add(Group.objects.get(name=group))
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    client.force_login(person)
    sign_in_again(client, person)
    return client


def sign_in_again(client: Client, person: User) -> None:
    """What allauth remembers of a person who just signed in with password and second factor."""
    session = client.session
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "reauthenticated": True},
        {"method": "mfa", "at": time.time(), "type": "totp", "reauthenticated": True},
    ]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
    session.save()


def grow_old(client: Client) -> Client:
    """The sign-in of this browser, with all its proofs, was long ago."""
    session = client.session
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [
        record | {"at": 0} for record in session[login.AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
    return client
