"""Shapes of what the platform API composes from several apps: the wallet of a team, models with their limits."""

import re
from datetime import date, datetime
from typing import Final

from rest_framework import serializers

from apps.core.api import CreditsField, LimitSerializer, StrictSerializer
from apps.core.billing_calendar import day_start
from apps.teams import roles
from apps.wallet.statement_lines import Code

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


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
    free_remaining = CreditsField(help_text="What is left of lots that nothing was paid for; a part of the balance.")
    stop_when_free_is_used_up = serializers.BooleanField(
        help_text="Calls answer 402 when no free credit is left, and paid credit stays untouched."
    )
    lots = LotSerializer(many=True)


class WalletChangeSerializer(StrictSerializer):
    team = serializers.CharField(required=False)
    stop_when_free_is_used_up = serializers.BooleanField()


class BusinessInstantField(serializers.DateTimeField):
    """An instant; a plain date stands for the beginning of that business day."""

    def to_internal_value(self, value: object) -> datetime:
        if isinstance(value, str) and (on := _date_of(value)) is not None:
            _check_year(on)
            return day_start(on)
        return super().to_internal_value(value)  # type: ignore[arg-type]  # refuses what is no text


class StatementFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Without `from` since the first of this business month; without `to` to the end of today. `to` is not included."""

    kind = serializers.ChoiceField(required=False, choices=[code.value for code in Code])

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        help_text = "An instant, or a date for the beginning of that business day."
        instants = {
            name: BusinessInstantField(required=False, validators=[_check_year], help_text=help_text)
            for name in ("from", "to")
        }
        return {**super().get_fields(), **instants}


class MovementSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=[code.value for code in Code])
    amount = CreditsField(source="amount_nanos", help_text="Below 0 for what left the wallet.")
    balance = CreditsField(source="balance_nanos", help_text="Of the wallet, after this movement.")
    request_id = serializers.CharField(allow_null=True)
    lot = serializers.CharField(allow_null=True)
    corrects = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    business_on = serializers.DateField(allow_null=True)


class TotalSerializer(serializers.Serializer):  # type: ignore[type-arg]
    kind = serializers.ChoiceField(choices=[code.value for code in Code], source="code")
    amount = CreditsField(source="amount_nanos")
    count = serializers.IntegerField()


class StatementSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """`opening` plus the amounts of `totals` is `closing`, whatever `kind` and page show."""

    team = serializers.CharField()
    opening = CreditsField()
    closing = CreditsField()
    totals = TotalSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MovementSerializer(many=True)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`from` is a keyword of Python and cannot stand in the class."""
        return {**super().get_fields(), "from": serializers.DateTimeField(), "to": serializers.DateTimeField()}


class LogFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Which calls of the log. `from` is included, `to` is not."""

    token = serializers.CharField(required=False, help_text="Public id of a token, deleted ones too.")
    model = serializers.CharField(required=False, max_length=120)
    status = serializers.IntegerField(required=False, min_value=100, max_value=599)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """`from` is a keyword of Python and cannot stand in the class."""
        instants = {
            name: serializers.DateTimeField(required=False, validators=[_check_year]) for name in ("from", "to")
        }
        return {**super().get_fields(), **instants}


class LoggedCallSerializer(serializers.Serializer):  # type: ignore[type-arg]
    request_id = serializers.CharField()
    at = serializers.DateTimeField()
    token = serializers.CharField()
    token_name = serializers.CharField()
    model = serializers.CharField()
    endpoint = serializers.CharField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    cost = CreditsField()
    price_version = serializers.IntegerField(allow_null=True)
    status = serializers.IntegerField()
    error_code = serializers.CharField(allow_blank=True)
    latency_ms = serializers.IntegerField()
    first_byte_ms = serializers.IntegerField(allow_null=True)
    streamed = serializers.BooleanField()
    estimated = serializers.BooleanField(help_text="Tokens were counted by us, because the upstream sent no usage.")
    ip = serializers.IPAddressField(allow_null=True)


class CostLineSerializer(serializers.Serializer):  # type: ignore[type-arg]
    meter = serializers.CharField()
    quantity = serializers.IntegerField()
    price = serializers.CharField(help_text="Credits for each `unit` of the meter.")
    unit = serializers.IntegerField()
    cost = CreditsField(source="nanos")


class DrawnFromSerializer(serializers.Serializer):  # type: ignore[type-arg]
    lot = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field, not the argument of that name
    amount = CreditsField(source="amount_nanos")
    spend_until = serializers.DateTimeField(allow_null=True)


class RefundedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    at = serializers.DateTimeField()
    amount = CreditsField(source="amount_nanos")
    reason = serializers.CharField()


class CallSerializer(LoggedCallSerializer):
    """`lines` at the list price, `multiplier_cost` and `uncharged` add up to `cost`; `net` is after refunds."""

    settled_at = serializers.DateTimeField()
    held = CreditsField(allow_null=True)
    cache_write_tokens = serializers.IntegerField()
    reasoning_tokens = serializers.IntegerField()
    quantities = serializers.DictField(help_text="Counts of other meters, and the conditions of the price.")
    access_group = serializers.CharField()
    lines = CostLineSerializer(many=True)
    multiplier = serializers.CharField()
    multiplier_cost = CreditsField()
    uncharged = CreditsField(help_text="Negative where the balance had run out.")
    drawn_from = DrawnFromSerializer(many=True)
    refunds = RefundedSerializer(many=True)
    net = CreditsField()


class LogPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LoggedCallSerializer(many=True)


def _check_year(at: date) -> None:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise serializers.ValidationError("Write an instant of this century.")


def _date_of(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(text) if match else None
    except ValueError:
        return None


class OwnUserFieldsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField(help_text="Stable and without meaning.")
    username = serializers.EmailField()
    display_name = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.IntegerField(help_text="Always 1: a user.")
    status = serializers.IntegerField(help_text="Always 1: enabled.")
    group = serializers.CharField(help_text="The team's main access group.")
    quota = serializers.IntegerField(help_text="What the team can spend now, 500,000 a US dollar.")
    used_quota = serializers.IntegerField(help_text="What its calls were charged so far, refunds not taken off.")
    request_count = serializers.IntegerField()
    aff_code = serializers.CharField(help_text="The caller's referral code; empty before its first use.")
    aff_count = serializers.IntegerField(help_text="Always 0: /api/referrals lists who came by it.")
    aff_quota = serializers.IntegerField(help_text="Always 0: rewards are no quota. See /api/referrals.")
    aff_history_quota = serializers.IntegerField(help_text="Always 0.")
    inviter_id = serializers.IntegerField(help_text="Always 0.")


class OwnUserSerializer(serializers.Serializer):  # type: ignore[type-arg]
    success = serializers.BooleanField()
    message = serializers.CharField(allow_blank=True)
    data = OwnUserFieldsSerializer()  # type: ignore[assignment]  # a declared field, not the property of that name


class MemberSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=roles.ROLES)
    joined_at = serializers.DateTimeField()


class MemberDetailSerializer(MemberSerializer):
    budget = LimitSerializer(allow_null=True, help_text="What the tokens that the member made there may spend.")


class MemberPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MemberDetailSerializer(many=True)


class ChangedMemberSerializer(StrictSerializer):
    role = serializers.ChoiceField(choices=roles.GIVEN)
