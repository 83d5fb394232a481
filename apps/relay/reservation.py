"""The hold before a call and its growth while a stream runs. What the ledger refuses becomes the caller's error."""

import asyncio
from uuid import UUID

from apps.core.money import credits_text
from apps.relay import quote as quoting
from apps.relay.errors import InsufficientQuota, InvalidToken, RateLimited, RelayError, TooBusy
from apps.relay.types import Admission, Ask, Quote, Reservation
from apps.wallet.batching import Ledger
from apps.wallet.errors import LedgerBusy, LedgerUnavailable, WalletError
from apps.wallet.types import HoldAnswer, HoldRequest, Refusal

_LIMITS = {
    Refusal.CONCURRENCY: ("concurrency", "too many calls at the same time"),
    Refusal.RPM: ("rpm", "too many requests in a minute"),
    Refusal.TPM: ("tpm", "too many tokens in a minute"),
}
_OUT_OF_FUNDS = "The credit for this call is used up. The answer ends here."
NEVER = 1 << 62
LOOK_AGAIN_BYTES = 256


async def authorise(ledger: Ledger, call_id: UUID, ask: Ask, admission: Admission, quote: Quote) -> Reservation:
    """Hold what the call may cost, at the token and at its wallet, within their limits; or say what refused."""
    token = admission.caller.token
    accounts = (token.account_id, token.wallet_id)
    request = HoldRequest(
        call_id,
        accounts,
        quote.hold_nanos,
        quote.rate_tokens,
        admission.token_limits,
        admission.wallet_limits,
    )
    try:
        answer = await ledger.authorise(request)
    except (LedgerBusy, LedgerUnavailable) as error:
        raise TooBusy from error
    if answer.refusal is not None:
        raise _error_of(answer, ask, admission, quote)
    return Reservation(call_id, accounts)


def _error_of(answer: HoldAnswer, ask: Ask, admission: Admission, quote: Quote) -> RelayError:
    refusal = answer.refusal
    at_token = answer.account_id == admission.caller.token.account_id
    if refusal is Refusal.FUNDS:
        return insufficient(ask, admission, quote, answer)
    if refusal in _LIMITS:
        limit_type, words = _LIMITS[refusal]
        whose = "This API key" if at_token else "Your account"
        return RateLimited(
            f"{whose} makes {words}. Slow down, or ask for a higher limit.",
            limit_type=limit_type,
            scope="token" if at_token else "account",
            retry_after=max(answer.retry_after_ms, 1) / 1000 if answer.retry_after_ms else 1,
        )
    if refusal is Refusal.CLOSED:
        return InvalidToken("This API key was deleted or disabled.", hint="deleted" if at_token else "disabled")
    return RelayError()


def insufficient(ask: Ask, admission: Admission, quote: Quote, answer: HoldAnswer) -> InsufficientQuota:
    """402 with what the call needs, what there is, and what would fit."""
    at_token = answer.account_id == admission.caller.token.account_id
    need, have = credits_text(quote.hold_nanos), credits_text(max(answer.have_nanos, 0))
    where = "The limit of this API key leaves" if at_token else "Your balance leaves"
    fits = quoting.affordable_output(ask, quote, admission, answer.have_nanos) if ask.endpoint.has_output else 0
    advice = f"lower max_tokens to {fits}" if fits else "top up or raise the limit"
    return InsufficientQuota(
        f"This call may cost up to {need} credits. {where} {have}: {advice}.",
        scope="token" if at_token else "account",
        need=need,
        have=have,
        max_tokens=fits or None,
    )


class Growth:
    """The hold of a stream that began with a step: extended when half of it is used, until the bound is held."""

    __slots__ = ("_admission", "_asking", "_call_id", "_held", "_ledger", "_quote", "look_at", "refusal")

    def __init__(self, ledger: Ledger, call_id: UUID, admission: Admission, quote: Quote) -> None:
        self._ledger = ledger
        self._call_id = call_id
        self._admission = admission
        self._quote = quote
        self._held = quote.held_output
        self._asking: asyncio.Task[None] | None = None
        self.refusal: RelayError | None = None
        """Why the stream has to end once all that is held is used."""
        self.look_at = self._held // 2 if self._held < quote.output_tokens else NEVER
        """Bytes of the stream up to which `is_exhausted` need not be asked."""

    async def is_exhausted(self, used: int, received_bytes: int) -> bool:
        """Ask for more when half is used; True when all is used and more was refused."""
        self.look_at = received_bytes + max(self._held // 2 - used, LOOK_AGAIN_BYTES)
        if self._held >= self._quote.output_tokens:
            self.look_at = NEVER
            return False
        if used * 2 >= self._held and self._asking is None and self.refusal is None:
            self._asking = asyncio.create_task(self._extend())
        if used < self._held:
            return False
        if self._asking is not None:
            await asyncio.wait([self._asking])
        return self.refusal is not None and used >= self._held

    async def _extend(self) -> None:
        quote, admission = self._quote, self._admission
        outputs = min(self._held + max(self._held, quoting.STEP_TOKENS), quote.output_tokens)
        amount = quoting.bound_nanos(
            quoting.price_of(admission.model), quote.extras, quote.input_tokens, outputs, admission.group.multiplier
        )
        try:
            answer = await self._ledger.extend(self._call_id, amount)
        except WalletError:
            return  # asked again at the next look; if never granted, the settle asks once more
        finally:
            self._asking = None
        if answer.refusal is None:
            self._held = outputs
        elif answer.refusal is Refusal.FUNDS:
            self.refusal = InsufficientQuota(_OUT_OF_FUNDS)
        else:
            self.refusal = RelayError()  # the hold is gone: it expired while this process was away
