"""Keys of another system keep working here: as clients send them, within what was left to them, and not a call more."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core import clock
from apps.core.secret_tokens import digest_of
from apps.relay import queries, services
from apps.relay.models import ApiToken
from apps.relay.snapshots import LiveSnapshots
from apps.usage.limit_alerts import tell_of_limits
from apps.wallet import queries as wallet
from tests.cast import make_team
from tests.relay.conftest import Relay

pytestmark = [pytest.mark.django_db]

KEY = "Ab1" * 16


class Old:
    """The old system's tokens of Acme, imported from a file."""

    def __init__(self, relay: Relay, folder: Path) -> None:
        self.relay = relay
        self.folder = folder
        self.said = ""

    def bring(self, *tokens: dict[str, Any], team: str = "") -> list[ApiToken]:
        """Unlimited unless said otherwise; a quota of 0 stands for the account itself."""
        usual = {"name": "bot", "key": KEY, "unlimited": True, "remain_quota": 0, "used_quota": 0}
        account = {"source_id": "1", "team": team or self.relay.team.public_id, "type": "recharge", "quota": 0}
        file = self.folder / "balances.json"
        file.write_text(json.dumps([{**account, "tokens": [{**usual, **token} for token in tokens]}]))
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("import_balances", str(file), stdout=out, stderr=err)
        finally:
            self.said = out.getvalue() + err.getvalue()
        return list(ApiToken.objects.filter(legacy=True).order_by("pk"))

    def call(self, key: str, model: str = "fixed-model") -> tuple[int, Any]:
        self.relay.secret = key
        reply = self.relay.chat(model=model)
        return reply.status, reply.json


@pytest.fixture
def old(relay: Relay, tmp_path: Path) -> Old:
    return Old(relay, tmp_path)


async def _here(fn: Any, *args: Any, **kwargs: Any) -> Any:
    return await sync_to_async(fn, thread_sensitive=True)(*args, **kwargs)


def shown(token: ApiToken) -> tuple[int, int, int | None]:
    """Limit, used and remaining, as pages and the API have them."""
    use = queries.token_use(token).use
    return token.limit_nanos, use.used_nanos, use.remaining_nanos


@pytest.mark.parametrize("stored", [KEY, f"sk-{KEY}"])
@pytest.mark.parametrize("sent", [KEY, f"sk-{KEY}"])
def test_a_key_works_with_and_without_its_prefix_however_it_was_stored(old: Old, stored: str, sent: str) -> None:
    (token,) = old.bring({"key": stored})

    assert old.call(sent)[0] == 200
    assert token.legacy
    assert bytes(token.digest) == digest_of(f"sk-{KEY}")
    assert (token.prefix, token.last_four) == ("sk-Ab1Ab", "1Ab1")


def test_a_key_works_in_the_other_header_too(old: Old) -> None:
    old.bring({})
    old.relay.secret = "unused"

    body = {"model": "fixed-model", "messages": [{"role": "user", "content": "hi"}]}
    reply = old.relay.post("/v1/chat/completions", body, authorization="", x_api_key=KEY)

    assert reply.status == 200


def test_an_unlimited_token_has_no_limit_and_shows_what_it_used(old: Old) -> None:
    (token,) = old.bring({"remain_quota": -7, "used_quota": 500_000})

    assert shown(token) == (0, 7_000_000_000, None)
    assert old.call(KEY)[0] == 200
    assert shown(token) == (0, 7_500_000_000, None)


def test_exactly_what_remained_can_still_be_spent(old: Old) -> None:
    # 1 credit remained and 7 were used: two calls of half a credit, and no third.
    (token,) = old.bring({"unlimited": False, "remain_quota": 71_429, "used_quota": 500_000})

    assert shown(token) == (8_000_006_000, 7_000_000_000, 1_000_006_000)
    assert [old.call(KEY)[0] for _ in range(3)] == [200, 200, 402]
    assert shown(token) == (8_000_006_000, 8_000_000_000, 6_000)


