"""DRF's APIView with an async dispatch: the same view runs under the lean handler, Django's own and the test client."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Protocol, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.errors import SluiceError


class AsyncAuthentication(Protocol):
    """An authentication class whose look-up may await."""

    async def authenticate(self, request: Request) -> tuple[Any, object] | None: ...


class RelayStream(StreamingHttpResponse):
    """An answer in pieces. The lean handler sends `pieces` as they come and closes them, whatever happens."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], *, status: int = 200, headers: Mapping[str, str]) -> None:
        self.pieces = pieces
        super().__init__(pieces, status=status, headers=headers)


class AsyncAPIView(APIView):
    """A view whose methods are coroutines that return a ready `HttpResponse` or a `RelayStream`.

    `request.body` is there already. Errors that are facts (`SluiceError`, DRF's, Django's 404 and 403) become answers
    through the view's exception handler; anything else is a fault and left to whoever called.
    """

    http_method_names = ["get", "post", "delete"]
    parser_classes = []
    authentication_classes = []
    permission_classes = []
    throttle_classes = []

    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            await self._authenticate(self.request)
            return await self._method(request)(self.request, *args, **kwargs)
        except (SluiceError, APIException, Http404, PermissionDenied) as error:
            return self.handle_exception(error)

    async def _authenticate(self, request: Request) -> None:
        for authentication in cast(list[AsyncAuthentication], self.get_authenticators()):
            found = await authentication.authenticate(request)
            if found is not None:
                request.user, request.auth = found
                return

    def _method(self, request: HttpRequest) -> Callable[..., Awaitable[HttpResponseBase]]:
        name = (request.method or "").lower()
        method = getattr(self, name, None) if name in self.http_method_names else None
        return method or self._refuse

    async def _refuse(self, request: Request, *args: object, **kwargs: object) -> HttpResponseBase:
        return self.http_method_not_allowed(request, *args, **kwargs)
