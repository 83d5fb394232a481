"""What may be kept of an answer: by whom, for how long, and whether what a browser kept still holds."""

import hashlib
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import quote_etag

from apps.console.public_pages import KEPT_SECONDS


def tag_of(*facts: object) -> str:
    """The ETag of an answer that these facts decide."""
    return quote_etag(hashlib.sha256(repr(facts).encode()).hexdigest()[:32])


def unchanged(request: HttpRequest, tag: str) -> HttpResponseBase | None:
    """The 304 for a browser that kept the answer with this tag; None for everybody else."""
    return get_conditional_response(request, etag=tag)


def keep_for_everybody(response: HttpResponseBase, tag: str, *, at: datetime, until: datetime | None) -> None:
    """For answers to strangers: any cache may keep them, for a minute, and not beyond `until`."""
    rest = KEPT_SECONDS if until is None else min(KEPT_SECONDS, int((until - at).total_seconds()))
    response["ETag"] = tag
    patch_cache_control(response, public=True, max_age=rest)
    patch_vary_headers(response, ("Authorization", "Cookie"))


def keep_for_the_caller(response: HttpResponseBase, tag: str) -> None:
    """For answers that are one caller's own: the caller's browser may keep them, and asks each time."""
    response["ETag"] = tag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ("Authorization", "Cookie"))