def test_a_refusal_names_the_token_and_what_it_has(old: Old) -> None:
    old.bring({"unlimited": False, "remain_quota": 100, "used_quota": 0})

    status, body = old.call(KEY)

    assert (status, body["error"]["code"], body["error"]["scope"]) == (402, "insufficient_quota", "token")
    assert body["error"]["have"] == "0.0014"


@pytest.mark.parametrize(("used", "limit"), [(500_000, 7_000_000_000), (0, 1)])
def test_a_token_with_nothing_left_stays_blocked(old: Old, used: int, limit: int) -> None:
    (token,) = old.bring({"unlimited": False, "remain_quota": 0, "used_quota": used})

    assert shown(token) == (limit, limit, 0)
    assert old.call(KEY)[0] == 402


def test_a_raised_limit_lets_a_blocked_token_spend_the_difference(old: Old) -> None:
    (token,) = old.bring({"unlimited": False, "remain_quota": 0, "used_quota": 500_000})

    services.change_token(token.pk, actor=None, at=clock.now(), limit_nanos=7_500_000_000)

    assert [old.call(KEY)[0] for _ in range(2)] == [200, 402]


def test_nobody_is_told_of_what_was_used_elsewhere_but_of_the_next_step(old: Old) -> None:
    # 7 of 10.5 credits are used, two thirds: the half is past, four fifths come at 8.4.
    old.bring(
        {"unlimited": False, "remain_quota": 250_000, "used_quota": 500_000},
        {"key": "x" * 20, "unlimited": False, "remain_quota": 0, "used_quota": 500_000},
    )

    assert tell_of_limits(at=clock.now()) == 0
    assert [old.call(KEY)[0] for _ in range(3)] == [200] * 3
    assert tell_of_limits(at=clock.now()) == 1


def test_several_disabled_tokens_are_locked_together(old: Old) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL sluice.ledger_guard = 'on'")

    tokens = old.bring(*({"key": str(n) * 20, "enabled": False} for n in (1, 2)))

    assert all(token.disabled_at for token in tokens)


def test_disabled_and_expired_tokens_stay_so(old: Old) -> None:
    old.bring(
        {"name": "off", "enabled": False},
        {"name": "over", "key": "x" * 20, "expires_at": "2020-01-01T00:00:00+08:00"},
    )

    assert [old.call(key)[1]["error"]["hint"] for key in (KEY, "x" * 20)] == ["disabled", "expired"]


def test_a_token_keeps_its_models(old: Old) -> None:
    old.bring({"models": ["fixed-model"]})

    assert [old.call(KEY, model)[0] for model in ("fixed-model", "chat-model")] == [200, 404]


def test_a_token_keeps_its_addresses(old: Old) -> None:
    with pytest.raises(CommandError):
        old.bring({"ip_allow": ["203.0.113.7", "nowhere"]})
    assert "token 1: ip_allow: write addresses such as 203.0.113.7" in old.said

    old.bring({"ip_allow": "203.0.113.7, 198.51.100.0/24"})

    assert old.call(KEY)[0] == 403


def test_a_deleted_token_is_refused_and_not_brought_back(old: Old) -> None:
    (token,) = old.bring({})
    services.delete_token(token.pk, actor=None, at=clock.now())

    assert old.call(KEY)[0] == 401
    old.bring({})
    assert old.call(KEY)[0] == 401
    assert "Everything was here already" in old.said


def test_a_second_run_leaves_a_token_as_its_team_has_made_it(old: Old) -> None:
    (token,) = old.bring({})
    services.change_token(token.pk, actor=None, at=clock.now(), name="renamed", limit_nanos=5)

    old.bring({})

    row = ApiToken.objects.get(legacy=True)
    assert (row.name, row.limit_nanos) == ("renamed", 5)


