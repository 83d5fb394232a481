"""What tests of verifications share."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _without_scanner(settings: Any) -> None:
    """Whatever the environment of the machine says."""
    settings.CLAMD_ADDRESS = ""
