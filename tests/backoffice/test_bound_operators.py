"""Operators who are bound to teams see and touch only those, wherever the back office shows rows."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse

from apps.accounts.models import User
from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams import services as teams
from apps.teams.models import AccessGroup, Membership, PersonalAccessToken, StaffBinding, Team
from apps.teams.scoped_admin import ClosedToBound, ScopedAdmin, ScopedInline
from apps.teams.types import TeamAccess
from tests.backoffice.desk import colleague, fill_in, id_of, said
from tests.cast import add_member, make_personal_token, make_team, make_user
from tests.permissions.rows import make_rows
from tests.staff import sign_in_staff

pytestmark = pytest.mark.django_db

OPERATOR = "op@example.com"
LISTS = ("team", "membership", "personalaccesstoken")


@pytest.fixture
def other() -> TeamAccess:
    """A team that the operator is not bound to."""
    return make_team("Globex", owner=make_user("hank@globex.example"))


@pytest.fixture
def operator(team: TeamAccess, other: TeamAccess) -> Client:
    """Bound to Acme, and allowed everything otherwise."""
    client = colleague(OPERATOR)
    person = User.objects.get(email=OPERATOR)
    person.is_superuser = False
    person.save()
    person.user_permissions.set(Permission.objects.all())
    StaffBinding.objects.create(user=person, team_id=team.id)
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def row_of(model: type[Any], team: TeamAccess) -> int:
    if model is Team:
        return team.id
    if model is PersonalAccessToken:
        return make_personal_token(team).token.id
    return Membership.objects.get(team_id=team.id).pk


@pytest.mark.parametrize("model", LISTS)
def test_a_list_shows_the_rows_of_their_teams_only(
    operator: Client, team: TeamAccess, other: TeamAccess, model: str
) -> None:
    make_personal_token(team)
    make_personal_token(other)

    page = text_of(operator, f"/admin/teams/{model}/")

    assert "Acme" in page
    assert "Globex" not in page
    assert "1 " in page


@pytest.mark.parametrize("model", LISTS)
def test_a_search_finds_nothing_of_other_teams(operator: Client, other: TeamAccess, model: str) -> None:
    make_personal_token(other)

    page = text_of(operator, f"/admin/teams/{model}/?q=Globex")

    assert page.count("Globex") == page.count('value="Globex"') + page.count("q=Globex")


@pytest.mark.parametrize("model", [Team, Membership, PersonalAccessToken])
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_row_of_another_team_is_not_there(operator: Client, other: TeamAccess, model: Any, page: str) -> None:
    name = model._meta.model_name

    foreign = operator.get(f"/admin/teams/{name}/{row_of(model, other)}/{page}/")
    missing = operator.get(f"/admin/teams/{name}/999999999/{page}/")

    assert foreign.status_code == missing.status_code == 404


def test_their_own_rows_open(operator: Client, team: TeamAccess) -> None:
    assert "Acme" in text_of(operator, f"/admin/teams/team/{team.id}/change/")
    assert "Acme" in text_of(operator, f"/admin/teams/team/{team.id}/history/")
    assert "ada@example.com" in text_of(operator, f"/admin/teams/membership/{row_of(Membership, team)}/change/")


def test_an_act_reaches_their_own_rows_and_no_others(operator: Client, team: TeamAccess, other: TeamAccess) -> None:
    mine, foreign = make_personal_token(team).token.id, make_personal_token(other).token.id
    page = "/admin/teams/personalaccesstoken/{}/revoke/"

    answer = operator.post(page.format(foreign), {"reason": "curious"})
    done = fill_in(operator, page.format(mine))

    assert answer.status_code == 404
    assert said(done) == ["The token is revoked."]
    assert list(PersonalAccessToken.objects.filter(revoked_at=None).values_list("pk", flat=True)) == [foreign]


def test_a_change_posted_to_another_teams_address_changes_nothing(operator: Client, other: TeamAccess) -> None:
    group = AccessGroup.objects.create(code="vip")

    answer = operator.post(f"/admin/teams/team/{other.id}/change/", {"access_group": group.pk})

    assert answer.status_code == 404
    assert Team.objects.get(pk=other.id).access_group.code == "default"


def test_an_autocomplete_offers_their_teams_only(operator: Client) -> None:
    asked = "/admin/autocomplete/?app_label=teams&model_name=membership&field_name=team&term="

    found = operator.get(asked).json()

    assert [row["text"] for row in found["results"]] == ["Acme"]


def test_an_autocomplete_of_people_refuses_them(operator: Client) -> None:
    asked = "/admin/autocomplete/?app_label=teams&model_name=membership&field_name=user&term=hank"

    assert operator.get(asked).status_code == 403


@pytest.mark.parametrize("model", [Team, Membership])
def test_an_export_holds_their_rows_only_whatever_is_asked_for(
    operator: Client, team: TeamAccess, other: TeamAccess, model: Any
) -> None:
    asked = {"action": "export", "_selected_action": [row_of(model, team), row_of(model, other)], "select_across": "1"}

    answer = operator.post(f"/admin/teams/{model._meta.model_name}/", asked)

    written = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Acme" in written
    assert "Globex" not in written
    entry = AuditEntry.objects.get(act=f"{model._meta.model_name}.exported")
    assert (entry.details, entry.actor_id) == ({"rows": 1}, id_of(OPERATOR))


def test_an_export_is_a_csv_of_the_lists_columns(client: Client, team: TeamAccess) -> None:
    sign_in_staff(client)
    add_member(team, "viewer", user=make_user("=cmd@example.com"))
    rows = Membership.objects.filter(team_id=team.id).order_by("pk")

    asked = {"action": "export", "_selected_action": [row.pk for row in rows]}
    answer = client.post("/admin/teams/membership/", asked)

    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines == [
        "user,team,role,joined",
        f"ada@example.com,Acme,owner,{rows[0].joined_at.isoformat()}",
        f"'=cmd@example.com,Acme,viewer,{rows[1].joined_at.isoformat()}",
    ]


# -- Pages that are not scoped ---------------------------------------------------------------------


def addresses() -> list[tuple[type[Any], str]]:
    """Every page of every admin, with an id that no row has."""
    return [
        (model, f"/admin/{model._meta.app_label}/{model._meta.model_name}/{_filled(pattern)}")
        for model, page in admin.site._registry.items()
        for pattern in page.get_urls()
    ]


def _filled(pattern: URLPattern) -> str:
    return str(pattern.pattern).replace("<path:object_id>", "0").replace("<path:content_type_id>", "0")


def test_every_page_of_an_admin_that_is_not_scoped_refuses_them(operator: Client) -> None:
    for model, address in addresses():
        if not isinstance(admin.site._registry[model], ScopedAdmin):
            assert operator.get(address).status_code == 403, address
            assert operator.post(address).status_code == 403, address


def test_the_same_pages_open_to_an_operator_who_is_bound_to_nothing(operator: Client) -> None:
    StaffBinding.objects.all().delete()

    lists = [address for model, address in addresses() if address.count("/") == 4 and model is not StaffBinding]
    assert {operator.get(address).status_code for address in lists} == {200}


def test_an_admin_that_forgets_is_closed() -> None:
    class Forgetful(admin.ModelAdmin[Any]):
        pass

    site = type(admin.site._wrapped)()  # type: ignore[attr-defined]
    site.register(AccessGroup, Forgetful)
    site.register(Team)

    assert isinstance(site._registry[AccessGroup], ClosedToBound)
    assert isinstance(site._registry[Team], ClosedToBound)


def test_the_front_page_lists_what_is_open_to_them(operator: Client) -> None:
    answer = operator.get("/admin/")

    listed = {model["object_name"] for app in answer.context["app_list"] for model in app["models"]}
    assert listed == {
        model.__name__ for model, page in admin.site._registry.items() if isinstance(page, ScopedAdmin)
    } - {"StaffBinding"}


def test_the_strip_names_their_organisations(operator: Client, other: TeamAccess) -> None:
    assert 'id="bound-to"' in text_of(operator, "/admin/")
    assert 'title="Acme"' in text_of(operator, "/admin/teams/team/")

    StaffBinding.objects.create(user_id=id_of(OPERATOR), team_id=other.id)

    assert 'title="Acme, Globex"' in text_of(operator, "/admin/")


def test_who_is_bound_to_nothing_has_no_strip_and_sees_all(client: Client, team: TeamAccess, other: TeamAccess) -> None:
    sign_in_staff(client)

    page = text_of(client, "/admin/teams/team/")

    assert "bound-to" not in page
    assert "Acme" in page
    assert "Globex" in page


def test_no_page_of_a_scoped_admin_opens_on_a_row_of_another_team(operator: Client) -> None:
    make_rows()
    StaffBinding.objects.filter(user__email=OPERATOR).update(team_id=make_team("Initech").id)
    scoped = [model for model, page in admin.site._registry.items() if isinstance(page, ScopedAdmin)]

    for model in scoped:
        row = model._default_manager.exclude(**{admin.site._registry[model].team_path: bound_to()}).latest("pk")
        for pattern in admin.site._registry[model].get_urls():
            address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{pattern.pattern}"
            if "<path:object_id>" in address and pattern.name is not None:
                foreign = address.replace("<path:object_id>", str(row.pk))
                assert operator.get(foreign).status_code == 404, foreign
                assert operator.post(foreign, {"post": "yes", "reason": "curious"}).status_code == 404, foreign


def bound_to() -> int:
    return StaffBinding.objects.get(user__email=OPERATOR).team_id


# -- The base, on an admin that edits and filters everything ---------------------------------------


class MembersOfTeam(ScopedInline, admin.TabularInline[Membership, Team]):
    model = Membership


class UnscopedMembers(admin.TabularInline[Membership, Team]):
    model = Membership


class AnyChoice(admin.SimpleListFilter):
    title, parameter_name = "team", "any"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[Any, str]]:
        return [(team.pk, team.name) for team in Team.objects.all()]

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset


class Editable(ScopedAdmin):
    fields = ("team", "user", "role")
    list_filter = ("team", "user", "role", "joined_at", "team__name", AnyChoice)


def editable(request: Any) -> Editable:
    return Editable(Membership, admin.site)


@pytest.fixture
def request_of(operator: Client) -> Any:
    request = RequestFactory().get("/admin/?team=1")
    request.user = User.objects.get(email=OPERATOR)
    return request


def test_a_form_offers_their_teams_and_nobody_of_an_admin_that_is_closed(request_of: Any) -> None:
    fields = editable(request_of).get_form(request_of).base_fields

    assert [team.name for team in fields["team"].queryset] == ["Acme"]
    assert list(fields["user"].queryset) == []


def test_a_filter_offers_their_teams_and_people_and_one_with_choices_of_its_own_goes(request_of: Any) -> None:
    StaffBinding.objects.create(user=request_of.user, team_id=make_team("Beta", owner=make_user("bo@b.example")).id)
    page = editable(request_of)

    filters = page.get_changelist_instance(request_of).get_filters(request_of)[0]

    assert [found.title for found in filters] == ["team", "user", "role", "joined"]
    assert sorted(label for _, label in filters[0].lookup_choices) == ["Acme", "Beta"]
    assert sorted(label for _, label in filters[1].lookup_choices) == ["ada@example.com", "bo@b.example"]


def test_an_address_fills_no_form_in_for_them(request_of: Any) -> None:
    assert editable(request_of).get_changeform_initial_data(request_of) == {}


def test_an_inline_that_is_not_scoped_is_left_out(request_of: Any) -> None:
    page = type("Both", (ScopedAdmin,), {"inlines": (MembersOfTeam, UnscopedMembers)})(Team, admin.site)

    assert page.get_inlines(request_of, None) == [MembersOfTeam]


def test_a_row_that_is_saved_into_another_team_is_refused(request_of: Any, operator: Client, other: TeamAccess) -> None:
    page = editable(request_of)
    row = Membership(team_id=other.id, user=make_user(), role="viewer")

    with pytest.raises(PermissionDenied):
        page.save_model(request_of, row, None, False)


def test_a_base_that_could_name_any_row_fails_the_checks() -> None:
    page = type("Raw", (ScopedAdmin,), {"raw_id_fields": ("team",)})

    assert [error.id for error in page(Membership, admin.site).check()] == ["teams.E001"]


# -- Who binds -------------------------------------------------------------------------------------


def test_a_superuser_binds_and_unbinds_and_both_are_on_record(client: Client, team: TeamAccess) -> None:
    sign_in_staff(client)
    colleague(OPERATOR, group="support")
    person = id_of(OPERATOR)

    client.post("/admin/teams/staffbinding/add/", {"user": person, "team": team.id})
    binding = StaffBinding.objects.get(user_id=person, team_id=team.id)
    client.post(f"/admin/teams/staffbinding/{binding.pk}/delete/", {"post": "yes"})

    assert not StaffBinding.objects.exists()
    acts = AuditEntry.objects.filter(target="staffbinding").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["staffbinding.created", "staffbinding.removed"]


@pytest.mark.parametrize("page", ["", "add/", "1/change/", "1/delete/"])
def test_nobody_else_binds(client: Client, page: str) -> None:
    person = sign_in_staff(client, group="owner")

    assert person.get(f"/admin/teams/staffbinding/{page}").status_code in {403, 404}


def test_a_superuser_or_a_customer_cannot_be_bound(client: Client, team: TeamAccess) -> None:
    sign_in_staff(client)
    add_member(team, "viewer")

    for person in User.objects.all():
        answer = client.post("/admin/teams/staffbinding/add/", {"user": person.pk, "team": team.id})
        assert "who is not a superuser" in answer.content.decode()

    assert not StaffBinding.objects.exists()


def test_a_binding_counts_from_the_next_page_on(client: Client, team: TeamAccess, other: TeamAccess) -> None:
    desk = colleague(OPERATOR, group="support")
    assert "Globex" in text_of(desk, "/admin/teams/team/")

    StaffBinding.objects.create(user_id=id_of(OPERATOR), team_id=team.id)

    assert "Globex" not in text_of(desk, "/admin/teams/team/")
    assert desk.get(reverse("admin:wallet_account_changelist")).status_code == 403


def test_a_closed_team_stays_in_their_sight(operator: Client, team: TeamAccess) -> None:
    assert teams.lock_team(team.id).closed_at is None
    Team.objects.filter(pk=team.id).update(closed_at=clock.now())

    assert "Acme" in text_of(operator, "/admin/teams/team/")
