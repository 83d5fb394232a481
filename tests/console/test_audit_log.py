"""A team reads its own part of the audit trail: sentences, names, filters, pages, a file; operators without names."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from apps.accounts.models import User
from apps.console.words.audit import KIND_NAMES, MEMBER_ACTS, SENTENCES, STAFF_ACTS, kind_of, sentence_of
from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.types import Act, LoggedAct
from apps.relay import services as relay
from apps.teams import services
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.types import Mandate, StaffActName
from tests.architecture.sources import ROOT
from tests.cast import access_of, make_team, make_token, make_user
from tests.teams.letters import invited, joined

pytestmark = pytest.mark.django_db


def signed_in(user: User, team: TeamAccess) -> Client:
    client = Client()
    client.force_login(user)
    client.post("/console/payer", {"team": team.public_id})
    return client


@pytest.fixture
def browser(ada: User, team: TeamAccess) -> Client:
    return signed_in(ada, team)


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/console/team/audit{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def rows(client: Client, query: str = "") -> list[list[str]]:
    """The file, without its head."""
    answer = client.get(f"/console/team/audit.csv{query}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    pieces: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(b"".join(pieces).decode())))[1:]


def line(act: str, details: dict[str, Any], **about: str) -> LoggedAct:
    return LoggedAct(uuid7(), clock.now(), 7, act, about.get("target", "team"), about.get("id", "1"), "", details)


def test_acts_are_told_in_sentences_with_who_did_them(browser: Client, team: TeamAccess) -> None:
    bob = joined(team, "bob@example.com", "developer")
    make_token(access_of(bob, team), "app")
    services.change_role(team, bob.pk, role="viewer", at=clock.now())

    said = [(who, what) for _at, who, _act, what, _why in rows(browser)]

    assert said[0] == ("ada@example.com", "Changed the role of bob@example.com from Developer to Viewer")
    assert ("bob@example.com", "Created the API token app") in said
    assert ("bob@example.com", "Joined by the invitation to bob@example.com, role Developer") in said
    assert said[-1] == ("ada@example.com", "Founded the team")


def test_operators_appear_as_staff_and_never_by_name(browser: Client, team: TeamAccess) -> None:
    operator = make_user("operator@sluice.example", is_staff=True)
    token, _ = make_token(team)
    relay.disable_token(token.pk, actor=operator.pk, at=clock.now(), reason="leaked on a public site")
    wallet.grant_lot(
        team.wallet_id, Mandate("g", "promised by phone", actor=operator.pk), amount_nanos=5 * 10**9, source="gift"
    )

    found = rows(browser)

    assert found[0][1:] == ["Sluice staff", "credits.granted", "Granted 5 credits", "promised by phone"]
    assert found[1][1:] == ["Sluice staff", "token.disabled", "Disabled the API token app", "leaked on a public site"]
    for text in (page(browser), str(found)):
        assert "operator@" not in text


def test_an_operator_who_is_a_member_too_is_named_as_member_only(browser: Client, team: TeamAccess) -> None:
    operator = make_user("operator@sluice.example", is_staff=True)
    services.accept_invitation(invited(team, operator.email, "admin"), user=operator, at=clock.now())
    wallet.grant_lot(team.wallet_id, Mandate("g", "", actor=operator.pk), amount_nanos=5 * 10**9, source="gift")
    key = re.search(r'value="(\w+)">operator@sluice.example', page(browser))[1]  # type: ignore[index]

    assert {who for _at, who, *_ in rows(browser, "?who=staff")} == {"Sluice staff"}
    assert [act for _at, _who, act, *_ in rows(browser, f"?who={key}")] == ["invitation.accepted"]


def test_whoever_left_keeps_the_name_in_the_log(browser: Client, team: TeamAccess) -> None:
    bob = joined(team)

    services.leave_team(access_of(bob, team), at=clock.now())

    assert rows(browser)[0][1:4] == ["bob@example.com", "member.left", "Left the team"]


def test_another_teams_acts_are_not_read_here(browser: Client) -> None:
    make_token(make_team("Other"), "theirs")

    assert "theirs" not in str(rows(browser))


def test_lines_are_chosen_by_person_kind_and_period(browser: Client, ada: User, team: TeamAccess) -> None:
    bob = joined(team, "bob@example.com", "developer")
    make_token(access_of(bob, team), "app")
    key = re.search(r'value="(\w+)">bob@example.com', page(browser))[1]  # type: ignore[index]

    assert {who for _at, who, *_ in rows(browser, f"?who={key}")} == {"bob@example.com"}
    assert [act for _at, _who, act, *_ in rows(browser, "?kind=tokens")] == ["token.created"]
    assert len(rows(browser, "?period=day")) == len(rows(browser))
    assert str(ada.pk) != key
    assert len(rows(browser, "?who=nobody&kind=nothing&period=never")) == len(rows(browser))


def test_a_period_leaves_older_acts_out(browser: Client, team: TeamAccess) -> None:
    at = clock.now().replace(year=2020)
    journal.record_act(Act("team.renamed", "team", team.public_id, team.user_id, scope=team.public_id), at=at)

    assert len(rows(browser, "?period=month")) == len(rows(browser)) - 1


def test_pages_follow_one_another_and_the_file_has_every_line(browser: Client, team: TeamAccess) -> None:
    for n in range(230):
        journal.record_act(
            Act("team.renamed", "team", team.public_id, team.user_id, details={"to": f"n{n}"}, scope=team.public_id),
            at=clock.now(),
        )

    first = page(browser)
    older = re.search(r'href="\?(cursor=[^"]+)">Older', first)[1]  # type: ignore[index]
    one, two = (re.findall(r"to (n\d+)<", text) for text in (first, page(browser, f"?{older}")))

    assert (len(one), len(two), set(one) & set(two)) == (50, 50, set())
    assert len({what for _at, _who, _act, what, _why in rows(browser)}) == 231
    assert browser.get("/console/team/audit?cursor=x").status_code == 404


def test_no_cell_of_the_file_is_a_formula(browser: Client, team: TeamAccess) -> None:
    make_token(team, "=cmd|' /C calc'!A0")
    services.rename_team(team, name="Acme Labs", at=clock.now())

    for row in rows(browser):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_times_stand_in_the_readers_zone(browser: Client, ada: User, team: TeamAccess) -> None:
    at = clock.now().replace(month=5, day=1, hour=20, minute=30, second=15)
    journal.record_act(Act("team.renamed", "team", team.public_id, ada.pk, scope=team.public_id), at=at)

    assert "2 May, 04:30:15" in page(browser)


def test_the_file_speaks_the_readers_language(browser: Client, team: TeamAccess) -> None:
    browser.post("/language", {"language": "zh-hans"})

    assert rows(browser)[-1][3] == "创建团队"


@pytest.mark.parametrize("act", sorted(act for acts in SENTENCES.values() for act in acts))
def test_every_sentence_holds_in_both_languages_whatever_the_details_lack(act: str) -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert "%(" not in sentence_of(line(act, {}), {})


def test_an_act_that_nobody_described_shows_its_code() -> None:
    assert sentence_of(line("moon.landed", {}), {}) == "Other act: moon.landed"


def test_changed_fields_budgets_and_roles_are_told_in_words() -> None:
    renamed = {"name": {"from": "a", "to": "b"}, "limit_nanos": {"from": 0, "to": 5}}
    budget = {"from": {"limit": None, "refill": ""}, "to": {"limit": "100", "refill": "monthly"}}

    assert sentence_of(line("token.changed", renamed), {}) == "Changed the API token b: name, limit"
    assert (
        sentence_of(line("member.budget_changed", budget, target="user", id="9"), {9: "Bob"})
        == "Set the budget of Bob to 100 credits, refilled every month, on the 1st"
    )
    lifted = {"from": budget["to"], "to": budget["from"]}
    assert sentence_of(line("team.budget_changed", lifted), {}) == "Set the budget of the team to no limit"


def test_grants_and_price_alerts_are_told_in_words() -> None:
    until = {"access_group": "own", "ends_at": "2026-12-31T04:00:00+00:00"}
    alert = {"about": "model", "code": "gpt-6.1-sol", "direction": "up"}

    assert sentence_of(line("access_group.granted", until), {}) == "Granted the access group own, until 31 Dec 2026"
    open_end = {"model": "o3", "ends_at": None}
    assert sentence_of(line("model.granted", open_end), {}) == "Granted the model o3, until further notice"
    told = "Set a price alert for the webhooks: One model gpt-6.1-sol"
    assert sentence_of(line("price_alert.added", alert), {}) == told


def test_every_act_with_a_team_in_its_scope_has_a_sentence() -> None:
    written = set()
    for folder in (
        "apps/teams",
        "apps/relay/services/tokens.py",
        "apps/verification",
        "apps/marketplace/services/model_grants.py",
    ):
        paths = [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py")
        for path in paths:
            written |= set(re.findall(r'record\w*\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text()))
    written |= {"personal_token.created", "personal_token.revoked", *StaffActName}

    assert sorted(act for act in written if not kind_of(act)) == []
    assert set(SENTENCES) == set(KIND_NAMES)
    assert STAFF_ACTS.isdisjoint(MEMBER_ACTS)
