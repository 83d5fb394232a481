"""Closing a team: refused while anything is open, then everything ends that could spend, and the books are right."""

import pytest

from apps.accounts.models import User
from apps.console.closing.errors import StillOpen
from apps.console.closing.teams import close_team
from apps.console.closing.types import GivenUp
from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.models import AuditEntry, OperatorAlert, OutboxMessage, WebhookEndpoint
from apps.journal.types import ApprovalRequest
from apps.marketplace import services as marketplace
from apps.marketplace.models import PriceSubscription
from apps.relay.models import ApiToken
from apps.teams import errors, queries
from apps.teams import services as teams
from apps.teams.models import Invitation, PersonalAccessToken, Team
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.errors import BalanceDiffers
from apps.wallet.models import Account, Transfer, TransferKind
from apps.wallet.types import HoldRequest, House, Mandate, Refusal, SettleEntry
from tests.cast import access_of, add_member, grant, make_personal_token, make_team, make_token
from tests.catalogue import import_test_catalogue
from tests.marketplace.alerts import wish
from tests.verification.papers import apply_for
from tests.wallet.purses import CREDIT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]


def close(team: TeamAccess, *, giving_up: int = 100) -> None:
    close_team(team, given_up=GivenUp(balance_nanos=giving_up * CREDIT), at=clock.now())


def reasons_against(team: TeamAccess, *, giving_up: int = 100) -> list[str]:
    with pytest.raises(StillOpen) as refused:
        close(team, giving_up=giving_up)
    return [reason.text for reason in refused.value.reasons]


def call(team: TeamAccess, token: ApiToken, nanos: int = CREDIT) -> HoldRequest:
    return HoldRequest(uuid7(), (token.account_id, team.wallet_id), nanos, tokens=0)


def held(team: TeamAccess, nanos: int = CREDIT) -> HoldRequest:
    token, _ = make_token(team)
    request = call(team, token, nanos)
    assert wallet.authorise(request, owner_id=wallet.register_owner("test")).refusal is None
    return request


# -- What stands against it -----------------------------------------------------------------------


def test_a_call_under_way_keeps_a_team_open_until_it_ends(team: TeamAccess) -> None:
    request = held(team)

    assert reasons_against(team) == ["1 call is still under way. It ends by itself; then load this page again."]

    wallet.settle_hold(SettleEntry(request.call_id, request.accounts, CREDIT, 0))
    close(team, giving_up=99)
    assert Team.objects.get(pk=team.id).closed_at is not None


def test_a_call_that_holds_nothing_keeps_it_open_too(team: TeamAccess) -> None:
    held(team, 0)

    assert len(reasons_against(team)) == 1


def test_what_is_owed_keeps_it_open() -> None:
    team = make_team("Debtor", credits="0")
    wallet.open_due(
        team.wallet_id,
        Mandate("storage:1", "day 1", actor=None),
        amount_nanos=3 * CREDIT,
        kind=TransferKind.STORAGE_FEE,
        since=clock.now(),
    )

    assert reasons_against(team, giving_up=0) == ["3 credits are owed. They are paid as soon as there is credit."]


def test_a_correction_that_waits_for_a_second_person_keeps_it_open(team: TeamAccess) -> None:
    request = ApprovalRequest("credits.adjusted", "wallet", str(team.wallet_id), {"amount_nanos": 1}, "why", 99)
    journal.request_approval(request, at=clock.now())

    assert reasons_against(team) == ["A correction of the balance waits for the decision of our staff."]


def test_a_verification_that_is_being_checked_keeps_it_open(team: TeamAccess) -> None:
    apply_for(team)

    assert reasons_against(team) == ["A verification is being checked. The decision takes a few working days."]


def test_all_reasons_are_told_at_once(team: TeamAccess) -> None:
    held(team)
    request = ApprovalRequest("credits.adjusted", "wallet", str(team.wallet_id), {"amount_nanos": 1}, "why", 99)
    journal.request_approval(request, at=clock.now())

    assert len(reasons_against(team)) == 2


@pytest.mark.parametrize("role", ["admin", "billing", "developer", "viewer"])
def test_nobody_but_the_owner_closes_a_team(team: TeamAccess, role: str) -> None:
    member = access_of(add_member(team, role), team)

    with pytest.raises(errors.PermissionMissing):
        close(member)


def test_whoever_handed_the_team_over_meanwhile_closes_nothing(team: TeamAccess) -> None:
    heir = add_member(team, "admin")
    teams.transfer_ownership(team, to_user_id=heir.pk, at=clock.now())

    with pytest.raises(errors.PermissionMissing):
        close(team)


