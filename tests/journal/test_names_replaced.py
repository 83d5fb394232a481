"""The audit trail forgets the name of a person whose account is closed, and takes no other change."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core import clock
from apps.journal import services as journal
from apps.journal.models import AuditEntry
from apps.journal.types import Act

pytestmark = pytest.mark.django_db

ADA, BOB = 7, 8


def record(act: str, **more: object) -> None:
    journal.record_act(Act(act, more.pop("target", "token"), more.pop("target_id", "1"), **more), at=clock.now())  # type: ignore[arg-type]


def replace(*scopes: str) -> int:
    return journal.replace_name(ADA, address="ada@example.com", name="Ada", label="Closed account", scopes=scopes)


def test_the_label_beside_the_persons_acts_is_replaced() -> None:
    record("model.changed", actor_id=ADA, actor_label="ada@example.com", reason="why", details={"name": "gpt"})
    record("model.changed", actor_id=BOB, actor_label="bob@example.com")

    assert replace() == 1

    labels = AuditEntry.objects.order_by("actor_id").values_list("actor_id", "actor_label", "reason", "details")
    assert list(labels) == [(ADA, "Closed account", "why", {"name": "gpt"}), (BOB, "bob@example.com", "", {})]


def test_the_address_in_details_is_replaced_where_the_act_concerns_the_person() -> None:
    record("staff.added", target="user", target_id=str(ADA), details={"email": "ada@example.com"})
    record("team.invited", actor_id=BOB, scope="team_a", details={"to": ["ada@example.com", "nada@example.com"]})
    record("team.invited", actor_id=BOB, scope="team_b", details={"to": "ada@example.com"})

    assert replace("team_a") == 2

    told = {entry.scope: entry.details for entry in AuditEntry.objects.all()}
    assert told == {
        "": {"email": "Closed account"},
        "team_a": {"to": ["Closed account", "nada@example.com"]},
        "team_b": {"to": "ada@example.com"},
    }


def test_the_name_is_replaced_only_where_it_can_be_nobody_and_nothing_else() -> None:
    record("member.removed", target="member", target_id=str(ADA), actor_id=BOB, details={"name": "Ada"})
    record("team.transferred", target="member", target_id=str(BOB), actor_id=ADA, details={"from": "Ada", "name": "B"})
    record("token.created", actor_id=ADA, details={"name": "Ada"})
    record("member.removed", target="member", target_id="99", actor_id=BOB, scope="team_a", details={"name": "Ada"})

    assert replace("team_a") == 2

    told = AuditEntry.objects.order_by("id").values_list("act", "details")
    assert sorted(map(str, told)) == [
        "('member.removed', {'name': 'Ada'})",
        "('member.removed', {'name': 'Closed account'})",
        "('team.transferred', {'from': 'Closed account', 'name': 'B'})",
        "('token.created', {'name': 'Ada'})",
    ]


def test_replacing_again_changes_nothing() -> None:
    record("model.changed", actor_id=ADA, actor_label="ada@example.com")
    assert (replace(), replace()) == (1, 0)

    assert AuditEntry.objects.get().actor_label == "Closed account"


@pytest.mark.parametrize(
    "change",
    ["act = 'other'", "actor_id = 9", "at = now()", "reason = 'other'", "scope = 'team_x'", "target_id = '2'"],
)
def test_no_other_change_passes_even_while_names_are_replaced(change: str) -> None:
    record("model.changed", actor_id=ADA, reason="why")

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('sluice.replacing_name', 'on', true)")
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(f"UPDATE journal_auditentry SET {change}")


def test_after_a_replacement_the_trail_is_closed_again() -> None:
    record("model.changed", actor_id=ADA, actor_label="ada@example.com")
    replace()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(actor_label="Somebody")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()
