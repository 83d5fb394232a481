"""Above the limit two people decide: one asks on the act's own page, another approves, and only then it happens."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.core import clock
from apps.journal.models import Approval, AuditEntry
from apps.teams.types import TeamAccess
from apps.wallet import queries
from apps.wallet import services as wallet
from apps.wallet.models import Due, KeyedPosting, Lot, LotSource, Transfer, TransferKind
from apps.wallet.types import House, LotTerms, Mandate, Posting
from tests.backoffice.desk import colleague, fill_in, id_of, said
from tests.staff import grow_old

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_checked")]
CREDIT = 1_000_000_000


@pytest.fixture
def fin() -> Client:
    return colleague("fin@example.com", group="finance")


@pytest.fixture
def boss() -> Client:
    return colleague("boss@example.com")


def available(team: TeamAccess) -> int:
    return queries.balance_of(team.wallet_id).available_nanos // CREDIT


def grant_page(team: TeamAccess) -> str:
    return f"/admin/wallet/account/{team.wallet_id}/grant/"


def page_of(approval: Approval, name: str) -> str:
    return f"/admin/journal/approval/{approval.pk}/{name}/"


def test_the_form_asks_for_a_second_person_instead_of_acting(fin: Client, team: TeamAccess) -> None:
    answer = fill_in(fin, grant_page(team), amount="1000.000000001")

    asked = Approval.objects.get()
    assert said(answer)[0].startswith("Nothing has moved yet: this is more than one person may decide.")
    assert f"Request {asked.pk} waits for a second person under Approvals." in said(answer)[0]
    assert available(team) == 100
    assert (asked.act, asked.target_id, asked.reason) == ("credits.granted", str(team.wallet_id), "promised by phone")
    assert asked.requested_by_id == id_of("fin@example.com")
    assert "Above 1000 credits, a second person has to approve." in fin.get(grant_page(team)).content.decode()


def test_the_limit_itself_is_still_one_persons(fin: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="1000")

    assert available(team) == 1100
    assert not Approval.objects.exists()


def test_another_person_approves_and_it_is_carried_out_at_once(fin: Client, boss: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="5000")
    asked = Approval.objects.get()
    page = boss.get(page_of(asked, "approve")).content.decode()

    answer = fill_in(boss, page_of(asked, "approve"), reason="")

    for fact in ("Grant credits", "5000", "Acme", "fin@example.com", "promised by phone"):
        assert fact in page
    assert said(answer) == ["Approved and carried out."]
    assert available(team) == 5100
    lot = Lot.objects.latest("created_at")
    done = Transfer.objects.get(pk=lot.transfer_id)
    assert (done.actor_id, done.reason) == (id_of("fin@example.com"), "promised by phone")
    assert KeyedPosting.objects.get(transfer_id=done.pk).approval_id == asked.pk
    asked.refresh_from_db()
    assert asked.approved_by_id == id_of("boss@example.com")
    assert asked.used_at is not None
    acts = (
        AuditEntry.objects.exclude(act__in=["staff.added", "team.founded"])
        .order_by("id")
        .values_list("act", "actor_id")
    )
    assert list(acts) == [
        ("approval.requested", id_of("fin@example.com")),
        ("approval.approved", id_of("boss@example.com")),
        ("credits.granted", id_of("fin@example.com")),
    ]


def test_approving_twice_moves_credits_once(fin: Client, boss: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="5000")
    address = page_of(Approval.objects.get(), "approve")

    boss.post(address, {"reason": ""})
    again = boss.post(address, {"reason": ""})

    assert again.status_code == 404
    assert available(team) == 5100


@pytest.mark.parametrize("group", ["finance", ""])
def test_nobody_approves_their_own_request(team: TeamAccess, group: str) -> None:
    fin = colleague("fin@example.com", group=group)
    fill_in(fin, grant_page(team), amount="5000")
    asked = Approval.objects.get()

    page = fin.get(f"/admin/journal/approval/{asked.pk}/change/").content
    answer = fin.post(page_of(asked, "approve"), {"reason": ""})

    assert b"/approve/" not in page
    assert b"/refuse/" in page
    assert answer.status_code == 404
    assert available(team) == 100


def test_a_refused_request_moves_nothing_and_stays_refused(fin: Client, boss: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="5000")
    asked = Approval.objects.get()

    answer = fill_in(boss, page_of(asked, "refuse"), reason="nobody promised that")

    assert said(answer) == ["The request is refused. Nothing has moved."]
    assert Approval.objects.get().refuse_reason == "nobody promised that"
    assert boss.post(page_of(asked, "approve"), {"reason": ""}).status_code == 404
    assert available(team) == 100


def test_who_asked_takes_a_request_back(fin: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="5000")

    fill_in(fin, page_of(Approval.objects.get(), "refuse"), reason="a slip")

    assert Approval.objects.get().refused_by_id == id_of("fin@example.com")


@pytest.mark.parametrize("group", ["support", "read-only"])
def test_who_may_not_do_the_act_may_not_approve_it(fin: Client, team: TeamAccess, group: str) -> None:
    fill_in(fin, grant_page(team), amount="5000")
    asked = Approval.objects.get()
    reader = colleague("reader@example.com", group=group)

    assert b"/approve/" not in reader.get(f"/admin/journal/approval/{asked.pk}/change/").content
    assert reader.post(page_of(asked, "approve"), {"reason": ""}).status_code == 404
    assert reader.post(page_of(asked, "refuse"), {"reason": "no"}).status_code == 404
    assert Approval.objects.get().refused_at is None


def test_what_the_ledger_refuses_leaves_the_request_open(fin: Client, boss: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="1000")
    fill_in(fin, f"/admin/wallet/account/{team.wallet_id}/debit/", amount="1050")
    asked = Approval.objects.get()
    fill_in(fin, f"/admin/wallet/account/{team.wallet_id}/debit/", amount="60")

    answer = fill_in(boss, page_of(asked, "approve"), reason="")

    assert "There is not enough available credit." in answer.content.decode()
    assert available(team) == 1040
    asked.refresh_from_db()
    assert (asked.approved_at, asked.refused_at, asked.used_at) == (None, None, None)


def test_sending_the_form_again_asks_once(fin: Client, team: TeamAccess) -> None:
    form = {"amount": "5000", "reason": "promised by phone", "key": "staff-grant:1"}

    for _ in range(2):
        fin.post(grant_page(team), form)

    assert Approval.objects.count() == 1


def test_approving_asks_for_a_recent_sign_in(fin: Client, boss: Client, team: TeamAccess) -> None:
    fill_in(fin, grant_page(team), amount="5000")
    grow_old(boss)

    answer = boss.post(page_of(Approval.objects.get(), "approve"), {"reason": ""})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert available(team) == 100


def charge(team: TeamAccess, credits: int) -> Transfer:  # noqa: A002
    posting = Posting("fee", TransferKind.STORAGE_FEE, team.wallet_id, House.REVENUE, credits * CREDIT, team.wallet_id)
    return Transfer.objects.get(pk=wallet.post_transfer(posting))


def large_acts(team: TeamAccess) -> dict[str, tuple[str, dict[str, str], int]]:
    """Page, form and what is available once it is carried out; before it 2,000 − 1,500 + 1,100 = 1,600."""
    lot_id = wallet.grant_lot(
        team.wallet_id, Mandate("start", "", None), amount_nanos=1900 * CREDIT, source=LotSource.GIFT
    )
    fee = charge(team, 1500)
    last = wallet.grant_lot(
        team.wallet_id, Mandate("more", "", None), amount_nanos=1100 * CREDIT, source=LotSource.GIFT
    )
    grant_id = Lot.objects.get(pk=last).transfer_id
    assert lot_id != last
    return {
        "debit": (f"/admin/wallet/account/{team.wallet_id}/debit/", {"amount": "1500"}, 100),
        "refund": (f"/admin/wallet/transfer/{fee.pk}/refund/", {"amount": "1400"}, 3000),
        "reverse": (f"/admin/wallet/transfer/{grant_id}/reverse/", {}, 500),
        "withdraw": (f"/admin/wallet/lot/{last}/withdraw/", {}, 500),
    }


@pytest.mark.parametrize("name", ["debit", "refund", "reverse", "withdraw"])
def test_every_large_act_goes_through_two_people(fin: Client, boss: Client, team: TeamAccess, name: str) -> None:
    page, form, after = large_acts(team)[name]

    fill_in(fin, page, **form)
    assert available(team) == 1600
    answer = fill_in(boss, page_of(Approval.objects.get(), "approve"), reason="checked")

    assert said(answer) == ["Approved and carried out."]
    assert available(team) == after
    assert AuditEntry.objects.get(act="approval.approved").reason == "checked"


def test_the_second_person_hears_what_money_a_lot_is_paid_back_with(
    fin: Client, boss: Client, team: TeamAccess
) -> None:
    """A lot of 1,500 credits for ¥1,350; nothing of it is spent."""
    terms = LotTerms(paid_minor=135_000, currency="CNY", refund_until=clock.now() + timedelta(days=365))
    order = Mandate("order:1", "order", None)
    lot_id = wallet.grant_lot(team.wallet_id, order, amount_nanos=1500 * CREDIT, source=LotSource.PURCHASE, terms=terms)

    fill_in(fin, f"/admin/wallet/lot/{lot_id}/pay_back/")
    assert available(team) == 1600
    answer = fill_in(boss, page_of(Approval.objects.get(), "approve"), reason="")

    assert said(answer) == ["Approved and carried out. Pay back 1350.00 CNY by the way it came."]
    assert available(team) == 100


@pytest.mark.parametrize(("act", "money"), [("withdraw", None), ("pay_back", "1260.00 CNY")])
def test_who_approves_all_of_a_lot_sees_what_that_is_by_now(
    fin: Client, boss: Client, team: TeamAccess, act: str, money: str | None
) -> None:
    """1,500 credits for ¥1,350: since it was asked for, 200 were spent, 100 of them of another lot."""
    terms = LotTerms(paid_minor=135_000, currency="CNY", refund_until=clock.now() + timedelta(days=365))
    order = Mandate("order:1", "order", None)
    lot_id = wallet.grant_lot(team.wallet_id, order, amount_nanos=1500 * CREDIT, source=LotSource.PURCHASE, terms=terms)
    fill_in(fin, f"/admin/wallet/lot/{lot_id}/{act}/")
    charge(team, 200)

    page = boss.get(page_of(Approval.objects.get(), "approve")).content.decode()

    assert "<dt>Available</dt><dd>1400</dd><dt>Can go now</dt><dd>1400</dd>" in page
    assert ("<dt>Money for it now</dt>" in page) == (money is not None)
    assert money is None or f"<dd>{money}</dd>" in page


def test_a_large_due_is_cancelled_by_two_people(fin: Client, boss: Client, team: TeamAccess) -> None:
    mandate = Mandate("storage:7", "storage", None)
    wallet.open_due(
        team.wallet_id, mandate, amount_nanos=1500 * CREDIT, kind=TransferKind.STORAGE_FEE, since=clock.now()
    )
    due = Due.objects.get()

    fill_in(fin, f"/admin/wallet/due/{due.pk}/cancel/")
    assert Due.objects.get().cancelled_at is None
    answer = fill_in(boss, page_of(Approval.objects.get(), "approve"), reason="")

    assert said(answer) == ["Approved and carried out."]
    assert Due.objects.get().cancel_reason == "promised by phone"


def test_what_waits_stands_first_in_the_list(fin: Client, boss: Client, team: TeamAccess) -> None:
    for amount in ("5000", "6000", "7000"):
        fill_in(fin, grant_page(team), amount=amount)
    newest = Approval.objects.latest("pk")
    fill_in(boss, page_of(newest, "refuse"), reason="no")

    shown = boss.get("/admin/journal/approval/").context["cl"].result_list

    assert [row.parameters["amount_nanos"] // CREDIT for row in shown] == [6000, 5000, 7000]


@pytest.mark.parametrize(
    ("state", "count"), [("pending", 1), ("refused", 1), ("carried_out", 1), ("approved", 0), ("expired", 0), ("x", 3)]
)
def test_the_list_is_filtered_by_state(fin: Client, boss: Client, team: TeamAccess, state: str, count: int) -> None:
    for amount in ("5000", "6000", "7000"):
        fill_in(fin, grant_page(team), amount=amount)
    first, second, _ = Approval.objects.order_by("pk")
    fill_in(boss, page_of(first, "refuse"), reason="no")
    fill_in(boss, page_of(second, "approve"), reason="")

    answer = boss.get(f"/admin/journal/approval/?state={state}")

    assert len(answer.context["cl"].result_list) == count


def test_an_act_that_this_release_does_not_know_is_shown_and_never_carried_out(boss: Client, team: TeamAccess) -> None:
    fin = colleague("fin@example.com", group="finance")
    fill_in(fin, grant_page(team), amount="5000")
    known = Approval.objects.get()
    asked = Approval.objects.create(
        act="gone.act",
        target="wallet",
        target_id=str(team.wallet_id),
        parameters={"amount_nanos": 1},
        digest=b"x",
        reason="old",
        requested_by_id=id_of("fin@example.com"),
        requested_at=known.requested_at,
        expires_at=known.expires_at,
    )

    assert "gone.act" in boss.get(f"/admin/journal/approval/{asked.pk}/change/").content.decode()
    assert boss.post(page_of(asked, "approve"), {"reason": ""}).status_code == 404
