"""Somebody of the staff, signed in at the back office with a second factor set up."""

from allauth.mfa.models import Authenticator
from django.test import Client

from tests.cast import make_user


def sign_in_staff(client: Client) -> Client:
    owner = make_user("owner@example.com", is_staff=True)
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={})
    client.force_login(owner)
    return client
