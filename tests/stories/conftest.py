"""The relay of a test's transaction, for people who come by the front door."""

from tests.relay.conftest import _house, relay

__all__ = ["_house", "relay"]
