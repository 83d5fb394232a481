"""What the tests of staff acts share: colleagues at their desks, and forms with the keys their pages drew."""

import re
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import User
from tests.cast import make_user
from tests.staff import sign_in_again


def colleague(email: str, *, group: str = "") -> Client:
    """One more of the staff, at a browser of their own: a superuser, or a member of one shipped group."""
    person = make_user(email, is_staff=True)
    if group:
        person.is_superuser = False
        person.save()
        person.groups.add(Group.objects.get(name=group))
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    client = Client()
    client.force_login(person)
    sign_in_again(client, person)
    return client


def id_of(email: str) -> int:
    return User.objects.get(email=email).pk


def fill_in(client: Client, address: str, **fields: str) -> Any:
    """Opens the page of an act and sends its form, with what the page put in by itself."""
    page = client.get(address)
    assert page.status_code == 200, page.status_code
    key = re.search(rb'name="key" value="([^"]+)"', page.content)
    given = {"key": key.group(1).decode()} if key else {}
    return client.post(address, {"reason": "promised by phone"} | given | fields, follow=True)


def said(answer: HttpResponse) -> list[str]:
    """The messages on the page after an act."""
    return [str(message) for message in answer.context["messages"]]
