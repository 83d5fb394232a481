"""Whoever is suspended spends nothing more by tokens of the personal team; teams with others go on."""

from dataclasses import replace

import pytest

from apps.accounts.models import User
from apps.teams import services as teams
from tests.cast import grant, make_token, make_user
from tests.relay.conftest import Relay

pytestmark = pytest.mark.django_db


def test_the_personal_tokens_of_a_suspended_person_stop_until_the_person_is_let_in_again(relay: Relay) -> None:
    person = make_user("eve@example.com")
    personal = teams.personal_team_of(person)
    grant(personal, "10")
    caller = replace(relay, team=personal, secret=make_token(personal)[1])
    assert caller.chat().status == 200

    User.objects.filter(pk=person.pk).update(is_active=False)
    refused = caller.chat()
    assert (refused.status, refused.error["message"]) == (401, "The team of this API key is closed or suspended.")

    User.objects.filter(pk=person.pk).update(is_active=True)
    assert caller.chat().status == 200


def test_a_team_goes_on_while_its_owner_is_suspended(relay: Relay) -> None:
    User.objects.filter(pk=relay.team.user_id).update(is_active=False)

    assert relay.chat().status == 200
