"""API tokens, channels and their keys in the back office. A key goes in through one form and is never shown."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from asgiref.sync import async_to_sync
from django import forms
from django.contrib import admin
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import ReadOnlyAdmin, ReasonForm, ServiceAction, ServiceActionsMixin
from apps.core.errors import Conflict
from apps.core.money import credits_text
from apps.relay import queries, services
from apps.relay.errors import ChannelInvalid
from apps.relay.models import ApiToken, Channel, ChannelKey, ChannelModel
from apps.relay.probe import probe
from apps.relay.transports import new_transport

Call = Callable[..., object]
TERMS = ("kind", "base_url", "priority", "weight", "region", "transport", "bills_after_cancel")


def _actor(request: HttpRequest) -> int:
    return cast(int, request.user.pk)


# -- API tokens ----------------------------------------------------------------------------------


def _disable_token(request: HttpRequest, token: ApiToken, cleaned: dict[str, Any]) -> str:
    services.disable_token(token.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The token is disabled.")


def _enable_token(request: HttpRequest, token: ApiToken, cleaned: dict[str, Any]) -> str:
    services.enable_token(token.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The token is enabled.")


def _delete_token(request: HttpRequest, token: ApiToken, cleaned: dict[str, Any]) -> str:
    services.delete_token(token.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The token is deleted.")


@admin.register(ApiToken)
class ApiTokenAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("name", "public_id", "team", "shown", "limit", "created_at", "disabled_at", "deleted_at")
    list_select_related = ("team", "created_by")
    list_filter = ("legacy",)
    search_fields = ("name", "team__name", "last_four")
    fields = (
        *("name", "public_id", "team", "shown", "limit", "model_codes", "ip_allow", "concurrency", "rpm", "tpm"),
        *("expires_at", "created_by", "created_at", "disabled_at", "deleted_at", "legacy"),
    )
    service_actions = (
        ServiceAction(
            name="disable",
            label=_("Disable"),
            explanation=_("Its next call is refused; calls under way finish. It can be enabled again."),
            permission="relay.change_apitoken",
            call=_disable_token,
            offered_for=lambda token: token.disabled_at is None and token.deleted_at is None,
        ),
        ServiceAction(
            name="enable",
            label=_("Enable"),
            explanation=_("The token may be used again at once."),
            permission="relay.change_apitoken",
            call=_enable_token,
            offered_for=lambda token: token.disabled_at is not None and token.deleted_at is None,
        ),
        ServiceAction(
            name="end",
            label=_("Delete"),
            explanation=_("The token ends for good; its name stays in the logs. The balance is not touched."),
            permission="relay.change_apitoken",
            call=_delete_token,
            offered_for=lambda token: token.deleted_at is None,
        ),
    )

    @admin.display(description=_("token"))
    def shown(self, token: ApiToken) -> str:
        return f"{token.prefix}…{token.last_four}"

    @admin.display(description=_("limit"))
    def limit(self, token: ApiToken) -> str:
        return credits_text(token.limit_nanos) if token.limit_nanos else _now("Unlimited")


# -- Channels ------------------------------------------------------------------------------------


class ChannelForm(forms.ModelForm[Channel]):
    base_url = forms.URLField(label=_("base URL"), max_length=300, required=False, assume_scheme="https")

    class Meta:
        model = Channel
        fields = ("name", *TERMS, "access_groups")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        terms: dict[str, Any] = {name: cleaned[name] for name in TERMS if name in cleaned}
        try:
            services.check_channel(Channel(name="-"), **cast(services.ChannelTerms, terms))
        except ChannelInvalid as error:
            field = str(error.details.get("field", ""))
            raise ValidationError({field if field in self.fields else NON_FIELD_ERRORS: str(error.text)}) from None
        return cleaned


class KeyForm(ReasonForm):
    key = forms.CharField(
        label=_("Key"),
        max_length=4_000,
        strip=True,
        help_text=_("Stored encrypted. Nobody can read it here again, only replace it."),
        widget=forms.PasswordInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )


class ProbeForm(ReasonForm):
    model = forms.CharField(label=_("Model"), required=False, help_text=_("Empty: the first one of the channel."))
    reason = forms.CharField(label=_("Reason"), max_length=200, initial=_("Connection test"))


def _add_key(request: HttpRequest, channel: Channel, cleaned: dict[str, Any]) -> str:
    services.add_channel_key(
        channel.pk, cleaned["key"], actor=_actor(request), at=clock.now(), reason=cleaned["reason"]
    )
    return _now("The key is stored.")


def _enable(request: HttpRequest, channel: Channel, cleaned: dict[str, Any]) -> str:
    services.enable_channel(channel.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The channel is on.")


def _disable(request: HttpRequest, channel: Channel, cleaned: dict[str, Any]) -> str:
    services.disable_channel(channel.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The channel is off.")


def _test(request: HttpRequest, channel: Channel, cleaned: dict[str, Any]) -> str:
    snapshot = queries.channel_snapshot(channel)
    model = queries.model_to_probe(channel, cleaned["model"])
    if model is None:
        raise Conflict(_("The channel serves no such chat or embedding model."))
    result = async_to_sync(probe)(
        snapshot, new_transport(snapshot), model_code=model.code, embeds=model.type == "embedding"
    )
    if result.problem:
        facts = {"model": model.code, "problem": result.problem}
        raise Conflict(_now("The model %(model)s gave no good answer: %(problem)s.") % facts)
    return _now("The model %(model)s answered within %(ms)s ms.") % {"model": model.code, "ms": result.milliseconds}


class ChannelModelInline(admin.TabularInline[ChannelModel, Channel]):
    model = ChannelModel
    extra = 0
    autocomplete_fields = ("model",)


class ChannelKeyInline(admin.TabularInline[ChannelKey, Channel]):
    """Which keys there are; what they are stays unread."""

    model = ChannelKey
    fields = readonly_fields = ("last_four", "source", "enabled", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Channel)
@method_decorator(reauthentication_required(allow_get=True), name="changeform_view")
@method_decorator(reauthentication_required(allow_get=True), name="delete_view")
class ChannelAdmin(ServiceActionsMixin, admin.ModelAdmin[Channel]):
    """Our own credentials go where these rows point: each change asks for a recent sign-in and leaves an entry."""

    form = ChannelForm
    list_display = ("name", "kind", "base_url", "priority", "weight", "key_count", "model_count", "enabled")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "base_url")
    fields = ("name", *TERMS, "access_groups", "enabled", "disabled_reason")
    readonly_fields = ("enabled", "disabled_reason")
    filter_horizontal = ("access_groups",)
    inlines = (ChannelModelInline, ChannelKeyInline)
    actions = None
    service_actions = (
        ServiceAction(
            name="add_key",
            label=_("Add a key"),
            explanation=_("Calls use every key of the channel that is on. A new address or kind drops all keys."),
            permission="relay.add_channelkey",
            call=_add_key,
            form=KeyForm,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="test",
            label=_("Test"),
            explanation=_("Sends one small real call through the channel. The upstream may charge us for it."),
            permission="relay.change_channel",
            call=_test,
            form=ProbeForm,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="disable",
            label=_("Switch off"),
            explanation=_("No new call takes this channel, within a second. Calls under way finish."),
            permission="relay.change_channel",
            call=_disable,
            offered_for=lambda channel: channel.enabled,
        ),
        ServiceAction(
            name="enable",
            label=_("Switch on"),
            explanation=_("Calls may take this channel again, within a second."),
            permission="relay.change_channel",
            call=_enable,
            offered_for=lambda channel: not channel.enabled,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        return queries.channels()

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> tuple[str, ...]:
        """The name is what catalogue files refer to."""
        return (*self.readonly_fields, "name") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Channel, form: ChannelForm, change: bool) -> None:  # noqa: FBT001
        terms = cast(services.ChannelTerms, {name: form.cleaned_data[name] for name in TERMS})
        if change:
            services.change_channel(obj.pk, actor=_actor(request), at=clock.now(), **terms)
        else:
            obj.pk = services.create_channel(obj.name, actor=_actor(request), at=clock.now(), **terms).pk

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        services.remove_channel(obj.pk, actor=_actor(request), at=clock.now())

    @admin.display(description=_("keys"))
    def key_count(self, channel: Any) -> int:
        return int(channel.key_count)

    @admin.display(description=_("models"))
    def model_count(self, channel: Any) -> int:
        return int(channel.model_count)


def _remove_key(request: HttpRequest, key: ChannelKey, cleaned: dict[str, Any]) -> str:
    services.remove_channel_key(key.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The key is gone.")


def _switch_key_off(request: HttpRequest, key: ChannelKey, cleaned: dict[str, Any]) -> str:
    services.disable_channel_key(key.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The key is off.")


def _switch_key_on(request: HttpRequest, key: ChannelKey, cleaned: dict[str, Any]) -> str:
    services.enable_channel_key(key.pk, actor=_actor(request), at=clock.now(), reason=cleaned["reason"])
    return _now("The key is on.")


@admin.register(ChannelKey)
class ChannelKeyAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("__str__", "channel", "source", "enabled", "created_at")
    list_select_related = ("channel",)
    fields = ("channel", "last_four", "source", "enabled", "created_at")
    service_actions = (
        ServiceAction(
            name="disable",
            label=_("Switch off"),
            explanation=_("Calls no longer use this key, within a second."),
            permission="relay.change_channelkey",
            call=_switch_key_off,
            offered_for=lambda key: key.enabled,
        ),
        ServiceAction(
            name="enable",
            label=_("Switch on"),
            explanation=_("Calls may use this key again."),
            permission="relay.change_channelkey",
            call=_switch_key_on,
            offered_for=lambda key: not key.enabled,
        ),
        ServiceAction(
            name="remove",
            label=_("Remove"),
            explanation=_("The key is deleted here. Revoke it at the upstream as well."),
            permission="relay.delete_channelkey",
            call=_remove_key,
            wants_recent_sign_in=True,
        ),
    )
