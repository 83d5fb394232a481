"""What staff do to a wallet: each one service call. Above a limit it becomes a request to a second person."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext

from apps.core import clock
from apps.core.admin import actor_of
from apps.core.money import credits_text, minor_text
from apps.journal import services as journal
from apps.journal.types import ApprovalRequest
from apps.wallet import errors
from apps.wallet import services as wallet
from apps.wallet.models import Account, Due, Lot, LotSource, Transfer
from apps.wallet.types import Mandate, StaffAct

Call = Callable[[HttpRequest, Any, dict[str, Any]], str | Promise]


def with_second_person(call: Call) -> Call:
    """Asks for an approval when the service says that one person may not decide this alone."""

    @wraps(call)
    def asked(request: HttpRequest, row: Any, cleaned: dict[str, Any]) -> str | Promise:
        try:
            return call(request, row, cleaned)
        except errors.ApprovalNeeded as needed:
            act = cast(StaffAct, needed.details["act"])
        number = journal.request_approval(_request_for(act, request, cleaned), at=clock.now())
        return gettext(
            "Nothing has moved yet: this is more than one person may decide. Request %(number)s waits for a second "
            "person under Approvals."
        ) % {"number": number}

    return asked


def _request_for(act: StaffAct, request: HttpRequest, cleaned: Mapping[str, Any]) -> ApprovalRequest:
    return ApprovalRequest(
        act=act.name,
        target="wallet",
        target_id=str(act.wallet_id),
        parameters=act.parameters,
        reason=cleaned["reason"],
        requested_by=actor_of(request),
    )


def _mandate(request: HttpRequest, cleaned: Mapping[str, Any]) -> Mandate:
    return Mandate(cleaned["key"], cleaned["reason"], actor_of(request))


@with_second_person
def grant(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    wallet.grant_lot(
        account.pk, _mandate(request, cleaned), amount_nanos=cleaned["amount"], source=LotSource.ADJUSTMENT
    )
    return gettext("%(credits)s credits granted.") % {"credits": credits_text(cleaned["amount"])}


@with_second_person
def debit(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    wallet.debit_adjustment(account.pk, _mandate(request, cleaned), amount_nanos=cleaned["amount"])
    return gettext("%(credits)s credits taken.") % {"credits": credits_text(cleaned["amount"])}


@with_second_person
def refund_charge(request: HttpRequest, transfer: Transfer, cleaned: dict[str, Any]) -> str:
    wallet.refund_charge(transfer.pk, _mandate(request, cleaned), amount_nanos=cleaned["amount"])
    return gettext("%(credits)s credits given back.") % {"credits": credits_text(cleaned["amount"])}


@with_second_person
def reverse(request: HttpRequest, transfer: Transfer, cleaned: dict[str, Any]) -> str:
    wallet.reverse_transfer(transfer.pk, reason=cleaned["reason"], actor=actor_of(request))
    return gettext("The transfer is reversed by one of its own.")


@with_second_person
def withdraw(request: HttpRequest, lot: Lot, cleaned: dict[str, Any]) -> str:
    wallet.withdraw_lot(lot.pk, _mandate(request, cleaned), amount_nanos=cleaned["amount"])
    return gettext("The unspent credits are taken back.")


@with_second_person
def refund_lot(request: HttpRequest, lot: Lot, cleaned: dict[str, Any]) -> str:
    paid_back = wallet.refund_lot(lot.pk, _mandate(request, cleaned), at=clock.now(), amount_nanos=cleaned["amount"])
    return gettext("%(credits)s credits taken out. Pay back %(money)s %(currency)s by the way it came.") % {
        "credits": credits_text(paid_back.amount_nanos),
        "money": minor_text(paid_back.paid_back_minor),
        "currency": paid_back.currency,
    }


@with_second_person
def cancel_due(request: HttpRequest, due: Due, cleaned: dict[str, Any]) -> str:
    mandate = Mandate(f"due-cancellation:{due.key}", cleaned["reason"], actor_of(request))
    if wallet.cancel_due_by_staff(due.key, mandate):
        return gettext("The due is cancelled. It will not be charged.")
    return gettext("Nothing was changed: the due was settled or cancelled in the meantime.")


def turn_free_only_on(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    return _switch_free_only(request, account, cleaned, is_on=True)


def turn_free_only_off(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    return _switch_free_only(request, account, cleaned, is_on=False)


def _switch_free_only(request: HttpRequest, account: Account, cleaned: dict[str, Any], *, is_on: bool) -> str:
    wallet.set_free_only_by_staff(account.pk, is_on=is_on, reason=cleaned["reason"], actor=actor_of(request))
    if is_on:
        return gettext("The wallet now stops when its free credit is used up.")
    return gettext("The wallet now spends paid credit too.")


def set_limit(request: HttpRequest, account: Account, cleaned: dict[str, Any]) -> str:
    wallet.set_limit_by_staff(
        account.pk,
        limit_nanos=cleaned["limit"],
        refill=cleaned["refill"],
        reason=cleaned["reason"],
        actor=actor_of(request),
    )
    return gettext("The limit is changed.")
