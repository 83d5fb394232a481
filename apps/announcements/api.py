"""The platform API of announcements: what the caller may read, newest first."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.announcements import queries
from apps.announcements.serializers import EntryFilterSerializer, EntryPageSerializer, EntrySerializer
from apps.announcements.types import Viewer
from apps.core import clock
from apps.core.api import CURSOR, LIMIT, page_body, page_of
from apps.teams.authentication import PlatformView
from apps.teams.decorators import require_scope, teams_of_caller


class EntryListView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="announcements_list",
        parameters=[EntryFilterSerializer, CURSOR, LIMIT],
        responses=EntryPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """What is announced to everybody and, for a caller who is signed in, to the teams behind the call. The same
        as RSS for everybody: /announcements/feed.xml with `category` and `language`."""
        asked = EntryFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        cursor, size = page_of(request)
        category = asked.validated_data.get("category", "")
        at = clock.now()
        page = queries.entries_page(_viewer(request), at=at, category=category, cursor=cursor, size=size)
        return _by_caller(Response(page_body(request, page.map(lambda entry: EntrySerializer(entry).data))))


class EntryView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="announcements_retrieve", responses=EntrySerializer)
    def get(self, request: Request, entry_id: str) -> Response:
        """One entry. A withdrawn one is gone: 404."""
        entry = queries.visible_entry(entry_id, _viewer(request), at=clock.now())
        if entry is None or entry.withdrawn_at is not None:
            raise NotFound("There is no such announcement.")
        return _by_caller(Response(EntrySerializer(entry).data))


def _viewer(request: Request) -> Viewer:
    if not request.user.is_authenticated:
        return queries.viewer_of(None, at=clock.now())
    require_scope(request, "read")
    return queries.viewer_of([team.id for team in teams_of_caller(request)], at=clock.now())


def _by_caller(response: Response) -> Response:
    """Entries differ by caller: no cache may hand one caller's answer to another."""
    response["Vary"] = "Authorization, Cookie"
    return response
