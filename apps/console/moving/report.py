"""What a run tells its operator: the file's totals, what was written, and the ledger before and after. Text only."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.console.moving.checking import SOURCE
from apps.console.moving.closing import RateInUse
from apps.console.moving.importing import UNKNOWN_LISTED, Options, Tally
from apps.console.moving.quota_rate import QUOTA_PER_USD
from apps.core.money import credits_text
from apps.wallet import queries as wallet
from apps.wallet.types import LotSum


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger at one instant. Calls go on meanwhile, so the wallets may also have spent."""

    moved: LotSum
    wallets_nanos: int


def read_books() -> Books:
    return Books(wallet.lots_sum(SOURCE), wallet.wallets_sum())


def rate_lines(in_use: RateInUse) -> Iterator[str]:
    rate = in_use.rate
    whole, rest = divmod(rate.nanos, rate.per_quota)
    one = f"{credits_text(whole)}" if not rest else f"about {credits_text(whole)}"
    yield (
        f"Rate: {QUOTA_PER_USD:,} quota = US$1 = {rate.credits_per_usd.normalize():f} credits; 1 quota = {one} credits."
    )
    if in_use.begun_at is not None:
        yield f"The first import fixed this rate on {in_use.begun_at:%Y-%m-%d %H:%M} UTC."


def file_lines(tally: Tally, options: Options) -> Iterator[str]:
    yield _line("In the file", "rows", "quota", "credits")
    for name, of_type in tally.types.items():
        yield _line(f"  {name}", f"{of_type.rows:,}", f"{of_type.quota:,}", credits_text(of_type.nanos))
    rows, quota = sum(t.rows for t in tally.types.values()), sum(t.quota for t in tally.types.values())
    yield _line("  together", f"{rows:,}", f"{quota:,}", credits_text(sum(t.nanos for t in tally.types.values())))
    if tally.zero_rows:
        yield f"{tally.zero_rows:,} rows are worth nothing and are passed over."
    if tally.rounded_rows:
        yield f"{tally.rounded_rows:,} rows were rounded to a billionth of a credit, halves up."
    if tally.tokens:
        yield f"{tally.tokens:,} tokens, {tally.blocked_tokens:,} of them with nothing left to spend."
    yield from _unknown_lines(tally, options)


def result_lines(tally: Tally, options: Options, *, before: Books, after: Books) -> Iterator[str]:
    yield _line("Would be imported now" if options.dry_run else "Imported now", "rows", "", "credits")
    for name, of_type in tally.types.items():
        yield _line(f"  {name}", f"{of_type.new_rows:,}", "", credits_text(of_type.new_nanos))
    if tally.tokens:
        yield f"  tokens: {tally.new_tokens:,}"
    yield _line("Lots moved in", "lots", "", "credits")
    yield _line("  before", f"{before.moved.lots:,}", "", credits_text(before.moved.granted_nanos))
    yield _line("  after", f"{after.moved.lots:,}", "", credits_text(after.moved.granted_nanos))
    yield _line("All wallets", "", "", "credits")
    yield _line("  before", "", "", credits_text(before.wallets_nanos))
    yield _line("  after", "", "", credits_text(after.wallets_nanos))
    if tally.bad_rows:
        yield f"{tally.bad_rows:,} problems, told above: those rows were skipped."
    if not _written(tally)[0] and not tally.new_tokens:
        yield "Everything was here already: nothing was changed."
    if options.dry_run:
        yield "This was a dry run: nothing was kept."


def would_be(before: Books, tally: Tally) -> Books:
    """The books after a run whose writes were taken back."""
    rows, nanos = _written(tally)
    moved = LotSum(before.moved.lots + rows, before.moved.granted_nanos + nanos)
    return Books(moved, before.wallets_nanos + nanos)


def _written(tally: Tally) -> tuple[int, int]:
    return sum(t.new_rows for t in tally.types.values()), sum(t.new_nanos for t in tally.types.values())


def _unknown_lines(tally: Tally, options: Options) -> Iterator[str]:
    emails = sorted(tally.unknown_emails)
    if emails:
        more = " or more" if len(emails) >= UNKNOWN_LISTED else ""
        fate = "users are added for" if options.create_users else "there is no user for"
        yield f"{len(emails):,}{more} e-mail addresses; {fate}:"
        yield from (f"  {email}" for email in emails)


def _line(name: str, *figures: str) -> str:
    """A name and right-aligned figures; as many columns in every line of a block."""
    return f"{name:<24}{''.join(f'{figure:>24}' for figure in figures)}".rstrip()
