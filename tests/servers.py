"""Loaded by pytest before Django's settings: embedded PostgreSQL and Valkey for the run, unless URLs name others."""

import os
from pathlib import Path

from config.embedded import postgres

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("SLUICE_STATE_DIR") or ROOT / ".sluice").absolute() / "test"

os.environ.setdefault("SLUICE_STATE_DIR", str(STATE))
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
if not os.environ.get("DATABASE_URL"):
    STATE.mkdir(parents=True, exist_ok=True)
    _server = postgres.start(STATE, postgres.TEST_CONF)
    os.environ["DATABASE_URL"] = _server.url("postgres")
