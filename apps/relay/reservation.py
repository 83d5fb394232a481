"""The hold before a call and its growth while a stream runs. What the ledger refuses becomes the caller's error."""

import asyncio
import time
from datetime import datetime
from uuid import UUID

from apps.core.ids import minted_at
from apps.core.money import credits_text
from apps.relay import quote as quoting
from apps.relay import shortage
from apps.relay.errors import InsufficientQuota, InvalidToken, RateLimited, RelayError, TooBusy
from apps.relay.types import Admission, Ask, Quote, Reservation
from apps.wallet.batching import Ledger
from apps.wallet.errors import LedgerBusy, LedgerUnavailable, WalletError
from apps.wallet.types import HoldAnswer, HoldRequest, Refusal

CALL_SECONDS = 3600.0
"""The longest that a call may take, streams and plain ones alike."""
ENDING_SECONDS = 300
"""How much longer its hold lasts: time to end the call and to settle it."""
EXCESS_TOKENS = 64
LOOK_AGAIN_BYTES = 256
_LIMITS = {
    Refusal.CONCURRENCY: ("concurrency", "too many calls at the same time"),
    Refusal.RPM: ("rpm", "too many requests in a minute"),
    Refusal.TPM: ("tpm", "too many tokens in a minute"),
}


async def authorise(
    ledger: Ledger, call_id: UUID, ask: Ask, admission: Admission, quote: Quote, *, seconds: float
) -> Reservation:
    """Hold what the call may cost on every account of its token, within their limits; or say what refused."""
    until = time.monotonic() + seconds
    request = HoldRequest(
        call_id,
        admission.caller.token.accounts,
        quote.hold_nanos,
        quote.rate_tokens,
        admission.token_limits,
        admission.wallet_limits,
        int(seconds) + ENDING_SECONDS,
    )
    try:
        answer = await ledger.authorise(request)
    except (LedgerBusy, LedgerUnavailable) as error:
        raise TooBusy from error
    if answer.refusal is not None:
        raise _error_of(answer, ask, admission, quote, at=minted_at(call_id))
    return Reservation(call_id, request.accounts, until)


def _error_of(answer: HoldAnswer, ask: Ask, admission: Admission, quote: Quote, *, at: datetime) -> RelayError:
    refusal = answer.refusal
    at_token = answer.account_id == admission.caller.token.account_id
    if refusal in shortage.REFUSALS:
        return insufficient(ask, admission, quote, answer, at=at)
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


def insufficient(
    ask: Ask, admission: Admission, quote: Quote, answer: HoldAnswer, *, at: datetime
) -> InsufficientQuota:
    """402 with what the call needs, what there is and where, what would fit, and when a limit is refilled."""
    short = shortage.of(answer, admission.caller.token, at=at)
    need, have = credits_text(quote.hold_nanos), credits_text(max(answer.have_nanos, 0))
    fits = quoting.affordable_output(ask, quote, admission, answer.have_nanos) if ask.endpoint.has_output else 0
    advice = f"lower max_tokens to {fits}, or {short.advice}" if fits else short.advice
    return InsufficientQuota(
        f"This call may cost up to {need} credits. {short.what} leaves {have}: {advice}.",
        scope=short.scope,
        need=need,
        have=have,
        max_tokens=fits or None,
        refilled_at=None if short.refilled_at is None else short.refilled_at.isoformat(),
    )


class Growth:
    """The hold of a stream that began with a step: extended when half of it is used, until the bound is held.

    Where a whole step is refused, the hold grows by what there is, so that a stream ends where the money does. An
    upstream that writes far past the limit it was given raises the bound: what it writes has to be held as well.
    """

    __slots__ = (
        "_admission",
        "_amount",
        "_asking",
        "_bound",
        "_call_id",
        "_ledger",
        "_quote",
        "held",
        "look_at",
        "refusal",
    )

    def __init__(self, ledger: Ledger, call_id: UUID, admission: Admission, quote: Quote) -> None:
        self._ledger = ledger
        self._call_id = call_id
        self._admission = admission
        self._quote = quote
        self._amount = quote.hold_nanos
        self._bound = quote.output_tokens
        self._asking: asyncio.Task[None] | None = None
        self.held = quote.held_output
        """Output tokens that the hold pays for."""
        self.refusal: RelayError | None = None
        """Why the stream has to end once all that is held is used."""
        self.look_at = self.held // 2 if self.held < self._bound else self._bytes_to_excess(0)
        """Bytes of the stream up to which `is_exhausted` need not be asked."""

    async def is_exhausted(self, used: int, received_bytes: int) -> bool:
        """Ask for more when half is used; True when all is used and no more can be had, asked a last time."""
        while True:
            if self.held >= self._bound:
                if used <= self._excess:
                    self.look_at = received_bytes + self._bytes_to_excess(used)
                    return False
                self._bound = 2 * used
            is_used_up = used >= self.held
            if self._asking is None and used * 2 >= self.held and (self.refusal is None or is_used_up):
                self._asking = asyncio.create_task(self._extend())
            self.look_at = received_bytes + self._bytes_ahead(used)
            if not is_used_up or self._asking is None:
                return False
            held = self.held
            await asyncio.wait([self._asking])
            if self.held == held:
                self.look_at = received_bytes + LOOK_AGAIN_BYTES
                return self.refusal is not None

    @property
    def _excess(self) -> int:
        """Tokens that are certainly more than the upstream was asked for: our count of them is an estimate."""
        return 2 * self._bound + EXCESS_TOKENS

    def _bytes_to_excess(self, used: int) -> int:
        """A token counts as three bytes of text or as one event, which has more."""
        return max(3 * (self._excess - used), LOOK_AGAIN_BYTES)

    def _bytes_ahead(self, used: int) -> int:
        """A token has a byte at least: before so many have come, there is nothing to ask for, or nothing is used up."""
        if self.refusal is not None or self._asking is not None:
            return max(self.held - used, 0)
        return max(self.held // 2 - used, LOOK_AGAIN_BYTES)

    async def _extend(self) -> None:
        outputs = min(self.held + max(self.held, quoting.STEP_TOKENS), self._bound)
        try:
            answer = await self._grow_to(outputs)
            if answer.refusal in shortage.REFUSALS:
                money = self._amount + answer.have_nanos
                outputs = quoting.outputs_within(self._quote, self._admission, money, at_most=outputs)
                if outputs > self.held:
                    answer = await self._grow_to(outputs)
        except WalletError:
            return  # asked again at the next look; if never granted, the settle asks once more
        finally:
            self._asking = None
        self.refusal = self._refusal_of(answer)

    async def _grow_to(self, outputs: int) -> HoldAnswer:
        amount = quoting.hold_for(self._quote, self._admission, outputs)
        answer = await self._ledger.extend(self._call_id, amount)
        if answer.refusal is None:
            self.held, self._amount = outputs, amount
        return answer

    def _refusal_of(self, answer: HoldAnswer) -> RelayError | None:
        if answer.refusal is None:
            return None
        if answer.refusal in shortage.REFUSALS:
            short = shortage.of(answer, self._admission.caller.token, at=minted_at(self._call_id))
            return InsufficientQuota(f"{short.what} is used up. The answer ends here.", scope=short.scope)
        return RelayError()  # the hold is gone: it expired while this process was away
