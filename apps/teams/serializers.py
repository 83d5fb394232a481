"""Shapes of teams on the platform API."""

from rest_framework import serializers

from apps.core.api import CreditsField, LimitSerializer, StrictSerializer
from apps.teams import roles
from apps.teams.limits import TokenState
from apps.teams.models import Scope
from apps.teams.types import REFILLS, PersonalTokenEntry, TeamAccess


class TeamSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    personal = serializers.BooleanField(source="is_personal")
    role = serializers.ChoiceField(choices=roles.ROLES)
    permissions = serializers.SerializerMethodField()
    access_group = serializers.CharField(source="main_group")

    def get_permissions(self, team: TeamAccess) -> list[str]:
        return sorted(team.permissions)


class TeamDetailSerializer(TeamSerializer):
    budget = LimitSerializer(allow_null=True, help_text="What all its calls may spend; null where there never was one.")


class MemberBudgetSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    name = serializers.CharField()
    budget = LimitSerializer(allow_null=True)


class BudgetsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    team = serializers.CharField()
    budget = LimitSerializer(allow_null=True)
    members = MemberBudgetSerializer(many=True)


class ChangedBudgetSerializer(StrictSerializer):
    limit = CreditsField(allow_null=True, help_text='Null lifts the budget; "0" stops every call that costs something.')
    reset = serializers.ChoiceField(choices=REFILLS, required=False, allow_null=True)


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


class NewTeamSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80)


class ChangedTeamSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80, required=False)


class InvitationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """An invitation that waits. Its secret stands in the mail and nowhere else."""

    id = serializers.CharField(source="public_id")
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=roles.GIVEN)
    invited_by = serializers.CharField(source="inviter")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    expired = serializers.BooleanField(source="is_expired")


class InvitationPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InvitationSerializer(many=True)


class NewInvitationSerializer(StrictSerializer):
    email = serializers.CharField(max_length=254)
    role = serializers.ChoiceField(choices=roles.GIVEN)
