"""Shapes of teams on the platform API."""

from rest_framework import serializers

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
