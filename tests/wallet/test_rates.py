from collections.abc import Callable
from datetime import UTC, datetime

from apps.core.ids import uuid7
from apps.wallet import queries, statements
from apps.wallet import services as wallet
from apps.wallet.execution import run
from apps.wallet.types import HoldRequest, RateLimits, Refusal
from tests.wallet.conftest import Payer

Freeze = Callable[[float], None]


def batch(payer: Payer, requests: list[HoldRequest]) -> list[Refusal | None]:
    parameters = statements.authorise_parameters(requests, owner_id=payer.owner, resend=False)
    return [answer.refusal for answer in statements.hold_answers(run(statements.AUTHORISE, parameters))]


def test_the_call_above_the_concurrency_is_refused_until_one_ends(payer: Payer) -> None:
    limits = RateLimits(concurrency=2)
    payer.limited(token=limits)
    payer.limited(token=limits)

    refused = payer.limited(token=limits)
    payer.settle(0, call=0)

    assert (refused.refusal, refused.account_id, refused.retry_after_ms) == (Refusal.CONCURRENCY, payer.token, 1000)
    assert payer.limited(token=limits).refusal is None


def test_the_wallets_concurrency_counts_all_its_tokens(payer: Payer) -> None:
    payer.limited(whole=RateLimits(concurrency=1))
    other = wallet.open_limit(payer.wallet, kind=2, label="other", limit_nanos=None)

    refused = payer.hold(0, accounts=(other, payer.wallet), wallet_limits=RateLimits(concurrency=1))

    assert (refused.refusal, refused.account_id) == (Refusal.CONCURRENCY, payer.wallet)


def test_three_requests_a_minute_pass_at_once_and_the_fourth_waits_twenty_seconds(
    payer: Payer, freeze_ledger: Freeze
) -> None:
    freeze_ledger(0)
    limits = RateLimits(rpm=3)

    passed = [payer.limited(token=limits).refusal for _ in range(3)]
    refused = payer.limited(token=limits)

    assert passed == [None, None, None]
    assert (refused.refusal, refused.account_id, refused.retry_after_ms) == (Refusal.RPM, payer.token, 20_000)


def test_a_minute_refills_evenly(payer: Payer, freeze_ledger: Freeze) -> None:
    limits = RateLimits(rpm=3)
    freeze_ledger(0)
    for _ in range(3):
        payer.limited(token=limits)

    freeze_ledger(19.999)
    early = payer.limited(token=limits)
    freeze_ledger(20)
    in_time = payer.limited(token=limits)
    freeze_ledger(20)
    again = payer.limited(token=limits)

    assert (early.refusal, early.retry_after_ms) == (Refusal.RPM, 1)
    assert in_time.refusal is None
    assert (again.refusal, again.retry_after_ms) == (Refusal.RPM, 20_000)


def test_an_uneven_limit_lets_exactly_its_number_through(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)

    refusals = [payer.limited(token=RateLimits(rpm=7)).refusal for _ in range(9)]

    assert refusals == [None] * 7 + [Refusal.RPM] * 2


