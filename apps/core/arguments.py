"""Types of command-line arguments: what the database could not store is refused before anything is looked up."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def text(*, at_most: int) -> Callable[[str], str]:
    """Text of 1 to so many characters that PostgreSQL can store: without U+0000 and half surrogate pairs."""

    def parse(given: str) -> str:
        if not 0 < len(given) <= at_most:
            raise ArgumentTypeError(f"write 1 to {at_most} characters")
        if "\0" in given or any("\ud800" <= letter <= "\udfff" for letter in given):
            raise ArgumentTypeError("write text that can be stored, without NUL or broken characters")
        return given

    return parse


def number(*, at_least: int, at_most: int) -> Callable[[str], int]:
    def parse(given: str) -> int:
        if not (given.isascii() and given.isdigit() and at_least <= int(given[:9]) <= at_most and len(given) <= 9):
            raise ArgumentTypeError(f"write a whole number from {at_least} to {at_most}")
        return int(given)

    return parse
