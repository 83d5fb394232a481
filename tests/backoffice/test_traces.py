"""Whatever staff change in the back office stays in the audit trail: who, what, from what, to what."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.journal.models import AuditEntry, OperatorAlert
from apps.teams.models import AccessGroup, PersonalAccessToken
from apps.teams.types import TeamAccess
from tests.cast import make_personal_token, make_user
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    return sign_in_staff(client)


def entry(act: str) -> AuditEntry:
    found = AuditEntry.objects.get(act=act)
    assert found.actor_id == User.objects.get(email="owner@example.com").pk
    return found


def user_form(user: User, **changes: Any) -> dict[str, Any]:
    kept = {"name": user.name, "language": "en", "display_unit": "usd", "time_zone": "UTC", "is_active": "on"}
    return {name: value for name, value in (kept | changes).items() if value is not None}


def team_form(group: AccessGroup) -> dict[str, Any]:
    inlines = ("access_grants", "-1", "memberships")  # that of granted models has no name to go by
    return {"access_group": group.pk, **{f"{name}-{n}_FORMS": 0 for name in inlines for n in ("TOTAL", "INITIAL")}}


def test_making_somebody_staff_is_recorded(desk: Client, ada: User) -> None:
    desk.post(f"/admin/accounts/user/{ada.pk}/change/", user_form(ada, is_staff="on"))

    recorded = entry("user.changed")
    assert recorded.target_id == str(ada.pk)
    assert recorded.details["is_staff"] == {"from": False, "to": True}


def test_another_main_group_is_recorded(desk: Client, team: TeamAccess) -> None:
    vip = AccessGroup.objects.create(code="vip")

    desk.post(f"/admin/teams/team/{team.id}/change/", team_form(vip))

    assert entry("team.changed").details == {"access_group": {"from": "default", "to": "vip"}}


def test_a_group_that_is_removed_is_recorded(desk: Client) -> None:
    old = AccessGroup.objects.create(code="old")

    desk.post(f"/admin/teams/accessgroup/{old.pk}/delete/", {"post": "yes"})

    assert entry("accessgroup.removed").details == {"was": "old"}


def test_saving_without_a_change_records_nothing(desk: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="UTC")

    desk.post(f"/admin/accounts/user/{ada.pk}/change/", user_form(ada))

    assert not AuditEntry.objects.filter(act="user.changed").exists()


def test_a_grant_of_credits_is_recorded_once(desk: Client, team: TeamAccess) -> None:
    form = {"amount": "5", "reason": "goodwill", "key": "staff-grant:1"}
    desk.post(f"/admin/wallet/account/{team.wallet_id}/grant/", form)
    desk.post(f"/admin/wallet/account/{team.wallet_id}/grant/", form)

    recorded = entry("credits.granted")
    assert (recorded.target_id, recorded.reason) == (str(team.wallet_id), "goodwill")
    assert recorded.details["credits"] == "5"


def test_an_alert_is_closed_with_its_reason(desk: Client) -> None:
    alert = OperatorAlert.objects.create(kind="loss", dedupe_key="one")

    desk.post(f"/admin/journal/operatoralert/{alert.pk}/close/", {"reason": "Limit raised."})

    assert entry("alert.closed").reason == "Limit raised."


def test_staff_end_a_personal_access_token_that_leaked(desk: Client, team: TeamAccess) -> None:
    minted = make_personal_token(team)

    desk.post(f"/admin/teams/personalaccesstoken/{minted.token.id}/revoke/", {"reason": "On a public page."})

    assert PersonalAccessToken.objects.get().revoked_at is not None
    assert entry("personal_token.revoked").reason == "On a public page."


def test_who_is_no_superuser_changes_no_staff_and_nobodys_address(client: Client, ada: User) -> None:
    boss = make_user("boss@example.com", is_staff=True)
    sign_in_staff(client, group="owner")

    refused = client.post(f"/admin/accounts/user/{boss.pk}/change/", user_form(boss, is_active=None))
    client.post(f"/admin/accounts/user/{ada.pk}/change/", user_form(ada, email="mine@example.com", is_staff="on"))

    boss.refresh_from_db()
    ada.refresh_from_db()
    assert refused.status_code == 403
    assert boss.is_active
    assert (ada.email, ada.is_staff) == ("ada@example.com", False)


def test_staff_set_nobodys_password(desk: Client, ada: User) -> None:
    form = {"password1": "another horse battery", "password2": "another horse battery", "usable_password": "true"}

    desk.post(f"/admin/accounts/user/{ada.pk}/password/", form)

    ada.refresh_from_db()
    assert ada.check_password("correct horse battery")


def test_staff_see_whose_wallet_it_is_and_find_its_team(desk: Client, team: TeamAccess) -> None:
    for page in ("account", "transfer", "lot"):
        assert f"{team.wallet_id} Acme" in desk.get(f"/admin/wallet/{page}/").content.decode()
    assert team.public_id in desk.get(f"/admin/teams/team/?q={team.wallet_id}").content.decode()


def test_an_operators_own_password_is_changed_where_everybody_changes_theirs(desk: Client) -> None:
    assert desk.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


@pytest.mark.parametrize("page", ["add/", "{}/password/", "{}/delete/"])
def test_nobody_adds_people_deletes_them_or_sets_their_password(client: Client, ada: User, page: str) -> None:
    sign_in_staff(client, group="owner")

    assert client.post(f"/admin/accounts/user/{page.format(ada.pk)}", {"post": "yes"}).status_code in {302, 403, 404}
    assert User.objects.get(pk=ada.pk).check_password("correct horse battery")
    assert User.objects.count() == 2


def test_who_is_no_superuser_locks_people_out_with_a_trace_and_makes_none_staff(client: Client, ada: User) -> None:
    sign_in_staff(client, group="owner")
    power = {"is_active": None, "is_staff": "on", "is_superuser": "on", "groups": "1"}

    client.post(f"/admin/accounts/user/{ada.pk}/change/", user_form(ada, **power))

    ada.refresh_from_db()
    assert (ada.is_active, ada.is_staff, ada.is_superuser, ada.groups.count()) == (False, False, False, 0)
    assert entry("user.changed").details["is_active"] == {"from": True, "to": False}
