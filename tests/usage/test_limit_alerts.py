"""Who answers for a limit hears when half, four fifths and all of it is used; once a step and period."""

from typing import Any

import pytest

from apps.core import clock
from apps.core.ids import uuid7
from apps.core.money import NANOS_PER_CREDIT as CREDIT
from apps.core.money import nanos_from_text
from apps.journal.models import OutboxMessage
from apps.relay import services as tokens
from apps.teams import queries as team_queries
from apps.teams import services as teams
from apps.teams.types import TeamAccess
from apps.usage.limit_alerts import tell_of_limits
from apps.wallet import services as wallet
from apps.wallet.types import TASKS_OWNER, HoldRequest, LimitKind, SettleEntry
from tests.cast import access_of, add_member, make_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


def spend(team: TeamAccess, amount: str, *accounts: int) -> None:
    """A call of the team at this cost, counted on these limits."""
    call_id, nanos, all_of_them = uuid7(), nanos_from_text(amount), (*accounts, team.wallet_id)
    assert wallet.authorise(HoldRequest(call_id, all_of_them, nanos, tokens=1), owner_id=TASKS_OWNER).refusal is None
    wallet.settle_hold(SettleEntry(call_id, all_of_them, nanos, tokens=1))


def limited(team: TeamAccess, limit: str = "10", **terms: Any) -> int:
    return make_token(team, limit=limit, **terms)[0].account_id


def told() -> list[str]:
    tell_of_limits(at=clock.now())
    return list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("spent", "kinds"),
    [
        ("4.999999999", []),
        ("5", ["budget.50"]),
        ("7.999999999", ["budget.50"]),
        ("8", ["budget.80"]),
        ("9.999999999", ["budget.80"]),
        ("10", ["budget.100"]),
    ],
)
def test_a_step_is_passed_at_exactly_its_share(team: TeamAccess, spent: str, kinds: list[str]) -> None:
    spend(team, spent, limited(team))

    assert told() == kinds


def test_no_share_of_an_odd_limit_is_told_too_early(team: TeamAccess) -> None:
    # of 7 nanocredits half are 3.5 and four fifths 5.6: reached with the 4th and with the 6th
    account = limited(team, "0.000000007")
    heard = []
    for _ in range(7):
        spend(team, "0.000000001", account)
        heard.append(len(told()))

    assert heard == [0, 0, 0, 1, 1, 2, 3]


def test_each_step_is_told_once_however_often_it_is_asked(team: TeamAccess) -> None:
    account = limited(team)
    heard = []
    for amount in ("5", "1", "2", "1", "1"):
        spend(team, amount, account)
        told()
        heard = told()

    assert heard == ["budget.50", "budget.80", "budget.100"]


def test_the_owner_and_whoever_has_the_billing_right_are_told(team: TeamAccess) -> None:
    billing, admin = add_member(team, "billing"), add_member(team, "admin")
    add_member(team, "developer")
    add_member(team, "viewer")
    gone = add_member(team, "billing")
    gone.is_active = False
    gone.save()

    spend(team, "5", limited(team))
    told()

    recipients = set(OutboxMessage.objects.values_list("recipient", flat=True))
    assert recipients == {"ada@example.com", billing.email, admin.email}


@pytest.mark.parametrize("role", ["developer", "billing"])
def test_a_member_hears_of_the_own_budget_once_whatever_the_role(team: TeamAccess, role: str) -> None:
    member = add_member(team, role)
    add_member(team, "developer")
    teams.set_member_budget(team, member.pk, limit_nanos=10 * CREDIT, at=clock.now())
    (budget,) = team_queries.member_budget_accounts([(team.id, member.pk)]).values()

    spend(team, "8", budget)

    assert told() == ["budget.80", "budget.80"]
    recipients = set(OutboxMessage.objects.values_list("recipient", flat=True))
    assert recipients == {"ada@example.com", member.email}


