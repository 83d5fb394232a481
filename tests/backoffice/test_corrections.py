"""Staff put a wallet right on its pages: each act a reason, one entry in the books, one line in the trail."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.teams.types import TeamAccess
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import Due, Lot, Transfer, TransferKind
from apps.wallet.types import LimitKind, LotTerms, Mandate, Posting
from tests.backoffice.desk import colleague, fill_in, id_of, said
from tests.cast import make_token
from tests.staff import grow_old
from tests.usage.calls import row, store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]
CREDIT = 1_000_000_000


@pytest.fixture
def desk() -> Client:
    return colleague("fin@example.com", group="finance")


def available(team: TeamAccess) -> int:
    return queries.balance_of(team.wallet_id).available_nanos // CREDIT


def fee(team: TeamAccess, credits: int) -> Transfer:  # noqa: A002
    """A charge of the platform that has no call."""
    posting = Posting(
        f"fee:{credits}",
        TransferKind.STORAGE_FEE,
        team.wallet_id,
        1,
        credits * CREDIT,
        team.wallet_id,
        reason="storage",
    )
    return Transfer.objects.get(pk=wallet.post_transfer(posting))


def paid_lot(team: TeamAccess, credits: int, paid_minor: int) -> Lot:  # noqa: A002
    terms = LotTerms(paid_minor=paid_minor, currency="CNY", refund_until=clock.now() + timedelta(days=365))
    lot_id = wallet.grant_lot(
        team.wallet_id,
        Mandate("order:1", "order", None),
        amount_nanos=credits * CREDIT,
        source="purchase",
        terms=terms,
    )
    return Lot.objects.get(pk=lot_id)


def last_line() -> tuple[str, int | None, str, object]:
    line = AuditEntry.objects.latest("id")
    return line.act, line.actor_id, line.reason, line.details["credits"]


def test_staff_take_credits_that_a_wallet_should_not_have(desk: Client, team: TeamAccess) -> None:
    answer = fill_in(desk, f"/admin/wallet/account/{team.wallet_id}/debit/", amount="30")

    assert said(answer) == ["30 credits taken."]
    assert available(team) == 70
    done = Transfer.objects.get(kind=TransferKind.ADJUSTMENT)
    assert (done.reason, done.actor_id) == ("promised by phone", id_of("fin@example.com"))
    assert last_line() == ("credits.adjusted", id_of("fin@example.com"), "promised by phone", "30")


def test_what_is_not_there_cannot_be_taken(desk: Client, team: TeamAccess) -> None:
    answer = fill_in(desk, f"/admin/wallet/account/{team.wallet_id}/debit/", amount="101")

    assert "There is not enough available credit." in answer.content.decode()
    assert available(team) == 100


def test_a_charge_is_refunded_in_parts_and_never_beyond_itself(desk: Client, team: TeamAccess) -> None:
    address = f"/admin/wallet/transfer/{fee(team, 29).pk}/refund/"

    assert said(fill_in(desk, address, amount="20")) == ["20 credits given back."]
    page = desk.get(address).content.decode()
    refused = fill_in(desk, address, amount="9.5")

    assert "<dt>Not refunded yet</dt><dd>9</dd>" in page
    assert "That is more than what is left of the charge." in refused.content.decode()
    assert available(team) == 100 - 29 + 20


def test_a_refund_sent_twice_is_made_once(desk: Client, team: TeamAccess) -> None:
    address = f"/admin/wallet/transfer/{fee(team, 29).pk}/refund/"
    form = {"amount": "5", "reason": "slow", "key": "staff-charge-refund:1"}

    for _ in range(3):
        desk.post(address, form)

    assert available(team) == 76
    assert AuditEntry.objects.filter(act="charge.refunded").count() == 1


def test_what_is_unspent_of_a_lot_is_taken_back(desk: Client, team: TeamAccess) -> None:
    lot = Lot.objects.get(wallet_id=team.wallet_id)
    fee(team, 29)

    page = desk.get(f"/admin/wallet/lot/{lot.pk}/withdraw/").content.decode()
    fill_in(desk, f"/admin/wallet/lot/{lot.pk}/withdraw/")

    assert "<dt>Unspent now</dt><dd>71</dd>" in page
    assert available(team) == 0
    assert Lot.objects.get(pk=lot.pk).withdrawn_nanos == 71 * CREDIT


def test_a_paid_lot_is_paid_back_in_proportion(desk: Client, team: TeamAccess) -> None:
    """500 of 600 paid credits are unspent: the gift of 100 went first. ¥540 × 500 / 600 = ¥450."""
    lot = paid_lot(team, 600, 54_000)
    fee(team, 200)
    page = desk.get(f"/admin/wallet/lot/{lot.pk}/pay_back/").content.decode()

    answer = fill_in(desk, f"/admin/wallet/lot/{lot.pk}/pay_back/")

    assert "<dt>Can go now</dt><dd>500</dd><dt>Money for it now</dt><dd>450.00 CNY</dd>" in page
    assert "<dt>Can be paid back until</dt>" in page
    assert said(answer) == ["500 credits taken out. Pay back 450.00 CNY by the way it came."]
    assert available(team) == 0
    details = AuditEntry.objects.latest("id").details
    assert (details["credits"], details["paid_back"], details["currency"]) == ("500", "450.00", "CNY")
    assert "450.00 CNY" in desk.get(f"/admin/wallet/lot/{lot.pk}/change/").content.decode()


def test_the_money_is_told_in_chinese_too(desk: Client, team: TeamAccess) -> None:
    lot = paid_lot(team, 600, 54_000)

    answer = desk.get(f"/admin/wallet/lot/{lot.pk}/pay_back/", headers={"accept-language": "zh-hans"})

    page = answer.content.decode()
    assert "<dt>当前可取出</dt><dd>600</dd><dt>当前对应金额</dt><dd>540.00 CNY</dd>" in page
    assert "客户会在账单上看到" in page


def test_money_that_came_back_is_not_counted_as_paid_back(desk: Client, team: TeamAccess) -> None:
    lot = paid_lot(team, 600, 54_000)
    fill_in(desk, f"/admin/wallet/lot/{lot.pk}/pay_back/", amount="100")
    refund = Transfer.objects.get(kind=TransferKind.REFUND)

    fill_in(desk, f"/admin/wallet/transfer/{refund.pk}/reverse/")

    page = desk.get(f"/admin/wallet/lot/{lot.pk}/pay_back/").content.decode()
    assert "<dt>Paid back so far</dt><dd>0.00 CNY</dd>" in page


def test_whoever_writes_a_reason_knows_that_the_customer_reads_it(desk: Client, team: TeamAccess) -> None:
    charge, lot = fee(team, 29), paid_lot(team, 10, 1000)
    pages = [
        f"/admin/wallet/account/{team.wallet_id}/grant/",
        f"/admin/wallet/account/{team.wallet_id}/debit/",
        f"/admin/wallet/transfer/{charge.pk}/refund/",
        f"/admin/wallet/transfer/{lot.transfer_id}/reverse/",
        f"/admin/wallet/lot/{lot.pk}/withdraw/",
        f"/admin/wallet/lot/{lot.pk}/pay_back/",
    ]

    for page in pages:
        assert b"The customer reads it on the statement." in desk.get(page).content, page
    assert b"The customer reads it" not in desk.get(f"/admin/wallet/account/{team.wallet_id}/free_only/").content


def test_a_lot_that_nobody_paid_for_is_not_paid_back(desk: Client, team: TeamAccess) -> None:
    lot = Lot.objects.get(wallet_id=team.wallet_id)

    assert desk.get(f"/admin/wallet/lot/{lot.pk}/pay_back/").status_code == 404
    assert b"/pay_back/" not in desk.get(f"/admin/wallet/lot/{lot.pk}/change/").content


def test_a_grant_by_mistake_is_reversed_once(desk: Client, team: TeamAccess) -> None:
    grant = Transfer.objects.get(kind=TransferKind.GRANT)
    address = f"/admin/wallet/transfer/{grant.pk}"

    fill_in(desk, f"{address}/reverse/")
    again = desk.post(f"{address}/reverse/", {"reason": "promised by phone"})

    assert again.status_code == 404
    assert b"/reverse/" not in desk.get(f"{address}/change/").content
    assert available(team) == 0
    assert Transfer.objects.filter(reverses_id=grant.pk).count() == 1
    assert last_line() == ("transfer.reversed", id_of("fin@example.com"), "promised by phone", "100")


def test_a_due_is_cancelled_with_a_reason(desk: Client, team: TeamAccess) -> None:
    mandate = Mandate("storage:7", "storage", None)
    wallet.open_due(
        team.wallet_id, mandate, amount_nanos=150 * CREDIT, kind=TransferKind.STORAGE_FEE, since=clock.now()
    )
    due = Due.objects.get()

    answer = fill_in(desk, f"/admin/wallet/due/{due.pk}/cancel/")

    assert said(answer) == ["The due is cancelled. It will not be charged."]
    assert Due.objects.get().cancel_reason == "promised by phone"
    assert desk.get(f"/admin/wallet/due/{due.pk}/cancel/").status_code == 404
    assert last_line()[0] == "due.cancelled"


def test_the_free_credit_switch_is_turned_both_ways(desk: Client, team: TeamAccess) -> None:
    account = f"/admin/wallet/account/{team.wallet_id}"

    fill_in(desk, f"{account}/free_only/")
    assert queries.is_free_only(team.wallet_id)
    assert desk.get(f"{account}/free_only/").status_code == 404
    fill_in(desk, f"{account}/all_credit/")

    assert not queries.is_free_only(team.wallet_id)
    lines = AuditEntry.objects.filter(act="wallet.free_only").order_by("id").values_list("details", flat=True)
    assert list(lines) == [{"on": True}, {"on": False}]


def test_a_budget_is_changed_and_lifted(desk: Client, team: TeamAccess) -> None:
    budget = wallet.open_limit(team.wallet_id, kind=LimitKind.PROJECT, label="site", limit_nanos=5 * CREDIT)
    address = f"/admin/wallet/account/{budget}/limit/"

    fill_in(desk, address, limit="7.5", refill="monthly")
    assert queries.limit_use([budget])[budget].remaining_nanos == 7_500_000_000
    fill_in(desk, address, limit="", refill="")

    assert queries.limit_use([budget])[budget].remaining_nanos is None
    assert AuditEntry.objects.filter(act="limit.changed", target_id=str(budget)).count() == 2


@pytest.mark.parametrize("group", ["support", "read-only"])
def test_who_only_reads_sees_the_pages_and_no_act(team: TeamAccess, group: str) -> None:
    reader = colleague("reader@example.com", group=group)
    charge, lot = fee(team, 29), paid_lot(team, 10, 1000)
    acts = {
        f"/admin/wallet/account/{team.wallet_id}": ("grant", "debit", "free_only"),
        f"/admin/wallet/transfer/{charge.pk}": ("refund",),
        f"/admin/wallet/transfer/{lot.transfer_id}": ("reverse",),
        f"/admin/wallet/lot/{lot.pk}": ("withdraw", "pay_back"),
    }

    for page, names in acts.items():
        assert reader.get(f"{page}/change/").status_code == 200
        for name in names:
            form = {"amount": "1", "reason": "x", "key": "staff-debit:1"}
            assert reader.post(f"{page}/{name}/", form).status_code == 403, (page, name)


def test_acts_on_money_ask_for_a_recent_sign_in(desk: Client, team: TeamAccess) -> None:
    grow_old(desk)
    lot = Lot.objects.get(wallet_id=team.wallet_id)
    pages = [
        f"/admin/wallet/account/{team.wallet_id}/debit/",
        f"/admin/wallet/transfer/{fee(team, 29).pk}/refund/",
        f"/admin/wallet/transfer/{lot.transfer_id}/reverse/",
        f"/admin/wallet/lot/{lot.pk}/withdraw/",
    ]

    for page in pages:
        assert desk.get(page)["Location"].startswith("/accounts/reauthenticate/"), page


def test_the_limit_of_a_token_is_changed_on_its_page(team: TeamAccess) -> None:
    owner = colleague("owner@example.com", group="owner")
    token, _ = make_token(team, limit="5")

    answer = fill_in(owner, f"/admin/relay/apitoken/{token.pk}/limit/", limit="7.5", reset="monthly")

    assert said(answer) == ["The limit is changed."]
    assert queries.limit_use([token.account_id])[token.account_id].remaining_nanos == 7_500_000_000
    line = AuditEntry.objects.get(act="token.changed")
    assert (line.reason, line.details["reset"]) == ("promised by phone", {"from": "", "to": "monthly"})


def test_a_call_leads_to_its_transfers(desk: Client, team: TeamAccess) -> None:
    call = row(clock.now() - timedelta(minutes=1), team_id=team.id, wallet_id=team.wallet_id)
    store((call, "charged", 1_000))

    page = desk.get(f"/admin/usage/usagerecord/{call.id}/change/").content.decode()

    assert f"/admin/wallet/transfer/?q={call.id}" in page
