"""The dictionaries on the platform API: what front ends render types, filters and prices by. Public, with ETags."""

from collections.abc import Mapping

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.console.catalogue.dictionary_serializers import (
    ModelTypesSerializer,
    PricingTemplateDetailSerializer,
    PricingTemplatesSerializer,
    TemplateFilterSerializer,
    TemplateVersionSerializer,
    TypeFilterSerializer,
)
from apps.console.public_answers import keep_for_everybody, keep_for_the_caller, tag_of, unchanged
from apps.core import clock
from apps.core.api import TEAM
from apps.marketplace import queries as marketplace
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_or_nobody


class ModelTypesView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="model_types_list", parameters=[TEAM, TypeFilterSerializer], responses=ModelTypesSerializer
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The types of models, with how many of each the caller may call. A new type appears here without a release of
        ours. Types without a model are left out unless `empty` is true."""
        asked = TypeFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        at, team = clock.now(), team_or_nobody(request, scope="read")
        stamp = marketplace.catalogue_stamp("model_types")
        reach = marketplace.reach_of(team.id if team else None, at=at)
        cards = marketplace.model_types(reach, with_empty=asked.validated_data["empty"])
        found = {"version": stamp.newest, "updated_at": stamp.changed_at, "items": cards}
        return _answer(request, ModelTypesSerializer(found).data, is_own=team is not None)


class PricingTemplatesView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="pricing_templates_list",
        parameters=[TemplateFilterSerializer],
        responses=PricingTemplatesSerializer,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The newest version of every pricing template; deprecated ones say so."""
        asked = TemplateFilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        stamp = marketplace.catalogue_stamp("pricing_templates")
        cards = marketplace.pricing_templates(asked.validated_data.get("type", ""))
        found = {"version": stamp.newest, "updated_at": stamp.changed_at, "items": cards}
        return _answer(request, PricingTemplatesSerializer(found).data, is_own=False)


class PricingTemplateView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="pricing_templates_retrieve",
        parameters=[TemplateVersionSerializer],
        responses=PricingTemplateDetailSerializer,
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """A version of a pricing template. Versions are never edited: a price keeps to the one it names."""
        asked = TemplateVersionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        card = marketplace.pricing_template(code, version=asked.validated_data.get("version"))
        if card is None:
            raise NotFound("There is no such pricing template.")
        return _answer(request, PricingTemplateDetailSerializer(card).data, is_own=False)


def _answer(request: Request, body: Mapping[str, object], *, is_own: bool) -> HttpResponseBase:
    """The body, or 304 for who has it; kept by any cache for a minute unless it `is_own`, made for this caller."""
    tag = tag_of(body)
    response = unchanged(request._request, tag) or Response(body)
    if is_own:
        keep_for_the_caller(response, tag)
    else:
        keep_for_everybody(response, tag, at=clock.now(), until=None)
    return response