def test_whoever_left_hears_nothing_of_the_budget_of_then(team: TeamAccess) -> None:
    member = add_member(team, "developer")
    teams.set_member_budget(team, member.pk, limit_nanos=10 * CREDIT, at=clock.now())
    (budget,) = team_queries.member_budget_accounts([(team.id, member.pk)]).values()
    spend(team, "8", budget)

    teams.leave_team(access_of(member, team), at=clock.now())

    assert told() == []


def test_a_message_says_what_of_which_limit_is_used_by_ids_and_figures(team: TeamAccess) -> None:
    account = limited(team, "10", reset="monthly")
    spend(team, "8.5", account)
    told()

    (message,) = OutboxMessage.objects.all()
    assert message.payload["reader"]["user"] == team.user_id
    assert message.payload | {"resets_at": "", "reader": {}} == {
        "reader": {},
        "team": team.public_id,
        "team_name": "Acme",
        "path": "/console/tokens",
        "account": account,
        "limit_of": "token",
        "name": "app",
        "percent": 80,
        "used": "8.5",
        "limit": "10",
        "resets_at": "",
    }
    assert message.payload["resets_at"] is not None


@pytest.mark.parametrize("kind", [LimitKind.PROJECT, LimitKind.MEMBER, LimitKind.TEAM])
def test_budgets_are_told_of_like_tokens(team: TeamAccess, kind: LimitKind) -> None:
    token, _ = make_token(team)
    budget = wallet.open_limit(team.wallet_id, kind=kind, label="Shop", limit_nanos=10 * CREDIT)
    spend(team, "5", token.account_id, budget)

    assert told() == ["budget.50"]
    assert OutboxMessage.objects.get().payload["limit_of"] == kind.name.lower()


def test_after_a_refill_the_steps_are_told_again(team: TeamAccess, ledger_clock: Any) -> None:
    account = limited(team, reset="daily")
    spend(team, "5", account)
    assert told() == ["budget.50"]

    ledger_clock.forward(hours=25)
    assert told() == ["budget.50"]
    spend(team, "6", account)

    assert told() == ["budget.50", "budget.50"]


def test_a_period_that_has_ended_and_waits_for_its_refill_is_not_told_of(team: TeamAccess, ledger_clock: Any) -> None:
    spend(team, "5", limited(team, reset="daily"))

    ledger_clock.forward(hours=25)

    assert told() == []
    wallet.tend_due()
    assert told() == []


def test_a_step_that_is_passed_again_after_a_small_raise_is_not_repeated(team: TeamAccess) -> None:
    token, _ = make_token(team, limit="10")
    spend(team, "8", token.account_id)
    assert told() == ["budget.80"]

    tokens.change_token(token.pk, actor=None, at=clock.now(), limit_nanos=15 * CREDIT)
    assert told() == ["budget.80"]
    spend(team, "4", token.account_id)

    assert told() == ["budget.80"]
    spend(team, "3", token.account_id)
    assert told() == ["budget.80", "budget.100"]


def test_a_limit_raised_to_more_than_twice_its_use_is_told_of_anew(team: TeamAccess) -> None:
    token, _ = make_token(team, limit="10")
    spend(team, "10", token.account_id)
    assert told() == ["budget.100"]

    tokens.change_token(token.pk, actor=None, at=clock.now(), limit_nanos=30 * CREDIT)
    assert told() == ["budget.100"]
    spend(team, "20", token.account_id)

    assert told() == ["budget.100", "budget.100"]


def test_neither_unlimited_nor_closed_nor_free_accounts_are_told_of(team: TeamAccess) -> None:
    spend(team, "5", limited(team, "0"))
    deleted, _ = make_token(team, "gone", limit="5")
    spend(team, "5", deleted.account_id)
    tokens.delete_token(deleted.pk, actor=None, at=clock.now())
    wallet.set_free_only(team.wallet_id, is_on=True)
    spend(team, "60", limited(team, "0", name="other"))

    assert told() == []


def test_what_is_held_is_not_used_yet(team: TeamAccess) -> None:
    account = limited(team)
    request = HoldRequest(uuid7(), (account, team.wallet_id), 9 * CREDIT, tokens=1)
    wallet.authorise(request, owner_id=TASKS_OWNER)

    assert told() == []
    wallet.void_hold(request.call_id)
