"""What teams may reach, in the back office: grants with an end and a reason, multipliers that change by an act."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.marketplace.models import ModelGrant, PriceChange
from apps.teams.models import AccessGrant, AccessGroup, StaffBinding
from apps.teams.types import TeamAccess
from tests.backoffice.desk import colleague
from tests.cast import make_team
from tests.catalogue import import_test_catalogue
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    import_test_catalogue()


@pytest.fixture
def desk(client: Client) -> Client:
    return sign_in_staff(client)


def at_a_team(team: TeamAccess, act: str = "change") -> str:
    return f"/admin/teams/team/{team.id}/{act}/"


def at_a_group(code: str, act: str = "change") -> str:
    return f"/admin/teams/accessgroup/{AccessGroup.objects.get(code=code).pk}/{act}/"


def granting(code: str, **more: Any) -> dict[str, Any]:
    return {"access_group": AccessGroup.objects.get(code=code).pk, "reason": "Contract 7", **more}


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_group_is_granted_until_a_date_shown_and_ended(desk: Client, team: TeamAccess) -> None:
    answer = desk.post(at_a_team(team, "grant-group"), granting("vip", ends_at_0="2099-01-31", ends_at_1="12:00"))

    assert answer.status_code == 302
    assert AccessGrant.objects.get().ends_at.isoformat() == "2099-01-31T12:00:00+00:00"
    assert AuditEntry.objects.get(act="access_group.granted").reason == "Contract 7"
    assert "vip" in text_of(desk, at_a_team(team))

    desk.post(at_a_team(team, "end-group-grant"), granting("vip"))
    assert AccessGrant.objects.get().ends_at <= clock.now()
    assert desk.get(at_a_team(team, "end-group-grant")).status_code == 404


def test_a_model_is_granted_until_a_date_shown_and_ended(desk: Client, team: TeamAccess) -> None:
    form = {"model": "chat-vip", "reason": "Trial"}

    desk.post(at_a_team(team, "grant-model"), form)

    assert ModelGrant.objects.get().model.code == "chat-vip"
    assert "chat-vip" in text_of(desk, at_a_team(team))

    desk.post(at_a_team(team, "end-model-grant"), form)
    assert ModelGrant.objects.get().ends_at <= clock.now()
    assert [entry.reason for entry in AuditEntry.objects.filter(act__startswith="model.grant")] == ["Trial"] * 2


def test_what_cannot_be_granted_says_why_and_changes_nothing(desk: Client, team: TeamAccess) -> None:
    unknown = desk.post(at_a_team(team, "grant-model"), {"model": "chat-vpi", "reason": "Trial"})
    passed = desk.post(at_a_team(team, "grant-group"), granting("vip", ends_at_0="2020-01-01", ends_at_1="00:00"))
    silent = desk.post(at_a_team(team, "grant-group"), granting("vip", reason=""))

    assert "There is no such model." in unknown.content.decode()
    assert "Choose an end that is still to come" in passed.content.decode()
    assert silent.status_code == 200
    assert not AccessGrant.objects.exists()


def test_an_operator_who_is_bound_grants_to_no_team_but_theirs(team: TeamAccess) -> None:
    other = make_team("Globex")
    operator = colleague("bound@staff.example", group="owner")
    StaffBinding.objects.create(user=User.objects.get(email="bound@staff.example"), team_id=team.id)

    assert operator.post(at_a_team(other, "grant-group"), granting("vip")).status_code == 404
    assert operator.post(at_a_team(team, "grant-group"), granting("vip")).status_code == 302
    assert AccessGrant.objects.get().team_id == team.id


def test_a_multiplier_is_changed_by_an_act_and_shows_what_is_announced(desk: Client) -> None:
    answer = desk.post(at_a_group("vip", "change-multiplier"), {"multiplier": "0.9", "reason": "Costs"})

    group = AccessGroup.objects.get(code="vip")
    assert answer.status_code == 302
    assert (group.multiplier, group.coming_multiplier) == (Decimal("0.8"), Decimal("0.9"))
    assert f"0.8, from {group.coming_at:%Y-%m-%d %H:%M} UTC on 0.9" in text_of(desk, at_a_group("vip"))

    desk.post(at_a_group("vip", "withdraw-multiplier"), {"reason": "A mistake"})
    assert AccessGroup.objects.get(code="vip").coming_multiplier is None
    assert PriceChange.objects.count() == 2


def test_a_multiplier_too_early_says_when_it_may_begin(desk: Client) -> None:
    soon = clock.now() + timedelta(hours=1)
    form = {"multiplier": "0.9", "reason": "Costs", "starts_at_0": f"{soon:%Y-%m-%d}", "starts_at_1": f"{soon:%H:%M}"}

    answer = desk.post(at_a_group("vip", "change-multiplier"), form)

    assert "at the earliest" in answer.content.decode()
    assert not PriceChange.objects.exists()


def test_the_form_of_a_group_edits_limits_and_lines_and_no_multiplier(desk: Client) -> None:
    limits = dict.fromkeys(("rpm", "tpm", "concurrency", "wallet_rpm", "wallet_tpm", "wallet_concurrency"), 7)

    desk.post(at_a_group("vip"), {**limits, "all_lines": "on", "multiplier": "5", "code": "other"})

    group = AccessGroup.objects.get(code="vip")
    assert (group.rpm, group.all_lines, group.multiplier) == (7, True, Decimal("0.8"))


def test_a_new_group_begins_with_the_multiplier_it_is_given(desk: Client) -> None:
    limits = dict.fromkeys(("rpm", "tpm", "concurrency", "wallet_rpm", "wallet_tpm", "wallet_concurrency"), 7)

    desk.post("/admin/teams/accessgroup/add/", {**limits, "code": "new", "multiplier": "1.5"})

    assert AccessGroup.objects.get(code="new").multiplier == Decimal("1.5")
