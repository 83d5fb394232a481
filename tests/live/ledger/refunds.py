"""Run as a program on a database of its own: refunds under fire, told line by line as JSON for a test to judge.

`cut ACT` does an act again and again, each time on a new wallet; each time the server ends the connection one statement
later, until the act gets through. `race` lets eight callers at once refund one charge, then eight people approve one
request.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain, count
from typing import Any
from uuid import UUID

import django
import psycopg

django.setup()

from django.db import Error, connection  # noqa: E402

from apps.console import approvals  # noqa: E402
from apps.core import clock  # noqa: E402
from apps.core.ids import uuid7  # noqa: E402
from apps.journal import services as journal  # noqa: E402
from apps.journal.errors import ApprovalDecided  # noqa: E402
from apps.journal.types import ApprovalRequest  # noqa: E402
from apps.wallet import errors, queries  # noqa: E402
from apps.wallet import services as wallet  # noqa: E402
from apps.wallet.types import HoldRequest, LimitKind, LotTerms, Mandate, SettleEntry, StaffAct  # noqa: E402

CREDIT = 1_000_000_000
ADA, BOB = 7, 8
CALLERS = 8


@dataclass(frozen=True)
class Case:
    """A wallet with 3,000 paid credits, of which one call spent 2,000."""

    wallet: int
    lot: UUID
    charge: UUID

    def available(self) -> int:
        return queries.balance_of(self.wallet).available_nanos // CREDIT


def new_case() -> Case:
    wallet_id = wallet.open_wallet("live")
    token = wallet.open_limit(wallet_id, kind=LimitKind.TOKEN, label="bot", limit_nanos=None)
    terms = LotTerms(paid_minor=300_000, currency="CNY", refund_until=clock.now() + timedelta(days=1))
    lot = wallet.grant_lot(
        wallet_id, Mandate(f"order:{wallet_id}", "", None), amount_nanos=3000 * CREDIT, source="purchase", terms=terms
    )
    call = HoldRequest(uuid7(), (token, wallet_id), 2000 * CREDIT, 0)
    wallet.authorise(call, owner_id=wallet.register_owner("live"))
    wallet.settle_hold(SettleEntry(call.call_id, call.accounts, 2000 * CREDIT, 0))
    return Case(wallet_id, lot, call.call_id)


def refund_charge(case: Case) -> None:
    wallet.refund_charge(case.charge, Mandate(f"refund:{case.wallet}", "slow", ADA), amount_nanos=500 * CREDIT)


def refund_lot(case: Case) -> None:
    mandate = Mandate(f"pay-back:{case.wallet}", "", ADA)
    wallet.refund_lot(case.lot, mandate, at=clock.now(), amount_nanos=500 * CREDIT)


def approved_refund(case: Case) -> None:
    """1,500 take two people; the request is the same one however often this is called."""
    number = asked_for_refund(case)
    if number is not None:
        approvals.approve_and_carry_out(number, actor=BOB, at=clock.now())


def asked_for_refund(case: Case) -> int | None:
    """None: it was carried out before."""
    mandate = Mandate(f"approved:{case.wallet}", "slow", ADA)
    try:
        wallet.refund_charge(case.charge, mandate, amount_nanos=1500 * CREDIT)
    except errors.ApprovalNeeded as needed:
        act = needed.details["act"]
        assert isinstance(act, StaffAct)
        request = ApprovalRequest(act.name, "wallet", str(act.wallet_id), act.parameters, "slow", ADA)
        return journal.request_approval(request, at=clock.now())
    return None


ACTS: dict[str, Callable[[Case], None]] = {
    "charge refund": refund_charge,
    "lot refund": refund_lot,
    "approved refund": approved_refund,
}


class Cut:
    """Ends this process's connection from outside, once so many statements have been answered."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        answer = execute(*statement)
        self.left -= 1
        if self.left == 0:
            end_connection()
        return answer


def end_connection() -> None:
    with connection.connection.cursor() as cursor:
        pid = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as killer:
        assert killer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


def was_cut(act: Callable[[Case], None], case: Case, *, after: int) -> bool:
    connection.ensure_connection()
    try:
        with connection.execute_wrapper(Cut(after)):
            act(case)
    except Error:
        return True
    finally:
        connection.close()
    return False


def cuts(name: str) -> Iterator[dict[str, object]]:
    for after in count(1):
        case = new_case()
        is_cut = was_cut(ACTS[name], case, after=after)
        seen = case.available()
        ACTS[name](case)
        yield {"after": after, "cut": is_cut, "seen": seen, "finally": case.available()}
        if not is_cut:
            return


def race() -> Iterator[dict[str, object]]:
    """Eight retries of one refund of 500, then eight different ones, where 1,500 are left of the charge."""
    case = new_case()
    for keys in (["same"] * CALLERS, [str(n) for n in range(CALLERS)]):
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(pool.map(partial(one_of_many, case), keys))
        yield {"answers": answers, "finally": case.available()}


def race_of_approvals() -> Iterator[dict[str, object]]:
    case = new_case()
    number = asked_for_refund(case)
    assert number is not None
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(partial(one_of_many_approvers, number), range(BOB, BOB + CALLERS)))
    yield {"answers": answers, "finally": case.available()}


def one_of_many_approvers(number: int, actor: int) -> str:
    try:
        approvals.approve_and_carry_out(number, actor=actor, at=clock.now())
    except ApprovalDecided:
        return "decided"
    finally:
        connection.close()
    return "carried out"


def one_of_many(case: Case, key: str) -> str:
    try:
        return str(
            wallet.refund_charge(case.charge, Mandate(f"{key}:{case.wallet}", "", None), amount_nanos=500 * CREDIT)
        )
    except errors.RefundTooLarge:
        return "too large"
    finally:
        connection.close()


def main() -> None:
    for line in cuts(sys.argv[2]) if sys.argv[1] == "cut" else chain(race(), race_of_approvals()):
        sys.stdout.write(json.dumps(line) + "\n")


main()
