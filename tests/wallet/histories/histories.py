"""The rules of what is not a call: grants, fees, paying and taking back, corrections, dues, the switch."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from apps.wallet import errors
from apps.wallet import services as wallet
from apps.wallet.models import LotSource, TransferKind
from apps.wallet.types import House, LotRefund, LotTerms, Mandate, Posting
from tests.wallet.histories import ledger
from tests.wallet.histories.book import Lot
from tests.wallet.histories.calls import Entry
from tests.wallet.histories.machine import TICK, CallHistories, amounts, outcome_of, picks, places
from tests.wallet.histories.model import Due

FEES = (TransferKind.STORAGE_FEE, TransferKind.CLOUD_FEE)
SHORT = timedelta(seconds=2)
SPANS = [None, *(timedelta(seconds=seconds) for seconds in (2, 2, 60, 60, 259_200, 259_200, 0))]

parts = st.none() | st.integers(0, 15)
grants = st.integers(1, 60)
prices = st.sampled_from([0, 1, 700])
spans = st.sampled_from(SPANS)


class Histories(CallHistories):
    """Everything that can happen to a wallet."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = 0
        self.dues: list[Due] = []
        self.grants: list[tuple[Mandate, Entry]] = []
        self.repeats: list[tuple[int, Callable[[], object], object]] = []

    # -- Credits that come in, and that are spent without a call

    @initialize(amount=grants, span=st.sampled_from([None, timedelta(minutes=1), timedelta(days=3)]), price=prices)
    def begin_with_credits(self, amount: int, span: timedelta | None, price: int) -> None:
        for place in range(len(self.wallets)):
            self._grant(place, amount, span, price)

    @rule(place=places, amount=grants, span=spans)
    def give(self, place: int, amount: int, span: timedelta | None) -> None:
        self._begin("grant")
        self._grant(place, amount, span, 0)

    @rule(place=places, amount=grants, span=spans, price=prices)
    def top_up(self, place: int, amount: int, span: timedelta | None, price: int) -> None:
        self._begin("grant")
        self._grant(place, amount, span, price)

    @rule(place=places, amount=grants, before=amounts, after=amounts)
    def let_a_lot_end_under_open_calls(self, place: int, amount: int, before: int, after: int) -> None:
        """One call from before its end, one from after: what chance alone brings together too seldom."""
        self.give(place=place, amount=amount, span=SHORT)
        self.all_rows_are_the_same()
        self.authorise(place=place, token=0, amount=before)
        self.all_rows_are_the_same()
        self.wait(span=2 * SHORT)
        self.authorise(place=place, token=0, amount=after)

    @precondition(lambda self: self.calls)
    @rule(place=places, amount=amounts, kind=st.sampled_from(FEES), days_ago=st.sampled_from([0, 40]))
    def charge_a_fee(self, place: int, amount: int, kind: int, days_ago: int) -> None:
        """Also for a day that is long over: the business date is written down, and the fee draws now."""
        self._begin("fee")
        wallet_id, mandate = self.wallets[place], self._mandate()
        on = (self.model.now - timedelta(days=days_ago)).date()
        posting = Posting(mandate.key, kind, wallet_id, House.REVENUE, amount, wallet_id, business_on=on)
        self._post(
            wallet_id,
            lambda: wallet.post_transfer(posting),
            lambda: self.model.spend(wallet_id, amount, kind=kind),
        )

    @precondition(lambda self: self.calls)
    @rule(place=places, amount=st.integers(1, 15))
    def adjust(self, place: int, amount: int) -> None:
        self._begin("adjust")
        wallet_id, mandate = self.wallets[place], self._mandate()
        self._post(
            wallet_id,
            lambda: wallet.debit_adjustment(wallet_id, mandate, amount_nanos=amount),
            lambda: self.model.spend(wallet_id, amount, kind=TransferKind.ADJUSTMENT),
        )

    # -- Credits that leave one lot

    @precondition(lambda self: self.calls)
    @rule(pick=picks, amount=parts)
    def refund_lot(self, pick: int, amount: int | None) -> None:
        self._begin("refund lot")
        wallet_id, lot = self._lot(pick)
        mandate, at = self._mandate(), self.model.now
        real = outcome_of(lambda: wallet.refund_lot(lot.id, mandate, at=at, amount_nanos=amount))
        model = outcome_of(lambda: self.model.refund_lot(wallet_id, lot, amount, at=at))
        if isinstance(real, LotRefund) and isinstance(model, tuple):
            entry, money = model
            assert (real.amount_nanos, real.paid_back_minor) == (entry.amount, money)
            self._note(real.transfer_id, entry)
            self.repeats.append(
                (wallet_id, lambda: wallet.refund_lot(lot.id, mandate, at=at, amount_nanos=amount), real)
            )
        else:
            assert real == model, f"the ledger answered {real}, the model {model}"

    @precondition(lambda self: self.calls)
    @rule(pick=picks, amount=parts)
    def withdraw_lot(self, pick: int, amount: int | None) -> None:
        self._begin("withdraw lot")
        wallet_id, lot = self._lot(pick)
        mandate = self._mandate()
        self._post(
            wallet_id,
            lambda: wallet.withdraw_lot(lot.id, mandate, amount_nanos=amount),
            lambda: self.model.withdraw_lot(wallet_id, lot, amount),
        )

    # -- Corrections

    @precondition(lambda self: self.calls)
    @rule(pick=picks, amount=amounts)
    def refund_charge(self, pick: int, amount: int) -> None:
        self._begin("refund charge")
        transfer, entry = self._entry(pick)
        mandate = self._mandate()
        self._post(
            entry.wallet,
            lambda: wallet.refund_charge(transfer, mandate, amount_nanos=amount),
            lambda: self.model.refund_charge(entry, amount),
        )

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def reverse(self, pick: int) -> None:
        self._begin("reverse")
        transfer, entry = self._entry(pick)
        self._post(
            entry.wallet,
            lambda: wallet.reverse_transfer(transfer, reason="", actor=None),
            lambda: self.model.reverse(entry),
        )

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def repeat(self, pick: int) -> None:
        """Under a known key nothing happens again, and the answer is the first one."""
        self._begin("repeat")
        wallet_id, act, answer = self.repeats[-1 - pick % len(self.repeats)]
        assert act() == answer
        self.model.tend([wallet_id])

    @precondition(lambda self: self.calls)
    @rule(pick=picks)
    def grant_something_else_under_a_known_key(self, pick: int) -> None:
        self._begin("conflict")
        mandate, entry = self.grants[-1 - pick % len(self.grants)]
        answer = outcome_of(
            lambda: wallet.grant_lot(entry.wallet, mandate, amount_nanos=entry.amount + 1, source=LotSource.GIFT)
        )
        assert answer is errors.IdempotencyConflict

    # -- Dues and the switch

    @precondition(lambda self: self.calls)
    @rule(place=places, amount=st.integers(1, 30), kind=st.sampled_from(FEES), days_ago=st.sampled_from([0, 0, 3]))
    def open_due(self, place: int, amount: int, kind: int, days_ago: int) -> None:
        self._begin("open due")
        wallet_id, mandate = self.wallets[place], self._mandate()
        since = self.model.now - timedelta(days=days_ago)
        due = Due(mandate.key, wallet_id, kind, amount, since, self.keys)
        self.dues.append(due)
        number = wallet.open_due(wallet_id, mandate, amount_nanos=amount, kind=kind, since=since)
        self.model.open_due(due)
        self._note_what_followed()
        self.repeats.append(
            (
                wallet_id,
                lambda: wallet.open_due(wallet_id, mandate, amount_nanos=amount, kind=kind, since=since),
                number,
            )
        )

    @precondition(lambda self: self.model.dues)
    @rule(pick=picks)
    def cancel_due(self, pick: int) -> None:
        self._begin("cancel due")
        due = self.dues[-1 - pick % len(self.dues)]
        self._both(
            lambda: wallet.cancel_due(due.key, reason=""), lambda: self.model.cancel_due(due.key, wallet=due.wallet)
        )

    @precondition(lambda self: self.calls)
    @rule(place=places, is_on=st.booleans())
    def stop_when_free_credit_is_used_up(self, place: int, is_on: bool) -> None:
        self._begin("switch")
        wallet_id = self.wallets[place]
        wallet.set_free_only(wallet_id, is_on=is_on)
        self.model.set_free_only(wallet_id, ledger.free_account_of(wallet_id), is_on=is_on)

    # -- What must be the same

    @precondition(lambda self: self.calls)
    @rule(place=places)
    def all_that_was_granted_is_accounted_for(self, place: int) -> None:
        """Granted = available + held + spent net of refunds + expired + paid back + taken back."""
        self._begin("add up")
        totals = ledger.totals(self.wallets[place])
        assert totals.granted == totals.balance + totals.spent + totals.expired + totals.paid_back + totals.taken_back

    # -- How it is done

    def _grant(self, place: int, amount: int, span: timedelta | None, price: int) -> None:
        wallet_id, mandate = self.wallets[place], self._mandate()
        until = None if span is None else self.model.now + span
        terms = LotTerms(until, self.model.now + timedelta(days=7), price, "CNY") if price else LotTerms(until)
        source = LotSource.PURCHASE if price else LotSource.GIFT

        def act() -> UUID:
            return wallet.grant_lot(wallet_id, mandate, amount_nanos=amount, source=source, terms=terms)

        lot = outcome_of(act)
        entry = outcome_of(lambda: self.model.grant(wallet_id, amount, source=source, terms=terms))
        if isinstance(lot, UUID) and isinstance(entry, Entry) and entry.lot:
            entry.lot.id = lot
            self._note(ledger.grant_of(lot), entry)
            self.grants.append((mandate, entry))
            self.repeats.append((wallet_id, act, lot))
        else:
            assert lot == entry, f"the ledger answered {lot}, the model {entry}"

    def _mandate(self) -> Mandate:
        self.keys += 1
        return Mandate(f"history:{self.keys}", "", None)

    def _lots(self) -> list[tuple[int, Lot]]:
        return [(wallet_id, lot) for wallet_id, book in self.model.books.items() for lot in book.lots]

    def _lot(self, pick: int) -> tuple[int, Lot]:
        lots = self._lots()
        return lots[-1 - pick % len(lots)]

    def _entry(self, pick: int) -> tuple[UUID, Entry]:
        entries = list(self.model.entries.items())
        return entries[-1 - pick % len(entries)]

    def _post(self, wallet_id: int, real: Callable[[], UUID], model: Callable[[], Entry]) -> None:
        """An act that answers with a transfer, which is then known under its id."""
        transfer, entry = outcome_of(real), outcome_of(model)
        if isinstance(transfer, UUID) and isinstance(entry, Entry):
            self._note(transfer, entry)
            self.repeats.append((wallet_id, real, transfer))
        else:
            assert transfer == entry, f"the ledger answered {transfer}, the model {entry}"

    def _note(self, transfer: UUID, entry: Entry) -> None:
        assert self.model.entries.setdefault(transfer, entry) is entry
        self._note_what_followed(transfer)

    def _note_what_followed(self, transfer: UUID | None = None) -> None:
        """The ids of the dues that were paid and of the lots that were made in place of others."""
        for key, entry in self.model.paid.items():
            self.model.entries[ledger.payment_of(key)] = entry
        self.model.paid.clear()
        if self.model.restored and transfer:
            self._name_restored(transfer)

    def _name_restored(self, transfer: UUID) -> None:
        made = {origin: (lot_id, end) for lot_id, origin, end in ledger.restored_by(transfer)}
        assert made.keys() == {lot.restores for lot in self.model.restored}
        for lot in self.model.restored:
            assert lot.restores
            lot.id, end = made[lot.restores]
            assert (end is None) == (lot.terms.spend_until is None)
            if end is not None:
                assert timedelta(0) <= end - lot.end < TICK
                lot.terms = replace(lot.terms, spend_until=end)
        self.model.restored.clear()
