"""The one ASGI application: relay paths go to the lean handler, everything else to Django."""

import gc
import os
import re
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_asgi_application()  # sets Django up, which the imports below need

from django.conf import settings  # noqa: E402

from apps.relay import runtime  # noqa: E402
from apps.relay.handler import Handler, Receive, Scope, Send  # noqa: E402
from config.bodies import RELAY_PATHS, BoundedBody  # noqa: E402

HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


class Application:
    """Chooses the door by the path, and starts and stops the relay's runtime with the server."""

    def __init__(self) -> None:
        self._relay = Handler("apps.relay.urls")
        self._relay_only = settings.SLUICE_ROLE == "relay"

    def stop(self) -> None:
        """Refuse new calls; those under way go on."""
        self._relay.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if "//" in path:  # a base URL with a slash at its end is an everyday mistake
            path = re.sub("/{2,}", "/", path)
            scope = {**scope, "path": path}
        if path.startswith(RELAY_PATHS) or (self._relay_only and path not in HEALTH_PATHS):
            await self._relay(scope, receive, send)
        else:
            await cast(Any, _django)(scope, BoundedBody(scope, receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await runtime.start()
        # What is there now stays: a full collection over it would stop all streams for 60 ms each time (measured).
        gc.collect()
        gc.freeze()
        # Calls leave next to no cycles behind: looking for them at every 700th object took 5 % of a call (measured).
        gc.set_threshold(20_000, 20, 50)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.stop()
        await runtime.stop()
        await send({"type": "lifespan.shutdown.complete"})


application = Application()
