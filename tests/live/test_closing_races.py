"""A closing meets calls, grants, transfers of ownership, other closings: one comes first, and the other sees it.

Each act is on a connection of its own, lined up behind one lock; the first to wait goes first.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import OperationalError, transaction

from apps.accounts import services as accounts
from apps.accounts.errors import AccountClosed
from apps.accounts.models import User
from apps.console.closing.errors import StillOpen
from apps.console.closing.people import close_account
from apps.console.closing.reasons import TEAM_QUESTIONS, what_keeps_open
from apps.console.closing.teams import close_team
from apps.console.closing.types import GivenUp, Leaving
from apps.core import clock
from apps.core.errors import SluiceError
from apps.core.ids import uuid7
from apps.journal.models import OperatorAlert, OutboxMessage
from apps.promotions import services as promotions
from apps.relay import services as relay
from apps.relay.models import ApiToken
from apps.teams import services as teams
from apps.teams.errors import PermissionMissing, TeamMissing
from apps.teams.models import Membership, Role, Team
from apps.teams.types import TeamAccess
from apps.wallet import invariants, queries
from apps.wallet import services as wallet
from apps.wallet.errors import BalanceDiffers
from apps.wallet.models import Account
from apps.wallet.types import HoldRequest, Mandate, Refusal, SettleEntry
from tests.cast import access_of
from tests.committed import on_own_connection, wait_until_they_wait

pytestmark = pytest.mark.live

CREDIT = 1_000_000_000
Act = Callable[[], object]


@pytest.fixture
def team(committed: None) -> Iterator[TeamAccess]:
    """Acme with 100 credits, of an owner known to every connection. The books are right afterwards."""
    access = teams.create_team("Acme", owner=newcomer(), at=clock.now())
    grant(access, 100)
    yield access
    assert invariants.violations() == []


def newcomer() -> User:
    user = User(email=f"{uuid7()}@example.com")
    user.set_unusable_password()
    accounts.add_user(user)
    accounts.confirm_email(user)
    teams.personal_team_of(user)
    return user


def grant(team: TeamAccess, credits_: int) -> None:
    mandate = Mandate(str(uuid7()), "", actor=None)
    wallet.grant_lot(team.wallet_id, mandate, amount_nanos=credits_ * CREDIT, source="gift")


def token_of(team: TeamAccess) -> ApiToken:
    return relay.create_token(team.id, str(uuid7()), actor=team.user_id, at=clock.now())[0]


def closing(team: TeamAccess, giving_up: int = 100) -> Act:
    return lambda: close_team(team, given_up=GivenUp(giving_up * CREDIT), at=clock.now())


def closing_account(user: User) -> Act:
    return lambda: close_account(user.pk, given_up=GivenUp(), at=clock.now())


def calling(team: TeamAccess, nanos: int = CREDIT) -> Act:
    token = token_of(team)
    call = HoldRequest(uuid7(), (token.account_id, team.wallet_id), nanos, tokens=0)
    owner = wallet.register_owner("test")

    def call_then_settle() -> Refusal | None:
        """Settled at once after the race: no test leaves a call behind."""
        answer = wallet.authorise(call, owner_id=owner)
        settled.append(lambda: wallet.settle_hold(SettleEntry(call.call_id, call.accounts, 0, 0)))
        return answer.refusal

    return call_then_settle


settled: list[Act] = []


def outcomes(lock: Callable[[], object], *acts: Act) -> list[object]:
    """What came of each act, or the error it ended with, when each waited behind the last for what `lock` holds."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with transaction.atomic():
            lock()
            racing: list[Future[object]] = []
            for nth, act in enumerate(acts, start=1):
                racing.append(pool.submit(on_own_connection, _caught(act)))
                wait_until_they_wait(nth)
        found = [one.result() for one in racing]
    while settled:
        settled.pop()()
    return found


def _caught(act: Act) -> Act:
    def caught() -> object:
        try:
            return act()
        except (SluiceError, OperationalError) as error:
            return type(error)

    return caught


def wallet_of(team: TeamAccess) -> Callable[[], object]:
    return lambda: Account.objects.select_for_update(no_key=True).get(pk=team.wallet_id)


