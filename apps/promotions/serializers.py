"""Shapes of `/api/referrals`."""

from rest_framework import serializers

from apps.core.api import CreditsField, StrictSerializer
from apps.promotions.types import RewardStatus, Trigger


class RewardSumsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    pending = CreditsField(source="pending_nanos")
    available = CreditsField(source="available_nanos", help_text="Can be moved to a balance; nothing else spends it.")
    transferred = CreditsField(source="transferred_nanos")
    shortfall = CreditsField(
        source="shortfall_nanos", help_text="Reversed after it was transferred; the next rewards make up for it."
    )


class EarnedRewardSerializer(serializers.Serializer):  # type: ignore[type-arg]
    trigger = serializers.ChoiceField(choices=Trigger.values)
    status = serializers.ChoiceField(choices=RewardStatus.values)
    amount = CreditsField(source="amount_nanos", help_text="After what was reversed.")
    reversed = CreditsField(source="reversed_nanos")
    earned_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When a pending reward becomes available.")


class InviteeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    invitee = serializers.CharField(source="masked", help_text="Masked: nobody can be found by it.")
    joined_at = serializers.DateTimeField()
    rewards = EarnedRewardSerializer(many=True)


class ReferralPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    link = serializers.CharField()
    rewards = RewardSumsSerializer()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = InviteeSerializer(many=True)


class RewardTransferRequestSerializer(StrictSerializer):
    team = serializers.CharField(required=False)
    amount = CreditsField()


class RewardTransferSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    team = serializers.CharField()
    amount = CreditsField(source="amount_nanos")
    at = serializers.DateTimeField()
