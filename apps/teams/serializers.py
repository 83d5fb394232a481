"""Shapes of teams and wallets on the platform API."""

from rest_framework import serializers

from apps.core.api import CreditsField
from apps.teams.models import Role
from apps.teams.types import TeamAccess


class TeamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    personal = serializers.BooleanField(source="is_personal")
    role = serializers.ChoiceField(choices=Role.choices)
    permissions = serializers.SerializerMethodField()
    access_group = serializers.CharField(source="main_group")

    def get_permissions(self, team: TeamAccess) -> list[str]:
        return sorted(team.permissions)


class TeamPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TeamSerializer(many=True)


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
    usd_equivalent = CreditsField(help_text="The balance in US dollars at the rate of today; for display.")
    arrears = CreditsField()
    lots = LotSerializer(many=True)