def row_of(team: TeamAccess) -> Callable[[], object]:
    return lambda: Team.objects.select_for_update(no_key=True).get(pk=team.id)


def is_closed(team: TeamAccess) -> bool:
    return Team.objects.get(pk=team.id).closed_at is not None


# -- A call ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("nanos", [CREDIT, 0])
def test_a_call_that_comes_first_keeps_the_team_open(team: TeamAccess, nanos: int) -> None:
    found = outcomes(wallet_of(team), calling(team, nanos), closing(team))

    assert found == [None, StillOpen]
    assert not is_closed(team)


@pytest.mark.parametrize("nanos", [CREDIT, 0])
def test_a_call_that_comes_second_finds_the_wallet_closed(team: TeamAccess, nanos: int) -> None:
    found = outcomes(wallet_of(team), closing(team), calling(team, nanos))

    assert found == [None, Refusal.CLOSED]
    assert is_closed(team)


def test_control_asking_first_alone_closes_over_a_call_under_way(team: TeamAccess) -> None:
    reasons = what_keeps_open(TEAM_QUESTIONS, Leaving(team, clock.now()))
    call = calling(team, 0)

    assert reasons == []
    assert call() is None
    wallet.close_account(team.wallet_id)  # as it would be without the second look

    assert queries.calls_under_way(team.wallet_id) == 1
    while settled:
        settled.pop()()


# -- A grant --------------------------------------------------------------------------------------


def test_a_grant_that_comes_first_changes_what_had_to_be_typed(team: TeamAccess) -> None:
    found = outcomes(wallet_of(team), lambda: grant(team, 5), closing(team))

    assert found == [None, BalanceDiffers]
    assert queries.balance_of(team.wallet_id).balance_nanos == 105 * CREDIT


def test_a_grant_that_comes_second_is_there_and_an_operator_hears(team: TeamAccess) -> None:
    found = outcomes(wallet_of(team), closing(team), lambda: grant(team, 5))

    assert found == [None, None]
    assert queries.balance_of(team.wallet_id).balance_nanos == 5 * CREDIT
    assert OperatorAlert.objects.filter(dedupe_key=f"credits-after-closing:{team.wallet_id}").count() == 1


# -- Two closings, and ownership ------------------------------------------------------------------


def test_of_two_closings_one_closes(team: TeamAccess) -> None:
    assert outcomes(row_of(team), closing(team), closing(team)) == [None, TeamMissing]


def test_an_owner_who_has_just_handed_the_team_over_closes_nothing(team: TeamAccess) -> None:
    heir = newcomer()
    Membership.objects.create(team_id=team.id, user=heir, role=Role.ADMIN)

    found = outcomes(
        row_of(team), lambda: teams.transfer_ownership(team, to_user_id=heir.pk, at=clock.now()), closing(team)
    )

    assert found == [None, PermissionMissing]
    assert not is_closed(team)


def test_a_team_that_has_just_closed_is_handed_to_nobody(team: TeamAccess) -> None:
    heir = newcomer()
    Membership.objects.create(team_id=team.id, user=heir, role=Role.ADMIN)

    found = outcomes(
        row_of(team), closing(team), lambda: teams.transfer_ownership(team, to_user_id=heir.pk, at=clock.now())
    )

    assert found == [None, TeamMissing]
    assert is_closed(team)


def test_no_token_is_made_in_a_team_that_has_just_closed(team: TeamAccess) -> None:
    assert outcomes(row_of(team), closing(team), lambda: token_of(team)) == [None, PermissionMissing]


# -- Accounts -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("committed")
def test_of_two_closings_of_an_account_one_closes() -> None:
    user = newcomer()

    found = outcomes(row_of(teams.personal_team_of(user)), closing_account(user), closing_account(user))

    assert found == [None, AccountClosed]


def test_somebody_made_owner_first_closes_that_team_first(team: TeamAccess) -> None:
    heir = newcomer()
    Membership.objects.create(team_id=team.id, user=heir, role=Role.ADMIN)

    found = outcomes(
        row_of(team), lambda: teams.transfer_ownership(team, to_user_id=heir.pk, at=clock.now()), closing_account(heir)
    )

    assert found == [None, StillOpen]


