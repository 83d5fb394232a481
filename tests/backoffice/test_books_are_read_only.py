"""Nobody edits the books in the back office: not a group of staff, not a superuser, not by a form sent by hand."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model

from apps.console.staff_groups import GROUPS
from apps.core import clock
from apps.core.admin import ReadOnlyAdmin
from apps.core.ids import uuid7
from apps.journal import services as journal
from apps.journal.types import ApprovalRequest
from apps.teams.types import TeamAccess
from apps.wallet import services as wallet
from apps.wallet.models import TransferKind
from apps.wallet.types import HoldRequest, LimitKind, Mandate, SettleEntry
from tests.backoffice.desk import colleague
from tests.usage.calls import row, store

pytestmark = pytest.mark.django_db
CREDIT = 1_000_000_000

BOOKS = (
    "wallet.account",
    "wallet.hold",
    "wallet.lot",
    "wallet.draw",
    "wallet.return",
    "wallet.due",
    "wallet.transfer",
    "wallet.keyedposting",
    "journal.approval",
    "journal.auditentry",
    "usage.usagerecord",
)
WHO = ("", *GROUPS)
"""A superuser, and each group that ships."""


@pytest.fixture
def books(team: TeamAccess) -> None:
    """A row at least in each book."""
    at = clock.now()
    token = wallet.open_limit(team.wallet_id, kind=LimitKind.PROJECT, label="site", limit_nanos=None)
    owner = wallet.register_owner("test")
    calls = [HoldRequest(uuid7(), (token, team.wallet_id), CREDIT, 0) for _ in range(2)]
    for call in calls:
        wallet.authorise(call, owner_id=owner)
    wallet.settle_hold(SettleEntry(calls[0].call_id, calls[0].accounts, CREDIT, 0))
    wallet.refund_charge(calls[0].call_id, Mandate("refund", "slow", 7), amount_nanos=CREDIT // 2)
    fee = Mandate("storage:7", "storage", None)
    wallet.open_due(team.wallet_id, fee, amount_nanos=500 * CREDIT, kind=TransferKind.STORAGE_FEE, since=at)
    journal.request_approval(
        ApprovalRequest("credits.granted", "wallet", str(team.wallet_id), {"amount_nanos": 1}, "why", 7), at=at
    )
    call = row(at - timedelta(minutes=1), team_id=team.id, wallet_id=team.wallet_id, token_id=1, ip="192.0.2.7")
    store((call, "charged", 1_000))


def newest(label: str) -> Model:
    found = apps.get_model(label)._default_manager.order_by("-pk").first()
    assert found is not None, label
    return found


def form_of(book: Model) -> dict[str, str]:
    """Every column of the row as it stands, as a form would send it."""
    return {field.name: str(getattr(book, field.attname) or "") for field in book._meta.concrete_fields}


@pytest.mark.parametrize("group", WHO)
@pytest.mark.usefixtures("books")
def test_no_form_adds_changes_or_deletes_a_row_of_the_books(group: str) -> None:
    clerk = colleague("clerk@example.com", group=group)

    for label in BOOKS:
        book = newest(label)
        page = f"/admin/{label.replace('.', '/')}"
        form = form_of(book) | {"post": "yes", "_save": "Save"}
        for address in (f"{page}/add/", f"{page}/{book.pk}/change/", f"{page}/{book.pk}/delete/"):
            assert clerk.post(address, form).status_code in {403, 405}, (group, address)
        assert newest(label).pk == book.pk


@pytest.mark.usefixtures("books")
def test_no_action_of_a_list_deletes_rows_of_the_books() -> None:
    boss = colleague("boss@example.com")

    for label in BOOKS:
        book = newest(label)
        form = {"action": "delete_selected", "_selected_action": str(book.pk), "post": "yes"}
        boss.post(f"/admin/{label.replace('.', '/')}/", form)
        assert newest(label).pk == book.pk, label


@pytest.mark.usefixtures("books")
def test_a_row_of_the_books_is_shown_without_a_way_to_save_it() -> None:
    boss = colleague("boss@example.com")

    for label in BOOKS:
        page = boss.get(f"/admin/{label.replace('.', '/')}/{newest(label).pk}/change/")
        assert page.status_code == 200, label
        assert b'name="_save"' not in page.content, label
        assert b"deletelink" not in page.content, label


def test_every_table_of_the_wallet_that_has_a_page_is_read_only() -> None:
    pages = {model._meta.label_lower: page for model, page in admin.site._registry.items()}

    assert set(BOOKS) <= set(pages)
    of_the_wallet = {label for label in pages if label.startswith("wallet.")}
    assert {label for label in of_the_wallet if not isinstance(pages[label], ReadOnlyAdmin)} == set()
