"""Shapes of what the platform API composes from several apps: the wallet of a team, models with their limits."""

from rest_framework import serializers

from apps.core.api import CreditsField


class LotSerializer(serializers.Serializer):  # type: ignore[type-arg]
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field, not the argument of that name
    granted = CreditsField(source="granted_nanos")
    remaining = CreditsField(source="remaining_nanos")
    spend_until = serializers.DateTimeField(allow_null=True)
    refund_until = serializers.DateTimeField(allow_null=True)


class WalletSerializer(serializers.Serializer):  # type: ignore[type-arg]
    team = serializers.CharField()
    balance = CreditsField()
    held = CreditsField()
    available = CreditsField()
    usd_equivalent = CreditsField(help_text="The balance in US dollars at the rate in force; for display.")
    arrears = CreditsField()
    lots = LotSerializer(many=True)
