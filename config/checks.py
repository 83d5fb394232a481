"""What web, worker and beat must not start with once DEBUG is off. Also part of `manage.py check --deploy`."""

import logging
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.cache import caches
from redis.exceptions import RedisError

from apps.core.start import START
from config.cache import ForgivingRedisCache

logger = logging.getLogger(__name__)


class UnsafeStart(SystemExit):
    """Ends the process with the list of what is wrong."""


def refuse_unsafe_start() -> None:
    """Runs the checks of a start; ends the process when one fails. Development is exempt: it is on loopback only."""
    if settings.DEBUG:
        return
    found = checks.run_checks(tags=[START], include_deployment_checks=True, databases=["default"])
    for message in found:
        logger.warning("unsafe start", extra={"check": message.id, "problem": str(message.msg), "hint": message.hint})
    serious = [f"  {message.msg} {message.hint or ''}" for message in found if message.is_serious()]
    if serious:
        raise UnsafeStart("\n".join(["Sluice does not start with DEBUG off because:", *serious]))


@checks.register(START, deploy=True)
def secrets_are_our_own(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    if settings.SECRET_KEY == settings.DEV_SECRET_KEY:
        found.append(
            checks.Error("SECRET_KEY is the one from development.", hint="Set 50 random characters.", id="sluice.E001")
        )
    if not settings.FIELD_ENCRYPTION_KEYS:
        found.append(
            checks.Error(
                "FIELD_ENCRYPTION_KEYS is empty.",
                hint="Set one from: python -c 'import os, base64; "
                "print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
                id="sluice.E002",
            )
        )
    return found


@checks.register(START, deploy=True)
def users_reach_nothing_inside(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    if not settings.ALLOW_PRIVATE_WEBHOOKS:
        return []
    problem = "ALLOW_PRIVATE_WEBHOOKS lets every customer send requests into our network."
    return [checks.Error(problem, hint="Unset it.", id="sluice.E005")]


@checks.register(START, deploy=True)
def cache_makes_room(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """The broker shares the server: only keys with a time to live may be evicted, or queued work would be."""
    if not isinstance(cache_backend := caches["volatile"], ForgivingRedisCache):
        return []
    try:
        policy = cache_backend.server.eviction_policy()
    except RedisError as error:
        return [checks.Warning(f"The eviction policy behind REDIS_URL could not be read: {error}", id="sluice.W001")]
    if policy == "noeviction" or policy.startswith("volatile-"):
        return []
    return [
        checks.Error(
            f"The server behind REDIS_URL evicts by {policy}, which would drop queued work.",
            hint="Set maxmemory-policy volatile-ttl.",
            id="sluice.E003",
        )
    ]