def test_nobody_hands_a_team_to_an_account_that_has_just_closed(team: TeamAccess) -> None:
    heir = newcomer()
    Membership.objects.create(team_id=team.id, user=heir, role=Role.ADMIN)

    outcome = outcomes(
        row_of(team), closing_account(heir), lambda: teams.transfer_ownership(team, to_user_id=heir.pk, at=clock.now())
    )

    assert outcome[0] is None
    assert issubclass(outcome[1], SluiceError)  # type: ignore[arg-type]
    assert Membership.objects.get(team_id=team.id, role=Role.OWNER).user_id == team.user_id


def test_a_token_that_was_made_just_before_its_creator_left_stops_too(team: TeamAccess) -> None:
    bob = newcomer()
    Membership.objects.create(team_id=team.id, user=bob, role=Role.DEVELOPER)
    at_acme = access_of(bob, team)

    made, closed = outcomes(row_of(team), lambda: token_of(at_acme), closing_account(bob))

    assert (type(made), closed) == (ApiToken, None)
    assert not ApiToken.objects.filter(created_by=bob, disabled_at=None, deleted_at=None).exists()


def test_no_token_is_made_by_somebody_who_has_just_left(team: TeamAccess) -> None:
    bob = newcomer()
    Membership.objects.create(team_id=team.id, user=bob, role=Role.DEVELOPER)
    at_acme = access_of(bob, team)

    assert outcomes(row_of(team), closing_account(bob), lambda: token_of(at_acme)) == [None, PermissionMissing]


@pytest.mark.usefixtures("committed")
def test_nobody_founds_a_team_behind_the_closing_of_the_account() -> None:
    bob = newcomer()

    found = outcomes(
        lambda: teams.lock_teams_of(bob.pk),
        closing_account(bob),
        lambda: teams.create_team("Late", owner=bob, at=clock.now()),
    )

    assert found == [None, AccountClosed]
    assert not Team.objects.filter(name="Late").exists()


def test_an_invitation_that_is_accepted_while_the_account_closes_makes_no_member(team: TeamAccess) -> None:
    bob = newcomer()
    teams.invite(team, email=bob.email, role="viewer", at=clock.now())
    secret = newest_link_of(bob.email)

    found = outcomes(
        lambda: teams.lock_teams_of(bob.pk),
        closing_account(bob),
        lambda: teams.accept_invitation(secret, user=bob, at=clock.now()),
    )

    assert found[0] is None
    assert issubclass(found[1], SluiceError)  # type: ignore[arg-type]
    assert not Membership.objects.filter(user=bob, team_id=team.id).exists()


def newest_link_of(address: str) -> str:
    path: str = OutboxMessage.objects.filter(recipient=address).latest("pk").payload["path"]
    return path.rpartition("/")[2]


def test_everything_a_person_may_do_at_once_meets_no_deadlock(team: TeamAccess) -> None:
    """Eight acts on the same person let go together, five times over; the closing happens or says why not."""
    for _ in range(5):
        bob = newcomer()
        Membership.objects.create(team_id=team.id, user=bob, role=Role.ADMIN)
        at_acme, own = access_of(bob, team), teams.personal_team_of(bob)
        promotions.referral_code_of(bob.pk, at=clock.now())
        acts: list[Act] = [
            closing_account(bob),
            closing_account(bob),
            lambda access=at_acme: token_of(access),  # type: ignore[misc]
            lambda access=own: token_of(access),  # type: ignore[misc]
            lambda user=bob: accounts.ask_export(user.pk, at=clock.now()),  # type: ignore[misc]
            lambda user=bob: teams.remove_member(team, user.pk, at=clock.now()),  # type: ignore[misc]
            lambda access=own: grant(access, 1),  # type: ignore[misc]
            lambda user=bob: accounts.choose_language(User.objects.get(pk=user.pk), language="en"),  # type: ignore[misc]
        ]
        with ThreadPoolExecutor(len(acts)) as pool:
            found = [one.result() for one in [pool.submit(on_own_connection, _caught(act)) for act in acts]]

        assert OperationalError not in found
        assert invariants.violations() == []