def test_names_that_a_team_has_already_get_a_number(old: Old) -> None:
    tokens = old.bring(*({"name": "Test", "key": str(n) * 20} for n in (1, 2)), {"name": "n" * 80, "key": "3" * 20})

    assert [token.name for token in tokens] == ["Test (2)", "Test (3)", "n" * 80]


def test_nothing_of_a_key_but_its_ends_is_told_or_stored(old: Old) -> None:
    with pytest.raises(CommandError):
        old.bring({"key": f"bad key {KEY}"}, {"key": KEY, "unlimited": "perhaps", "odd": KEY, KEY: 1})
    assert KEY[4:] not in old.said
    assert "row 1, token 1: key: Write the key as clients send it" in old.said

    old.bring({})

    assert KEY[4:] not in old.said
    row = ApiToken.objects.filter(legacy=True).values().get()
    assert KEY[8:-4] not in str({**row, "digest": bytes(row["digest"])})


def test_a_key_that_stands_twice_is_told_with_both_places(old: Old) -> None:
    with pytest.raises(CommandError):
        old.bring({"name": "a"}, {"name": "b", "key": f"sk-{KEY}"})

    assert "row 1, token 2: the same source_id and type, or key, as row 1, token 1" in old.said
    assert not ApiToken.objects.filter(legacy=True).exists()


def test_a_key_of_another_team_is_refused(old: Old) -> None:
    old.bring({})
    other = make_team("Other")

    with pytest.raises(CommandError):
        old.bring({}, team=other.public_id)

    assert "row 1, token 1: key: Another team has an API token with this key." in old.said


def test_a_model_that_is_not_in_the_catalogue_is_refused_and_never_means_all(old: Old) -> None:
    with pytest.raises(CommandError):
        old.bring({"models": ["gpt-unknown"]}, {"key": "x" * 20, "models": [""]}, {"key": "y" * 20, "models": ","})

    assert "token 1: models: there is no model gpt-unknown; import the catalogue first" in old.said
    assert "token 2: models: write the ids of models" in old.said
    assert "token 3: models: write the ids of models" in old.said


def test_tokens_come_from_a_csv_file_as_well(old: Old) -> None:
    file = old.folder / "tokens.csv"
    file.write_text(
        "team,name,key,unlimited,remain_quota,used_quota,expires_at,models,enabled\n"
        f'{old.relay.team.public_id},bot,{KEY},false,500000,250000,,"fixed-model, chat-model",1\n'
    )

    call_command("import_balances", "--tokens", str(file), stdout=io.StringIO())

    token = ApiToken.objects.get(legacy=True)
    assert shown(token) == (10_500_000_000, 3_500_000_000, 7_000_000_000)
    assert token.model_codes == ["chat-model", "fixed-model"]
    assert old.call(KEY)[0] == 200


def test_the_first_key_of_a_file_without_a_header_is_not_repeated(old: Old) -> None:
    file = old.folder / "tokens.csv"
    file.write_text(f"{old.relay.team.public_id},bot,{KEY},false,500000,250000\n")

    with pytest.raises(CommandError) as refused:
        call_command("import_balances", "--tokens", str(file), stdout=io.StringIO())

    assert KEY not in str(refused.value)


def test_without_legacy_tokens_unknown_shapes_cost_no_query(old: Old, django_assert_num_queries: Any) -> None:
    snapshots = LiveSnapshots(run=_here)
    async_to_sync(snapshots.poll)()

    with django_assert_num_queries(0):
        assert async_to_sync(snapshots.token_by_secret)(KEY) is None
        assert async_to_sync(snapshots.token_by_secret)(f"sk-{KEY}") is None


def test_the_wallet_pays_for_an_imported_token(old: Old) -> None:
    old.bring({})

    old.call(KEY)

    assert wallet.balance_of(old.relay.team.wallet_id).balance_nanos == 99_500_000_000
