"""How much a page takes: 1 MiB, and 12 MiB where documents are uploaded. What is more is not kept, and answered 413."""

from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from apps.core.api import MAX_BODY_BYTES, BodyTooLarge, bare_error
from apps.relay.handler import Message, Receive, Scope

MIB: Final = 1024 * 1024
UPLOAD_BYTES: Final = 12 * MIB
# Forms that take files: an app that adds one names its address here.
UPLOAD_PATHS: Final = ("/console/verification/", "/admin/marketplace/officialprice/import/")
# The relay's own handler bounds these.
RELAY_PATHS: Final = ("/v1/", "/v1beta/", "/api/v1/services/", "/api/v1/tasks/", "/claude/v1/")
TOO_LARGE: Final = "sluice.body_too_large"
API: Final = "/api/"


def limit_of(path: str) -> int:
    return UPLOAD_BYTES if path.startswith(UPLOAD_PATHS) else MAX_BODY_BYTES


class BoundedBody:
    """`receive` for Django, which would store whatever comes: the limit's worth, and a note in the scope beyond it.

    The rest is read and thrown away, up to a bound: a caller who is still writing would not see our answer.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit_of(scope["path"])
        self._received = 0
        self._is_over = False

    async def __call__(self) -> Message:
        if self._is_over:
            return await self._end()
        if self._received == 0 and self._asks_first():
            return self._cut_off()
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        self._received += len(message.get("body", b""))
        if self._received > 2 * UPLOAD_BYTES:
            return self._cut_off()
        self._is_over = not message.get("more_body", False)
        if self._received > self._limit:
            self._scope[TOO_LARGE] = True
            return {**message, "body": b""}
        return message

    def _asks_first(self) -> bool:
        """Whether a body that is too large was announced by a caller who waits for our consent."""
        headers = dict(self._scope["headers"])
        return b"expect" in headers and int(headers.get(b"content-length", 0)) > self._limit

    def _cut_off(self) -> Message:
        self._is_over = self._scope[TOO_LARGE] = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _end(self) -> Message:
        """After the body Django listens for the end of the connection only."""
        while (message := await self._receive())["type"] == "http.request":
            pass
        return message


class RefuseLargeBodies(MiddlewareMixin):
    """413 before anything looks into the body; in the reader's language, so it stands inside the language's own."""

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponseBase | None:
        if not self._is_too_large(request):
            return None
        if request.path_info.startswith(API):
            return bare_error(
                413, code=BodyTooLarge.default_code, kind="invalid_request", message=BodyTooLarge.default_detail
            )
        context = {"most": limit_of(request.path_info) // MIB}
        return render(request, "413.html", context, status=413)

    def _is_too_large(self, request: HttpRequest) -> bool:
        if getattr(request, "scope", {}).get(TOO_LARGE):
            return True
        declared = str(request.META.get("CONTENT_LENGTH") or 0)
        is_ours = not request.path_info.startswith(RELAY_PATHS)
        return is_ours and declared.isdigit() and int(declared) > limit_of(request.path_info)
