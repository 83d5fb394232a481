"""Whoever goes leaves API tokens that stop; everybody else's go on."""

import pytest

from apps.accounts.models import User
from apps.console import departures
from apps.core import clock
from apps.core.ids import parse_public_id
from apps.journal import services as journal
from apps.journal.models import AuditEntry, WebhookEndpoint
from apps.relay import services as relay
from apps.relay.errors import TokenOfWhoLeft
from apps.teams import errors
from apps.teams import services as teams
from apps.teams.models import Membership
from apps.teams.types import TeamAccess
from apps.wallet.models import Account
from apps.wallet.types import Refusal
from tests.cast import access_of, add_member, make_team, make_token, refusal_of_a_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(team: TeamAccess) -> TeamAccess:
    """A developer of Acme, as he reaches it."""
    return access_of(add_member(team, "developer"), team)


def test_the_tokens_of_whoever_leaves_stop_at_the_next_call(team: TeamAccess, bob: TeamAccess) -> None:
    his, _ = make_token(bob, "his")
    hers, _ = make_token(team, "hers")

    assert departures.leave_team(bob, at=clock.now()) == 1

    assert (refusal_of_a_call(team, his), refusal_of_a_call(team, hers)) == (Refusal.CLOSED, None)
    assert not Membership.objects.filter(user_id=bob.user_id, team_id=team.id).exists()
    line = AuditEntry.objects.get(act="token.disabled")
    assert (line.actor_id, line.target_id, line.reason) == (bob.user_id, his.public_id, departures.LEFT)


def test_the_tokens_of_whoever_is_removed_stop_and_an_admin_may_enable_them(team: TeamAccess, bob: TeamAccess) -> None:
    his, _ = make_token(bob, "his")

    assert departures.remove_member(team, bob.user_id, at=clock.now()) == 1

    assert refusal_of_a_call(team, his) is Refusal.CLOSED
    assert AuditEntry.objects.get(act="token.disabled").actor_id == team.user_id
    relay.enable_token(his.pk, actor=team.user_id, at=clock.now())
    assert refusal_of_a_call(team, his) is None


def test_a_developer_does_not_enable_the_token_of_whoever_left(team: TeamAccess, bob: TeamAccess) -> None:
    his, _ = make_token(bob, "his")
    departures.leave_team(bob, at=clock.now())
    eve = add_member(team, "developer")

    with pytest.raises(TokenOfWhoLeft):
        relay.enable_token(his.pk, actor=eve.pk, at=clock.now())

    assert refusal_of_a_call(team, his) is Refusal.CLOSED


def test_tokens_in_other_teams_go_on(team: TeamAccess, bob: TeamAccess) -> None:
    elsewhere = make_team("Elsewhere", owner=User.objects.get(pk=bob.user_id))
    his, _ = make_token(elsewhere, "his")

    assert departures.leave_team(bob, at=clock.now()) == 0

    assert refusal_of_a_call(elsewhere, his) is None


def test_a_token_that_was_disabled_or_deleted_before_stays_so(team: TeamAccess, bob: TeamAccess) -> None:
    at = clock.now()
    disabled, _ = make_token(bob, "disabled")
    deleted, _ = make_token(bob, "deleted")
    relay.disable_token(disabled.pk, actor=team.user_id, at=at)
    relay.delete_token(deleted.pk, actor=team.user_id, at=at)

    assert departures.leave_team(bob, at=clock.now()) == 0

    disabled.refresh_from_db()
    assert disabled.disabled_at == at


def test_the_budget_of_whoever_leaves_closes_with_the_tokens(team: TeamAccess, bob: TeamAccess) -> None:
    make_token(bob, "his")
    teams.set_member_budget(team, bob.user_id, limit_nanos=10**9, at=clock.now())
    budget = Membership.objects.values_list("budget_id", flat=True).get(user_id=bob.user_id, team_id=team.id)

    departures.leave_team(bob, at=clock.now())

    assert Account.objects.get(pk=budget).closed_at is not None


def test_an_owner_does_not_leave_and_loses_no_token(team: TeamAccess) -> None:
    hers, _ = make_token(team, "hers")

    with pytest.raises(errors.MemberIsOwner):
        departures.leave_team(team, at=clock.now())

    assert refusal_of_a_call(team, hers) is None


def test_all_tokens_of_a_team_end_for_good_and_once(team: TeamAccess, bob: TeamAccess) -> None:
    tokens = [make_token(access, name)[0] for access, name in ((team, "hers"), (bob, "his"), (bob, "off"))]
    relay.disable_token(tokens[2].pk, actor=None, at=clock.now())

    ended = [relay.delete_tokens_of(team.id, actor=team.user_id, reason="team closed", at=clock.now()) for _ in "ab"]

    assert ended == [3, 0]
    assert {refusal_of_a_call(team, token) for token in tokens} == {Refusal.CLOSED}
    assert AuditEntry.objects.filter(act="token.deleted", reason="team closed").count() == 3


def test_the_webhooks_of_an_admin_who_is_removed_stop_until_they_answer_a_new_challenge(team: TeamAccess) -> None:
    carol = access_of(add_member(team, "admin"), team)
    at = clock.now()
    hers, mine = (
        journal.add_endpoint(team.public_id, url=f"https://{name}.example/", kinds=["balance.low"], actor=actor, at=at)
        for name, actor in (("hers", carol.user_id), ("mine", team.user_id))
    )
    for made in (hers, mine):
        row = WebhookEndpoint.objects.get(uid=parse_public_id("hook", made.endpoint_id))
        journal.confirm_endpoint(row.pk, challenge=row.challenge, at=at)

    departures.remove_member(team, carol.user_id, at=at)

    told = journal.queue_event(team.public_id, "balance.low", payload={}, dedupe_key="low", at=at)
    stopped = WebhookEndpoint.objects.get(disabled_at__isnull=False)
    assert (told, stopped.url, stopped.reason) == (1, "https://hers.example/", departures.REMOVED)
    assert AuditEntry.objects.filter(act="webhook.stopped", target_id=hers.endpoint_id).count() == 1
    journal.confirm_endpoint(stopped.pk, challenge=stopped.challenge, at=at)
    assert journal.queue_event(team.public_id, "balance.low", payload={}, dedupe_key="again", at=at) == 2
