"""The demo house: who lives in it. Nobody of these may exist where DEBUG is off."""

from typing import Final

USER_EMAIL: Final = "demo@sluice.example"
STAFF_EMAIL: Final = "staff@sluice.example"