def test_tokens_a_minute_count_the_estimate(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(tpm=1000)

    assert payer.limited(token=limits, tokens=600).refusal is None
    refused = payer.limited(token=limits, tokens=500)

    assert (refused.refusal, refused.retry_after_ms) == (Refusal.TPM, 6_000)
    assert payer.limited(token=limits, tokens=400).refusal is None


def test_a_settle_gives_back_the_tokens_that_were_not_used(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(tpm=1000)
    payer.limited(token=limits, tokens=1000)

    payer.settle(0, tokens=300)

    assert payer.limited(token=limits, tokens=700).refusal is None
    assert payer.limited(token=limits, tokens=1).refusal is Refusal.TPM


def test_a_settle_takes_the_tokens_above_the_estimate(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(tpm=1000)
    payer.limited(token=limits, tokens=100)

    payer.settle(0, tokens=900)

    assert payer.limited(token=limits, tokens=101).refusal is Refusal.TPM
    assert payer.limited(token=limits, tokens=100).refusal is None


def test_what_time_has_refilled_is_not_given_back_again(payer: Payer, freeze_ledger: Freeze) -> None:
    limits = RateLimits(tpm=1000)
    freeze_ledger(0)
    payer.limited(token=limits, tokens=500)
    freeze_ledger(40)
    payer.limited(token=limits, tokens=1000)

    payer.settle(0, tokens=0, call=0)

    assert payer.limited(token=limits, tokens=1).refusal is Refusal.TPM


def test_a_call_above_the_whole_minute_passes_only_an_idle_account(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(tpm=1000)

    assert payer.limited(token=limits, tokens=5000).refusal is None
    assert payer.limited(token=limits, tokens=1).refusal is Refusal.TPM


def test_a_void_gives_tokens_and_slot_back_but_counts_as_a_request(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(concurrency=1, rpm=2, tpm=100)
    payer.limited(token=limits, tokens=100)
    wallet.void_hold(payer.calls[0].call_id)

    assert payer.limited(token=limits, tokens=100).refusal is None
    wallet.void_hold(payer.calls[1].call_id)
    assert payer.limited(token=limits, tokens=100).refusal is Refusal.RPM


def test_a_refused_call_uses_no_allowance(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(rpm=2)
    wallet.set_limit(payer.token, limit_nanos=0)

    assert payer.hold(1, token_limits=limits).refusal is Refusal.FUNDS
    assert [payer.limited(token=limits).refusal for _ in range(3)] == [None, None, Refusal.RPM]


def test_the_first_that_says_no_is_named_in_the_order_of_the_questions(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    limits = RateLimits(concurrency=1, rpm=1, tpm=1)
    payer.limited(token=limits, tokens=1)

    assert payer.hold(10**12, token_limits=limits, tokens=1).refusal is Refusal.CONCURRENCY
    payer.settle(0, tokens=1, call=0)
    assert payer.hold(10**12, token_limits=limits, tokens=1).refusal is Refusal.RPM
    assert payer.hold(10**12, token_limits=RateLimits(tpm=1), tokens=1).refusal is Refusal.TPM
    assert payer.hold(10**12, tokens=1).refusal is Refusal.FUNDS
    wallet.close_account(payer.wallet)
    assert payer.hold(10**12, token_limits=limits).refusal is Refusal.CLOSED


def test_a_batch_that_does_not_fit_is_granted_in_order_of_arrival(payer: Payer) -> None:
    amounts = [60, 50, 30, 20, 10]
    requests = [payer.request(amount * 10**9) for amount in amounts]

    assert batch(payer, requests) == [None, Refusal.FUNDS, None, Refusal.FUNDS, None]


def test_a_batch_above_rate_and_concurrency_is_granted_in_order_of_arrival(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    narrow, wide = RateLimits(concurrency=2), RateLimits(concurrency=4, rpm=60)
    requests = [payer.request(0, token_limits=limits) for limits in (narrow, narrow, narrow, wide, wide, wide)]

    assert batch(payer, requests) == [None, None, Refusal.CONCURRENCY, None, None, Refusal.CONCURRENCY]
    assert payer.account().open_slots == 4


def test_a_refused_call_of_a_batch_takes_nothing_from_its_other_accounts(payer: Payer) -> None:
    capped = wallet.open_limit(payer.wallet, kind=2, label="capped", limit_nanos=10 * 10**9)
    refused = payer.request(90 * 10**9, accounts=(capped, payer.wallet))
    granted = payer.request(100 * 10**9)

    assert batch(payer, [refused, granted]) == [Refusal.FUNDS, None]


def test_a_resent_batch_grants_what_is_new_and_repeats_what_is_known(payer: Payer) -> None:
    first, ended, new = (payer.request(10 * 10**9) for _ in range(3))
    batch(payer, [first, ended])
    payer.settle(0, call=1)
    parameters = statements.authorise_parameters([first, ended, new], owner_id=payer.owner, resend=True)

    answers = statements.hold_answers(run(statements.AUTHORISE, parameters))

    assert [answer.refusal for answer in answers] == [None, Refusal.RESOLVED, None]
    assert queries.balance_of(payer.wallet).held_nanos == 20 * 10**9


def test_use_of_the_minute_can_be_asked(payer: Payer, freeze_ledger: Freeze) -> None:
    freeze_ledger(0)
    payer.limited(token=RateLimits(rpm=60, tpm=1000), tokens=250)

    use = queries.rate_use(payer.token, rpm=60, tpm=1000, at=datetime.fromtimestamp(1_800_000_000, UTC))

    assert (use.open_slots, use.requests, use.tokens) == (1, 1, 250)


def test_a_call_id_is_minted_by_the_relay_and_names_everything(payer: Payer) -> None:
    call_id = uuid7()
    wallet.authorise(HoldRequest(call_id, (payer.token, payer.wallet), 1, 0), owner_id=payer.owner)

    hold = queries.hold_by_id(call_id)

    assert hold is not None
    assert (hold.call_id, hold.accounts) == (call_id, (payer.token, payer.wallet))
