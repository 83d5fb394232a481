"""The tag of system checks that every process asks before it serves with DEBUG off."""

from typing import Final

START: Final = "start"
