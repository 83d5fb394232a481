"""At least one row of every model that the back office shows: made as their doors make them, where that is one call."""

from datetime import date, timedelta

from apps.core import clock
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.models import MaintenanceRun
from apps.journal.types import ApprovalRequest, Message
from apps.marketplace import services as marketplace
from apps.marketplace.models import CreditRate, Model
from apps.promotions import services as promotions
from apps.relay import services as relay
from apps.relay.models import Channel
from apps.teams import services as teams
from apps.teams.models import StaffBinding
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.models import TransferKind
from apps.wallet.types import HoldRequest, House, Mandate, Posting
from tests.announcements.entries import make_draft
from tests.cast import make_personal_token, make_team, make_token, make_user
from tests.catalogue import import_test_catalogue, price
from tests.promotions import stage
from tests.usage.calls import row, store
from tests.verification.papers import apply as apply_for_verification


def make_rows() -> None:
    import_test_catalogue()
    team = make_team("Acme")
    token, _ = make_token(team)
    store((row(team_id=team.id, wallet_id=team.wallet_id, token_id=token.pk), "charged", 1_000))
    make_personal_token(team)
    StaffBinding.objects.create(user=make_user("bound@staff.example"), team_id=team.id)
    relay.add_channel_key(Channel.objects.get().pk, "upstream-secret-1234567890", actor=None, at=clock.now())
    teams.invite(team, email="asked@example.com", role="viewer", at=clock.now())
    apply_for_verification(make_user())
    make_draft()
    _make_promotions()
    _make_entries(team, token.account_id)
    _make_traces(team)


def _make_official_price() -> None:
    dollars = {**price(input_tokens=(1_000_000, "1")), "currency": "USD"}
    marketplace.record_official_price(
        Model.objects.get(code="chat-small").pk, dollars, source="rows", as_of=date(2026, 5, 1), at=clock.now()
    )


def _make_promotions() -> None:
    """Credits for a verification, and a reward of which a part was moved to a balance."""
    stage.make_campaign("verified", "self", amount_nanos=stage.CREDIT)
    stage.approve(stage.make_person(), at=stage.on(5, 3))
    inviter = stage.make_person(stage.on(1, 1))
    stage.earn(inviter, "10", at=stage.on(5, 3))
    promotions.release_due_rewards(at=stage.on(5, 3))
    own = teams.personal_team_of(inviter)
    promotions.transfer_rewards(own, amount_nanos=stage.CREDIT, key="rows", at=stage.on(5, 4))


def _make_entries(team: TeamAccess, token_account: int) -> None:
    """A fee that was refunded, a due, and a call under way."""
    fee = Posting("fee", TransferKind.STORAGE_FEE, team.wallet_id, House.REVENUE, 2_000_000, team.wallet_id)
    wallet.refund_charge(wallet.post_transfer(fee), Mandate("back", "", None), amount_nanos=1_000_000)
    since, due = clock.now() - timedelta(days=1), Mandate("due", "", None)
    wallet.open_due(team.wallet_id, due, amount_nanos=10**15, kind=TransferKind.STORAGE_FEE, since=since)
    call = HoldRequest(uuid7(), (token_account, team.wallet_id), 1_000, 0)
    wallet.authorise(call, owner_id=wallet.register_owner("rows"))


def _make_traces(team: TeamAccess) -> None:
    at = clock.now()
    asked = ApprovalRequest("credits.granted", "wallet", str(team.wallet_id), {"amount_nanos": 1, "key": "k"}, "why", 7)
    journal.request_approval(asked, at=at)
    journal.raise_alert("ledger-due", dedupe_key="rows", details={})
    journal.add_endpoint(
        team.public_id, url="https://hooks.example.com/", kinds=["balance.low"], actor=team.user_id, at=at
    )
    journal.queue_message(Message("rows", "rows", "ada@example.com", {}), at=at)
    _make_official_price()
    CreditRate.objects.create(currency="USD", credits_per_unit=7, starts_at=at)
    MaintenanceRun.objects.create(job="rows", started_at=at)
