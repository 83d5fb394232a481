"""The web server: `python -m config.web` runs WEB_CONCURRENCY processes of one kind on PORT."""

import os
import signal
import socket
import subprocess
import sys
import threading

import django
import uvicorn
from django.conf import settings
from uvicorn.config import STARTUP_FAILURE

from config import checks
from config.protocol import Protocol

STREAM_SECONDS = 30
"""How long streams may go on after the order to stop."""
DRAIN_SECONDS = 55
"""How long, after that, the books may take to be closed: more than the runtime gives its calls and its ledger."""
_CHILD = "--listener"


class Server(uvicorn.Server):
    """Refuses new calls before it waits for those under way, and ends when its supervisor is gone."""

    def __init__(self, config: uvicorn.Config, *, supervised: bool) -> None:
        super().__init__(config)
        self._supervisor = os.getppid() if supervised else None

    async def on_tick(self, counter: int) -> bool:
        """An orphan would keep the port for ever."""
        if self._supervisor is not None and os.getppid() != self._supervisor:
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.loaded_app.stop()
        await super().shutdown(sockets)


def configuration() -> uvicorn.Config:
    return uvicorn.Config(
        "config.asgi:application",
        host="127.0.0.1" if settings.DEBUG else "0.0.0.0",  # noqa: S104  production listens to its proxy
        port=settings.PORT,
        http=Protocol,
        loop="uvloop",
        ws="none",
        interface="asgi3",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=STREAM_SECONDS,
    )


def serve(listener: socket.socket | None = None) -> int:
    """Serve in this process until a signal; on an inherited socket when there is a supervisor."""
    server = Server(configuration(), supervised=listener is not None)
    server.run(sockets=[listener] if listener else None)
    return 0 if server.started else STARTUP_FAILURE


def supervise(count: int) -> int:
    """Keep `count` children on one listening socket: a dead one is replaced, one that cannot start ends them all."""
    listener = configuration().bind_socket()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children = [_start(listener) for _ in range(count)]
    code = 0
    while not code and not stop.wait(0.2):
        ended = [child for child in children if child.poll() is not None]
        code = STARTUP_FAILURE if any(child.returncode == STARTUP_FAILURE for child in ended) else 0
        children = [child if child not in ended else _start(listener) for child in children]
    _stop(children)
    return code


def _start(listener: socket.socket) -> subprocess.Popen[bytes]:
    fd = listener.fileno()
    return subprocess.Popen([sys.executable, "-m", "config.web", _CHILD, str(fd)], pass_fds=[fd])


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STREAM_SECONDS + DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def main(arguments: list[str]) -> int:
    if arguments[:1] == [_CHILD]:
        return serve(socket.socket(fileno=int(arguments[1])))
    django.setup()
    checks.refuse_unsafe_start()
    if settings.WEB_CONCURRENCY > 1:
        return supervise(settings.WEB_CONCURRENCY)
    return serve()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(main(sys.argv[1:]))
