"""Shapes of teams on the platform API."""

from rest_framework import serializers

from apps.teams.limits import TokenState
from apps.teams.models import Role, Scope
from apps.teams.types import PersonalTokenEntry, TeamAccess


class TeamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    personal = serializers.BooleanField(source="is_personal")
    role = serializers.ChoiceField(choices=Role.choices)
    permissions = serializers.SerializerMethodField()
    access_group = serializers.CharField(source="main_group")

    def get_permissions(self, team: TeamAccess) -> list[str]:
        return sorted(team.permissions)


class AccessTokenSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A personal access token without its secret."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    last_four = serializers.CharField()
    team = serializers.SerializerMethodField(help_text="Null once you are in the team no more.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    state = serializers.ChoiceField(choices=[state.value for state in TokenState])
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()

    def get_team(self, entry: PersonalTokenEntry) -> str | None:
        return entry.team or None


class AccessTokenPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AccessTokenSerializer(many=True)


class TeamPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TeamSerializer(many=True)
