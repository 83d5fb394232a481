"""The site's outer edge: requests that nobody could answer are refused, faults are answered in the door's shape."""

import logging
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.views import defaults

from apps.core.api import bare_error

API: Final = "/api/"

logger = logging.getLogger(__name__)


class RefuseNul(MiddlewareMixin):
    """400 for U+0000 in the address or a cookie: PostgreSQL stores no such text, so no row could ever match."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        texts = [request.path_info, *request.COOKIES.values()]
        has_nul = "%00" in request.META.get("QUERY_STRING", "") or any("\0" in text for text in texts)
        return bad_request(request, ValueError("NUL")) if has_nul else None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not request.path_info.startswith(API):
        return defaults.bad_request(request, exception)
    return bare_error(400, code="bad_request", kind="invalid_request", message="The request could not be read.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """What failed is in the log already; this adds the id that the caller was told."""
    if not request.path_info.startswith(API):
        return defaults.server_error(request)
    answer = bare_error(500, code="internal_error", kind="server_error", message="Something failed on our side.")
    logger.error("An API view failed.", extra={"request_id": answer["X-Request-Id"]})
    return answer
