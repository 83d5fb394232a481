"""The runtime outside a serving process: everything through Django's connection, seen by the transaction."""

import json

import pytest
from django.test import Client

from apps.core import clock
from apps.relay import runtime, services
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from tests.cast import make_token
from tests.relay.catalogues import import_small

pytestmark = pytest.mark.django_db

Made = tuple[ApiToken, str]


def ask(client: Client, secret: str) -> tuple[int, dict[str, object]]:
    body = {"model": "small-chat", "messages": [{"role": "user", "content": "hello"}]}
    response = client.post(
        "/v1/chat/completions", json.dumps(body), "application/json", headers={"authorization": f"Bearer {secret}"}
    )
    return response.status_code, json.loads(response.content)


def test_a_call_through_djangos_client_is_charged_in_its_transaction(client: Client, team: TeamAccess, token: Made):
    import_small()

    status, _answer = ask(client, token[1])

    assert status == 200
    assert wallet.balance_of(team.wallet_id).balance_nanos == 99_500_000_000
    assert wallet.balance_of(team.wallet_id).held_nanos == 0


def test_what_the_transaction_did_is_seen_by_the_next_call(client: Client, team: TeamAccess):
    import_small()
    row, secret = make_token(team)
    assert ask(client, secret)[0] == 200

    services.delete_token(row.pk, actor=None, at=clock.now())

    status, answer = ask(client, secret)
    assert status == 401
    assert answer["error"]["hint"] == "deleted"


def test_a_runtime_can_be_put_in_its_place():
    own = runtime.direct_runtime()

    with runtime.use_runtime(own):
        assert runtime.get_runtime() is own

    assert runtime.get_runtime() is not own


def test_a_process_that_serves_no_calls_is_ready():
    assert runtime.is_ready()
