"""A batch is granted exactly as if its calls had come one after the other."""

import random
from collections.abc import Callable

import pytest

from apps.wallet import services as wallet
from apps.wallet import statements
from apps.wallet.execution import run
from apps.wallet.models import Account, AccountKind
from apps.wallet.types import HoldRequest, RateLimits, Refusal
from tests.wallet.conftest import Payer

MINUTE = 60_000_000_000


class Model:
    """The rules of authorise, one call at a time, in Python."""

    def __init__(self, instant: int) -> None:
        self.instant = instant
        self.room: dict[int, int | None] = {}
        self.slots: dict[int, int] = {}
        self.requests: dict[int, int] = {}
        self.tokens: dict[int, int] = {}

    def open(self, account: int, room: int | None) -> None:
        self.room[account], self.slots[account] = room, 0
        self.requests[account] = self.tokens[account] = self.instant

    def ask(self, request: HoldRequest) -> tuple[Refusal | None, int]:
        rated = ((request.accounts[0], request.token_limits), (request.accounts[-1], request.wallet_limits))
        for account, limits in rated:
            if limits.concurrency and self.slots[account] >= limits.concurrency:
                return Refusal.CONCURRENCY, account
        for account, limits in rated:
            if limits.rpm and self.requests[account] + MINUTE // limits.rpm > self.instant + MINUTE:
                return Refusal.RPM, account
        for account, limits in rated:
            cost = self._token_cost(request, limits)
            if cost and self.tokens[account] + cost > self.instant + MINUTE:
                return Refusal.TPM, account
        return self._ask_for_money(request, rated)

    def _ask_for_money(
        self, request: HoldRequest, rated: tuple[tuple[int, RateLimits], ...]
    ) -> tuple[Refusal | None, int]:
        for account in request.accounts:
            room = self.room[account]
            if room is not None and room < request.amount_nanos:
                return Refusal.FUNDS, account
        self._take(request, rated)
        return None, 0

    def _take(self, request: HoldRequest, rated: tuple[tuple[int, RateLimits], ...]) -> None:
        for account, limits in rated:
            self.slots[account] += 1
            self.requests[account] += MINUTE // limits.rpm if limits.rpm else 0
            self.tokens[account] += self._token_cost(request, limits)
        for account in request.accounts:
            room = self.room[account]
            if room is not None:
                self.room[account] = room - request.amount_nanos

    def _token_cost(self, request: HoldRequest, limits: RateLimits) -> int:
        return min(request.tokens * MINUTE // limits.tpm, MINUTE) if limits.tpm else 0


@pytest.mark.parametrize("seed", range(12))
def test_a_batch_is_granted_as_one_call_after_the_other(
    payer: Payer, freeze_ledger: Callable[[float], None], seed: int
) -> None:
    chance = random.Random(seed)
    freeze_ledger(0)
    model = Model(1_800_000_000_000_000_000)
    model.open(payer.wallet, 100 * 10**9)
    model.open(payer.token, None)
    others = [
        wallet.open_limit(payer.wallet, kind=AccountKind.TOKEN, label=str(n), limit_nanos=n * 20 * 10**9)
        for n in range(1, 4)
    ]
    for n, account in enumerate(others, start=1):
        model.open(account, n * 20 * 10**9)

    def limits() -> RateLimits:
        return RateLimits(chance.choice([0, 5, 12]), chance.choice([0, 7, 15]), chance.choice([0, 900, 2000]))

    def request() -> HoldRequest:
        tokens = chance.sample([payer.token, *others], chance.randint(1, 3))
        return payer.request(
            chance.choice([0, 1, 3, 30]) * 10**9,
            accounts=(*tokens, payer.wallet),
            tokens=chance.choice([0, 10, 300]),
            token_limits=limits(),
            wallet_limits=limits(),
        )

    for _ in range(3):
        batch = [request() for _ in range(chance.randint(1, 25))]
        expected = [model.ask(one) for one in batch]
        parameters = statements.authorise_parameters(batch, owner_id=payer.owner, resend=False)
        answers = statements.hold_answers(run(statements.AUTHORISE, parameters))
        assert [(answer.refusal, answer.account_id) for answer in answers] == expected

    assert {a.pk: a.open_slots for a in Account.objects.filter(pk__in=model.slots)} == model.slots