def test_a_personal_team_closes_with_its_person_only(ada: User) -> None:
    with pytest.raises(errors.TeamIsPersonal):
        close(teams.personal_team_of(ada), giving_up=0)


@pytest.mark.parametrize("typed", [0, 99, 101])
def test_another_balance_than_the_one_typed_closes_nothing(team: TeamAccess, typed: int) -> None:
    token, _ = make_token(team)

    with pytest.raises(BalanceDiffers):
        close(team, giving_up=typed)

    assert Team.objects.get(pk=team.id).closed_at is None
    assert wallet.authorise(call(team, token), owner_id=wallet.register_owner("test")).refusal is None


# -- What ends ------------------------------------------------------------------------------------


def test_the_next_call_is_refused_by_the_ledger_itself(team: TeamAccess) -> None:
    token, _ = make_token(team)

    close(team)

    refused = wallet.authorise(call(team, token, 0), owner_id=wallet.register_owner("test"))
    assert refused.refusal is Refusal.CLOSED
    assert not ApiToken.objects.filter(team_id=team.id, deleted_at=None).exists()


def test_every_account_of_the_wallet_closes_budgets_too(team: TeamAccess) -> None:
    bob = add_member(team, "developer")
    teams.set_team_budget(team, limit_nanos=CREDIT, at=clock.now())
    teams.set_member_budget(team, bob.pk, limit_nanos=CREDIT, at=clock.now())
    make_token(team)

    close(team)

    accounts = Account.objects.filter(wallet_id=team.wallet_id)
    assert accounts.count() == 4
    assert not accounts.filter(closed_at=None).exists()


def test_what_the_wallet_had_expires_under_the_owners_name(team: TeamAccess) -> None:
    close(team)

    gone = Transfer.objects.get(wallet_id=team.wallet_id, credit_account=House.EXPIRED)
    assert (gone.amount_nanos, gone.reason, gone.actor_id) == (100 * CREDIT, "team closed", team.user_id)
    told = AuditEntry.objects.get(act="balance.given_up")
    assert (told.scope, told.details, told.actor_id) == (team.public_id, {"credits": "100"}, team.user_id)


def test_an_empty_wallet_gives_up_nothing() -> None:
    team = make_team("Empty", credits="0")

    close(team, giving_up=0)

    assert not AuditEntry.objects.filter(act="balance.given_up").exists()


def test_nobody_reaches_the_team_any_more_and_links_and_scripts_end(team: TeamAccess) -> None:
    bob = add_member(team, "admin")
    teams.invite(team, email="eve@example.com", role="viewer", at=clock.now())
    make_personal_token(team)

    close(team)

    assert [queries.team_for(user, team.public_id) for user in (team.user_id, bob.pk)] == [None, None]
    assert not Invitation.objects.filter(ended_at=None).exists()
    assert not PersonalAccessToken.objects.filter(revoked_at=None).exists()


def test_nothing_goes_to_its_webhooks_any_more(team: TeamAccess) -> None:
    url = "https://hooks.example.com/acme"
    journal.add_endpoint(team.public_id, url=url, kinds=["balance.low"], actor=team.user_id, at=clock.now())

    close(team)

    assert not WebhookEndpoint.objects.exists()
    assert not OutboxMessage.objects.filter(channel="webhook", sent_at=None, failed_at=None).exists()


def test_every_member_is_told(team: TeamAccess) -> None:
    bob = add_member(team, "viewer")

    close(team)

    told = OutboxMessage.objects.filter(kind="team.closed").order_by("recipient")
    assert {message.recipient for message in told} == {"ada@example.com", bob.email}
    assert told[0].payload["team"] == "Acme"


def test_the_second_closing_finds_no_team(team: TeamAccess) -> None:
    close(team)

    with pytest.raises(errors.TeamMissing):
        close(team, giving_up=0)


def test_credits_that_come_later_are_there_and_an_operator_hears(team: TeamAccess) -> None:
    close(team)

    grant(team, "5")

    assert Account.objects.get(pk=team.wallet_id).available_nanos == 5 * CREDIT
    assert OperatorAlert.objects.get(kind="credits-after-closing").details["credits"] == "5"


def test_other_teams_of_the_owner_go_on(ada: User, team: TeamAccess) -> None:
    other = make_team("Other", owner=ada)
    token, _ = make_token(other)

    close(team)

    assert wallet.authorise(call(other, token), owner_id=wallet.register_owner("test")).refusal is None


def test_its_price_alerts_end(team: TeamAccess) -> None:
    import_test_catalogue()
    marketplace.add_team_alert(wish(), team, at=clock.now())

    close(team)

    assert not PriceSubscription.objects.exists()
