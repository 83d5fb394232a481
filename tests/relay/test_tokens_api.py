"""API tokens on the platform API: made once, shown without their secret, changed, and ended."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.core import clock
from apps.core.billing_calendar import billing_zone, business_date, day_bounds
from apps.relay.models import ApiToken
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from tests.cast import make_personal_token, make_team, make_token


class Script:
    """A caller with a personal access token."""

    def __init__(self, team: TeamAccess, *scopes: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {make_personal_token(team, *scopes).secret}"})

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict]:
        send = getattr(self._client, method)
        response = send(path) if method == "get" else send(path, body, "application/json", headers=headers)
        return response.status_code, response.json() if response.content else {}


@pytest.fixture
def script(team: TeamAccess) -> Script:
    return Script(team)


def test_a_token_is_made_and_its_text_shown_once(team: TeamAccess, script: Script) -> None:
    status, made = script.call("post", "/api/tokens", {"name": "app-prod", "limit": "5.5"})

    secret = made.pop("token")
    assert status == 201
    assert secret.startswith("sk-")
    assert made["prefix"] == f"{secret[:8]}…{secret[-4:]}"
    assert script.call("get", f"/api/tokens/{made['id']}") == (200, made)
    assert secret not in str(script.call("get", "/api/tokens"))


def test_a_token_looks_as_documented(team: TeamAccess, script: Script) -> None:
    _, made = script.call("post", "/api/tokens", {"name": "app-prod", "limit": "0"})

    shown = script.call("get", f"/api/tokens/{made['id']}")[1]
    assert shown | {"id": "", "prefix": "", "created_at": ""} == {
        "id": "",
        "team": team.public_id,
        "name": "app-prod",
        "prefix": "",
        "limit": "0",
        "unlimited": True,
        "used": "0",
        "remaining": None,
        "reset": None,
        "resets_at": None,
        "concurrency": 100,
        "rpm": 600,
        "tpm": 1_000_000,
        "ip_allow": [],
        "models": [],
        "project": None,
        "disabled": False,
        "expires_at": None,
        "created_at": "",
        "last_ip_first_seen": None,
    }


def test_all_terms_can_be_set(script: Script) -> None:
    expires_at = (clock.now() + timedelta(days=7)).isoformat().replace("+00:00", "Z")
    terms = {
        "limit": "12.5",
        "ip_allow": ["203.0.113.0/24"],
        "expires_at": expires_at,
        "concurrency": 3,
        "rpm": 10,
        "tpm": 5000,
    }

    status, made = script.call("post", "/api/tokens", {"name": "all", **terms})

    assert status == 201
    assert {name: made[name] for name in terms} == terms
    assert (made["unlimited"], made["remaining"]) == (False, "12.5")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": "0"}, "name"),
        ({"name": "x"}, "limit"),
        ({"name": "x", "limit": None}, "limit"),
        ({"name": "x", "limit": 5}, "limit"),
        ({"name": "x", "limit": "-1"}, "limit"),
        ({"name": "x", "limit": "1e3"}, "limit"),
        ({"name": "x", "limit": "0", "limmit": "5"}, "limmit"),
        ({"name": "x", "limit": "0", "rpm": 0}, "rpm"),
        ({"name": "x", "limit": "0", "rpm": True}, "rpm"),
        ({"name": "x", "limit": "0", "expires_at": "yesterday"}, "expires_at"),
        ({"name": "x", "limit": "0", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "limit": "0", "ip_allow": ["localhost"]}, "ip_allow"),
        ({"name": "x", "limit": "0", "models": ["no-such-model"]}, "models"),
        ({"name": "x\u0000", "limit": "0"}, "name"),
        ({"name": " ", "limit": "0"}, "name"),
        ({"name": "x" * 81, "limit": "0"}, "name"),
    ],
)
def test_wrong_input_names_its_field_and_makes_nothing(script: Script, body: object, field: str) -> None:
    status, answer = script.call("post", "/api/tokens", body)

    error = answer["error"]
    assert status == 400
    assert field in {error.get("field"), *error.get("fields", {})}
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("body", [[], "x", 5, None, [{"name": "x", "limit": "0"}]])
def test_a_body_that_is_no_object_is_refused(script: Script, body: object) -> None:
    assert script.call("post", "/api/tokens", body)[0] == 400


def test_a_name_is_taken_once_in_a_team(script: Script) -> None:
    script.call("post", "/api/tokens", {"name": "App", "limit": "0"})

    assert script.call("post", "/api/tokens", {"name": "app", "limit": "0"})[0] == 409


def test_what_is_not_named_stays(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team, "app", limit="10", rpm=7)

    status, shown = script.call("patch", f"/api/tokens/{token.public_id}", {"name": "renamed"})

    assert (status, shown["name"], shown["limit"], shown["rpm"]) == (200, "renamed", "10", 7)


@pytest.mark.parametrize(("own", "shown"), [(None, 600), (7, 7), (9_000, 600)])
def test_the_rate_that_is_shown_is_the_one_in_force(
    team: TeamAccess, script: Script, own: int | None, shown: int
) -> None:
    token, _ = make_token(team, "app", rpm=own)

    assert script.call("get", f"/api/tokens/{token.public_id}")[1]["rpm"] == shown


@pytest.mark.parametrize("own", [None, 7, 9_000])
def test_rates_that_are_sent_back_as_they_were_read_stay_what_they_are(
    team: TeamAccess, script: Script, own: int | None
) -> None:
    token, _ = make_token(team, "app", rpm=own)
    read = script.call("get", f"/api/tokens/{token.public_id}")[1]

    script.call("patch", f"/api/tokens/{token.public_id}", {name: read[name] for name in ("concurrency", "rpm", "tpm")})

    token.refresh_from_db()
    assert (token.concurrency, token.rpm, token.tpm) == (None, own, None)


def test_a_rate_of_null_takes_what_the_group_has(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team, "app", rpm=7)

    _, shown = script.call("patch", f"/api/tokens/{token.public_id}", {"rpm": None})

    token.refresh_from_db()
    assert (token.rpm, shown["rpm"]) == (None, 600)


def test_a_limit_of_zero_lifts_the_limit(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team, "app", limit="10")

    _, shown = script.call("patch", f"/api/tokens/{token.public_id}", {"limit": "0"})

    assert (shown["unlimited"], shown["remaining"]) == (True, None)
    assert wallet.limit_use([token.account_id])[token.account_id].remaining_nanos is None


def test_null_is_no_limit_and_no_lifting_of_one(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team, "app", limit="10")

    status, _ = script.call("patch", f"/api/tokens/{token.public_id}", {"limit": None})

    token.refresh_from_db()
    assert (status, token.limit_nanos) == (400, 10_000_000_000)


def test_a_token_is_switched_off_and_on(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team)
    path = f"/api/tokens/{token.public_id}"

    assert script.call("patch", path, {"disabled": True})[1]["disabled"] is True
    assert script.call("patch", path, {"disabled": False})[1]["disabled"] is False


def test_a_deleted_token_is_gone_and_its_name_free(team: TeamAccess, script: Script) -> None:
    token, _ = make_token(team, "app")
    path = f"/api/tokens/{token.public_id}"

    assert script.call("delete", path) == (204, {})
    assert script.call("delete", path)[0] == 404
    assert script.call("get", path)[0] == 404
    assert script.call("post", "/api/tokens", {"name": "app", "limit": "0"})[0] == 201


def test_the_list_has_cursors(team: TeamAccess, script: Script) -> None:
    for name in ("a", "b", "c"):
        make_token(team, name)

    _, first = script.call("get", "/api/tokens?limit=2")
    _, second = script.call("get", first["next"])

    assert [row["name"] for row in first["results"] + second["results"]] == ["c", "b", "a"]
    assert (first["previous"], second["next"]) == (None, None)
    assert script.call("get", second["previous"])[1]["results"] == first["results"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=٣", "cursor=x", "cursor=%00"])
def test_a_page_that_cannot_be_is_refused(script: Script, query: str) -> None:
    assert script.call("get", f"/api/tokens?{query}")[0] == 400


def test_a_script_without_the_scope_changes_nothing(team: TeamAccess) -> None:
    reader = Script(team, "read")
    token, _ = make_token(team)

    assert reader.call("get", "/api/tokens")[0] == 200
    assert reader.call("post", "/api/tokens", {"name": "x", "limit": "0"})[0] == 403
    assert reader.call("delete", f"/api/tokens/{token.public_id}")[0] == 403


def test_strangers_tokens_do_not_exist(script: Script) -> None:
    foreign, _ = make_token(make_team("Strangers"))

    for method, body in (("get", None), ("patch", {"name": "mine"}), ("delete", None)):
        assert script.call(method, f"/api/tokens/{foreign.public_id}", body)[0] == 404


BODY = {"name": "app", "limit": "5"}


def test_a_repetition_with_the_same_key_makes_nothing_and_hides_the_secret(script: Script) -> None:
    status, made = script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": "k1"})

    again = script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": "k1"})

    made.pop("token")
    assert (status, again) == (201, (201, made))
    assert ApiToken.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(script: Script) -> None:
    script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": "k1"})

    status, answer = script.call("post", "/api/tokens", BODY | {"limit": "50"}, **{"Idempotency-Key": "k1"})

    assert (status, answer["error"]["code"]) == (422, "idempotency_key_reused")
    assert ApiToken.objects.count() == 1


def test_a_failed_call_frees_its_key(script: Script) -> None:
    script.call("post", "/api/tokens", {"name": "app"}, **{"Idempotency-Key": "k1"})

    assert script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": "k1"})[0] == 201


def test_two_callers_do_not_share_keys(team: TeamAccess, script: Script) -> None:
    other = Script(team)
    script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": "k1"})

    assert other.call("post", "/api/tokens", BODY | {"name": "b"}, **{"Idempotency-Key": "k1"})[0] == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
def test_a_key_that_is_none_is_refused(script: Script, key: str) -> None:
    assert script.call("post", "/api/tokens", BODY, **{"Idempotency-Key": key})[0] == 400


def test_a_body_with_half_a_character_is_refused(script: Script) -> None:
    response = script._client.post("/api/tokens", r'{"\ud800": 1}', "application/json")

    assert response.status_code == 400


def test_two_different_teams_in_one_request_are_not_found(script: Script, team: TeamAccess) -> None:
    other = make_team("Other")

    assert script.call("post", f"/api/tokens?team={team.public_id}", {"team": other.public_id, "name": "a"})[0] == 404


def test_a_limit_can_be_refilled_and_says_when(script: Script) -> None:
    _, made = script.call("post", "/api/tokens", {"name": "app", "limit": "5", "reset": "monthly"})
    _, changed = script.call("patch", f"/api/tokens/{made['id']}", {"reset": "daily"})
    _, ended = script.call("patch", f"/api/tokens/{made['id']}", {"reset": None})

    assert [token["reset"] for token in (made, changed, ended)] == ["monthly", "daily", None]
    first = datetime.fromisoformat(made["resets_at"]).astimezone(billing_zone())
    assert (first.day, first.hour, first.minute) == (1, 0, 0)
    assert datetime.fromisoformat(changed["resets_at"]) == day_bounds(business_date(clock.now()))[1]
    assert ended["resets_at"] is None


@pytest.mark.parametrize("reset", ["hourly", "", 5, "Daily"])
def test_an_unknown_refill_is_refused(script: Script, reset: object) -> None:
    status, answer = script.call("post", "/api/tokens", {"name": "app", "limit": "5", "reset": reset})

    assert (status, list(answer["error"]["fields"])) == (400, ["reset"])


def test_a_refill_without_a_limit_is_kept_for_when_there_is_one(script: Script) -> None:
    _, made = script.call("post", "/api/tokens", {"name": "app", "limit": "0", "reset": "weekly"})
    _, limited = script.call("patch", f"/api/tokens/{made['id']}", {"limit": "5"})

    assert (made["unlimited"], made["reset"], made["resets_at"]) == (True, "weekly", None)
    assert (limited["unlimited"], limited["reset"]) == (False, "weekly")
    assert limited["resets_at"] is not None
