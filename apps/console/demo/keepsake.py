"""The demo's secrets between runs: `demo.json` in the state folder, for its owner's eyes only."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from apps.console.demo import STAFF_EMAIL, USER_EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepsake:
    """What every start prints again."""

    password: str
    token: str = ""
    model: str = ""
    email: str = USER_EMAIL
    staff_email: str = STAFF_EMAIL


def read_keepsake(path: Path) -> Keepsake | None:
    """What an earlier run kept; None where there is none or where it cannot be read as ours."""
    try:
        return Keepsake(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_keepsake(path: Path, keepsake: Keepsake) -> None:
    """Replaces the file as a whole; it is never readable by others, not even while it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(keepsake), file, indent=2)
    fresh.replace(path)
