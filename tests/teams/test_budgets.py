"""Budgets of a team and its members: one account of the ledger each, opened once, on record with the team as scope."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.core import clock
from apps.core.money import NANOS_PER_CREDIT
from apps.journal.models import AuditEntry
from apps.teams import queries, services
from apps.teams.errors import BudgetInvalid, MemberMissing, PermissionMissing, TeamMissing
from apps.teams.models import Membership, Team
from apps.teams.types import TeamAccess
from apps.wallet import queries as wallet
from tests.cast import access_of, add_member, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]

TEN = 10 * NANOS_PER_CREDIT


@pytest.fixture
def bob(team: TeamAccess) -> User:
    return add_member(team, "developer", user=make_user("bob@example.com"))


def bound_bob(team: TeamAccess, bob: User, limit: int | None = TEN, refill: str = "monthly") -> int:
    """Sets Bob's budget and answers with its account."""
    services.set_member_budget(team, bob.pk, limit_nanos=limit, refill=refill, at=clock.now())
    return queries.member_budget_accounts({(team.id, bob.pk)})[team.id, bob.pk]


def bound_team(team: TeamAccess, limit: int | None, refill: str = "") -> int | None:
    services.set_team_budget(team, limit_nanos=limit, refill=refill, at=clock.now())
    return queries.team_budget_account(team.id)


def test_a_members_budget_is_a_limit_of_the_teams_wallet(team: TeamAccess, bob: User) -> None:
    account = bound_bob(team, bob)

    use = wallet.limit_use([account])[account]
    assert (use.limit_nanos, use.refill, use.remaining_nanos) == (TEN, "monthly", TEN)
    assert wallet.label_of(account) == "bob@example.com"


def test_a_teams_budget_is_labelled_with_its_name(team: TeamAccess) -> None:
    account = bound_team(team, TEN)

    assert account is not None
    assert wallet.label_of(account) == "Acme"


def test_a_budget_keeps_its_account_when_it_changes_and_when_it_is_lifted(team: TeamAccess, bob: User) -> None:
    account = bound_bob(team, bob)

    assert bound_bob(team, bob, 2 * TEN, "weekly") == account
    assert bound_bob(team, bob, None) == account
    use = wallet.limit_use([account])[account]
    assert (use.limit_nanos, use.refill, use.remaining_nanos) == (None, "", None)


def test_no_budget_opens_no_account(team: TeamAccess, bob: User) -> None:
    services.set_member_budget(team, bob.pk, limit_nanos=None, refill="", at=clock.now())

    assert queries.member_budget_accounts({(team.id, bob.pk)}) == {}
    assert bound_team(team, None) is None
    assert not AuditEntry.objects.filter(act__contains="budget").exists()


def test_a_budget_of_nothing_is_a_budget(team: TeamAccess, bob: User) -> None:
    account = bound_bob(team, bob, 0, "")

    assert wallet.limit_use([account])[account].remaining_nanos == 0


def test_each_change_is_on_record_once_for_the_team(team: TeamAccess, bob: User) -> None:
    bound_bob(team, bob)
    bound_bob(team, bob)
    bound_team(team, TEN, "daily")
    bound_team(team, None)

    entries = AuditEntry.objects.filter(act__contains="budget").order_by("pk")
    assert [(entry.act, entry.target_id, entry.scope, entry.actor_id) for entry in entries] == [
        ("member.budget_changed", str(bob.pk), team.public_id, team.user_id),
        ("team.budget_changed", team.public_id, team.public_id, team.user_id),
        ("team.budget_changed", team.public_id, team.public_id, team.user_id),
    ]
    assert entries[0].details == {
        "name": "bob@example.com",
        "from": {"limit": None, "refill": ""},
        "to": {"limit": "10", "refill": "monthly"},
    }
    assert entries[2].details["to"] == {"limit": None, "refill": ""}


@pytest.mark.parametrize(
    ("limit", "refill", "field"),
    [(-1, "", "limit"), (2**62, "", "limit"), (TEN, "yearly", "refill"), (None, "yearly", "refill")],
)
def test_what_no_budget_can_be_is_refused_by_name(
    team: TeamAccess, bob: User, limit: int | None, refill: str, field: str
) -> None:
    with pytest.raises(BudgetInvalid) as refused:
        bound_bob(team, bob, limit, refill)

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("billing", True), ("developer", False), ("viewer", False)])
def test_who_may_change_budgets(team: TeamAccess, bob: User, role: str, may: bool) -> None:
    access = access_of(add_member(team, role), team)

    if may:
        assert bound_bob(access, bob)
    else:
        with pytest.raises(PermissionMissing):
            bound_bob(access, bob)


def test_the_role_at_the_act_counts_and_not_the_one_at_the_form(team: TeamAccess, bob: User) -> None:
    admin = add_member(team, "admin")
    access = access_of(admin, team)
    Membership.objects.filter(team_id=team.id, user=admin).update(role="viewer")

    with pytest.raises(PermissionMissing):
        bound_team(access, TEN)

    Membership.objects.filter(team_id=team.id, user=admin).delete()
    with pytest.raises(TeamMissing):
        bound_team(access, TEN)


def test_a_closed_team_has_no_budgets_to_change(team: TeamAccess) -> None:
    Team.objects.filter(pk=team.id).update(closed_at=clock.now())

    with pytest.raises(TeamMissing):
        bound_team(team, TEN)


def test_somebody_of_another_team_is_nobody_here(team: TeamAccess) -> None:
    stranger = make_team("Globex")

    with pytest.raises(MemberMissing):
        bound_bob(team, User.objects.get(pk=stranger.user_id))


def test_a_budget_of_somebody_who_left_is_no_limit_on_any_page(team: TeamAccess, bob: User) -> None:
    account = bound_bob(team, bob, 0, "")
    row = Membership.objects.get(team_id=team.id, user=bob)

    services.end_member_budget(row)
    row.delete()

    assert wallet.limits_near_end(team.wallet_id, percent=0, at_most=9) == []
    assert queries.member_budget_accounts({(team.id, bob.pk)}) == {}
    assert wallet.label_of(account) == row.public_id


def test_the_budget_of_a_renamed_team_has_its_new_name(team: TeamAccess) -> None:
    account = bound_team(team, TEN)
    assert account is not None

    services.rename_team(team, name="Acme Labs", at=clock.now())

    assert wallet.label_of(account) == wallet.label_of(team.wallet_id) == "Acme Labs"


def test_accounts_of_any_number_of_members_are_one_question(team: TeamAccess, bob: User) -> None:
    other = make_team("Globex", owner=bob)
    mine, others = bound_bob(team, bob), bound_bob(other, bob)

    with CaptureQueriesContext(connection) as asked:
        found = queries.member_budget_accounts({(team.id, bob.pk), (other.id, bob.pk), (team.id, team.user_id)})

    assert found == {(team.id, bob.pk): mine, (other.id, bob.pk): others}
    assert len(asked) == 1
