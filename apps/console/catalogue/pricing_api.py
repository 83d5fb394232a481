"""The door for front ends written for New API that read prices: `GET /api/pricing`."""

from typing import Final

import msgspec
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from apps.console.catalogue.quota_prices import quota_prices
from apps.console.public_answers import keep_for_everybody, keep_for_the_caller, tag_of, unchanged
from apps.core import clock
from apps.core.api import TEAM
from apps.marketplace import listing as rules
from apps.marketplace import queries as marketplace
from apps.teams.authentication import PlatformView
from apps.teams.decorators import team_or_nobody

# Numbers and not texts, as those front ends calculate with them; exact all the same.
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


class QuotaPriceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    model_name = serializers.CharField()
    vendor_id = serializers.IntegerField(help_text="An entry of `vendors` in this answer; it means nothing elsewhere.")
    owner_by = serializers.CharField()
    quota_type = serializers.IntegerField(help_text="0: by tokens, with ratios; 1: `model_price` for one.")
    model_ratio = serializers.FloatField(help_text="1 is US$2 for a million input tokens.")
    model_price = serializers.FloatField(help_text="US dollars for one call, image, second or search.")
    completion_ratio = serializers.FloatField(help_text="Output in parts of input.")
    cache_ratio = serializers.FloatField(required=False)
    create_cache_ratio = serializers.FloatField(required=False)
    image_ratio = serializers.FloatField(required=False)
    audio_ratio = serializers.FloatField(required=False)
    audio_completion_ratio = serializers.FloatField(required=False)
    enable_groups = serializers.ListField(child=serializers.CharField())
    supported_endpoint_types = serializers.ListField(child=serializers.CharField())
    is_exact = serializers.BooleanField(help_text="false: the price has tiers, conditions or meters that ratios lack.")


class QuotaVendorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    name = serializers.CharField()


class QuotaPricesSerializer(serializers.Serializer):  # type: ignore[type-arg]
    success = serializers.BooleanField()
    data = QuotaPriceSerializer(many=True)  # type: ignore[assignment]  # a declared field, not the property
    vendors = QuotaVendorSerializer(many=True)
    group_ratio = serializers.DictField(child=serializers.FloatField())
    usable_group = serializers.DictField(child=serializers.CharField())
    supported_endpoint = serializers.DictField()
    auto_groups = serializers.ListField(child=serializers.CharField())
    pricing_version = serializers.CharField()


class PricingView(PlatformView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="pricing_retrieve", parameters=[TEAM], responses=QuotaPricesSerializer)
    def get(self, request: Request) -> HttpResponseBase:
        """For front ends written for New API: the prices that the caller sees, as multipliers; 500,000 quota are US$1.

        Calls are billed by `pricing_config`, which `/api/models` has. A price that multipliers cannot say is left out;
        one that they say in part has `is_exact: false` and shows what a short call costs.
        """
        at, team = clock.now(), team_or_nobody(request, scope="read")
        listing = marketplace.listing(at=at)
        reach, rate = listing.reach_of(team, at=at), listing.credits_per("USD", at=at)
        tag = tag_of(listing.stamp, listing.until_at, reach, rate, get_language())
        response = unchanged(request._request, tag)
        if response is None:
            seen = rules.seen_by(listing.models, reach)
            body = quota_prices(seen, reach, rate, language=get_language() or "") | {"pricing_version": tag.strip('"')}
            response = HttpResponse(_JSON.encode(body), content_type="application/json")
        if team is None:
            keep_for_everybody(response, tag, at=at, until=listing.until_at)
        else:
            keep_for_the_caller(response, tag)
        return response
