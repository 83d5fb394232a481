"""The volatile cache, on Valkey: an error is a miss, and every key has an end, so that `volatile-ttl` can make room.

What must not be forgotten belongs into PostgreSQL: into a table, or into the default cache.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar, cast

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError
from redis.typing import ExpiryT, KeyT

T = TypeVar("T")

LONGEST_SECONDS: Final = 7 * 24 * 3600

logger = logging.getLogger(__name__)


class ForgivingClient(RedisCacheClient):
    """Django's client without Redis's errors."""

    def add(self, key: KeyT, value: Any, timeout: ExpiryT | None) -> bool:
        return _or_missed(True, super().add, key, value, _limited(timeout))

    def get(self, key: KeyT, default: Any) -> Any:
        return _or_missed(default, super().get, key, default)

    def set(self, key: KeyT, value: Any, timeout: ExpiryT | None) -> None:
        _or_missed(None, super().set, key, value, _limited(timeout))

    def touch(self, key: KeyT, timeout: ExpiryT | None) -> bool:
        return _or_missed(False, super().touch, key, _limited(timeout))

    def delete(self, key: KeyT) -> bool:
        return _or_missed(False, super().delete, key)

    def get_many(self, keys: Iterable[KeyT]) -> dict[KeyT, Any]:
        return _or_missed({}, super().get_many, keys)

    def has_key(self, key: KeyT) -> bool:
        return _or_missed(False, super().has_key, key)

    def incr(self, key: KeyT, delta: int) -> int:
        try:
            return int(super().incr(key, delta))
        except RedisError as error:
            raise ValueError(f"{key!r} cannot be counted: {error}") from error  # Django's answer for a missing key

    def set_many(self, data: Mapping[KeyT, Any], timeout: ExpiryT | None) -> None:
        _or_missed(None, super().set_many, data, _limited(timeout))

    def delete_many(self, keys: Iterable[KeyT]) -> None:
        _or_missed(None, super().delete_many, keys)

    def delete_prefix(self, prefix: str) -> None:
        _or_missed(None, self._delete_prefix, prefix)

    def eviction_policy(self) -> str:
        """What the server drops when its memory is full; raises `RedisError`."""
        return str(self.get_client().config_get("maxmemory-policy")["maxmemory-policy"])

    def _delete_prefix(self, prefix: str) -> None:
        connection = self.get_client(write=True)
        for key in connection.scan_iter(match=f"{prefix}*"):
            connection.delete(key)


class ForgivingRedisCache(RedisCache):
    """The backend of `CACHES`; `server` gives its client to who asks about the server itself."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class: type[RedisCacheClient] = ForgivingClient

    @property
    def server(self) -> ForgivingClient:
        return cast(ForgivingClient, self._cache)

    def clear(self) -> None:
        """Our own keys only: the broker's queues lie in the same database."""
        self.server.delete_prefix(f"{self.key_prefix}:")


def _limited(timeout: ExpiryT | None) -> int:
    """Seconds; Django's backend has already turned its own default into a number."""
    return min(int(timeout), LONGEST_SECONDS) if isinstance(timeout, int) else LONGEST_SECONDS


def _or_missed(missed: T, act: Callable[..., T], *args: object) -> T:
    try:
        return act(*args)
    except RedisError as error:
        logger.warning("cache missed", extra={"act": act.__name__, "error": type(error).__name__})
        return missed
