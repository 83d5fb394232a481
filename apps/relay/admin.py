"""API tokens, channels and their keys in the back office. A key goes in through one form and is never shown."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.core.admin import (
    ReadOnlyAdmin,
    RecentSignInMixin,
    ServiceAction,
    ServiceActionsMixin,
    actor_of,
    by_service,
)
from apps.core.errors import Conflict
from apps.core.money import credits_text
from apps.relay import queries, services
from apps.relay.forms import TERMS, ChannelForm, KeyForm, ProbeForm, TokenLimitForm
from apps.relay.models import ApiToken, Channel, ChannelKey, ChannelModel
from apps.relay.probe import probe
from apps.relay.transports import new_transport


def _set_limit(request: HttpRequest, token: ApiToken, cleaned: dict[str, Any]) -> str:
    services.change_token(
        token.pk,
        actor=actor_of(request),
        at=clock.now(),
        reason=cleaned["reason"],
        limit_nanos=cleaned["limit"] or 0,
        reset=cleaned["reset"],
    )
    return gettext("The limit is changed.")


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
            name="limit",
            label=_("Change limit"),
            explanation=_("Holds from the next call on. What was used in this period stays used."),
            permission="relay.change_apitoken",
            call=_set_limit,
            form=TokenLimitForm,
            initial=lambda token: {"limit": credits_text(token.limit_nanos), "reset": token.reset},
            offered_for=lambda token: token.deleted_at is None,
        ),
        ServiceAction(
            name="disable",
            label=_("Disable token"),
            explanation=_("Its next call is refused; calls under way finish. It can be enabled again."),
            permission="relay.change_apitoken",
            call=by_service(services.disable_token, _("The token is disabled.")),
            offered_for=lambda token: token.disabled_at is None and token.deleted_at is None,
        ),
        ServiceAction(
            name="enable",
            label=_("Enable token"),
            explanation=_("The token may be used again at once."),
            permission="relay.change_apitoken",
            call=by_service(services.enable_token, _("The token is enabled.")),
            offered_for=lambda token: token.disabled_at is not None and token.deleted_at is None,
        ),
        ServiceAction(
            name="end",
            label=_("Delete token"),
            explanation=_("The token ends for good; its name stays in the logs. The balance is not touched."),
            permission="relay.change_apitoken",
            call=by_service(services.delete_token, _("The token is deleted.")),
            offered_for=lambda token: token.deleted_at is None,
        ),
    )

    @admin.display(description=_("token"))
    def shown(self, token: ApiToken) -> str:
        return f"{token.prefix}…{token.last_four}"

    @admin.display(description=_("limit"))
    def limit(self, token: ApiToken) -> str:
        return credits_text(token.limit_nanos) if token.limit_nanos else gettext("Unlimited")


def _add_key(request: HttpRequest, channel: Channel, cleaned: dict[str, Any]) -> str:
    services.add_channel_key(
        channel.pk, cleaned["key"], actor=actor_of(request), at=clock.now(), reason=cleaned["reason"]
    )
    return gettext("The key is stored.")


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
        raise Conflict(gettext("The model %(model)s gave no good answer: %(problem)s.") % facts)
    return gettext("The model %(model)s answered within %(ms)s ms.") % {"model": model.code, "ms": result.milliseconds}


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
class ChannelAdmin(RecentSignInMixin, ServiceActionsMixin, admin.ModelAdmin[Channel]):
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
            label=_("Add key"),
            explanation=_("Calls use every key of the channel that is on. A new address or kind drops all keys."),
            permission="relay.add_channelkey",
            call=_add_key,
            form=KeyForm,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="test",
            label=_("Test channel"),
            explanation=_("Sends one small real call through the channel. The upstream may charge us for it."),
            permission="relay.change_channel",
            call=_test,
            form=ProbeForm,
            wants_recent_sign_in=True,
        ),
        ServiceAction(
            name="disable",
            label=_("Switch channel off"),
            explanation=_("No new call takes this channel, within a second. Calls under way finish."),
            permission="relay.change_channel",
            call=by_service(services.disable_channel, _("The channel is off.")),
            offered_for=lambda channel: channel.enabled,
        ),
        ServiceAction(
            name="enable",
            label=_("Switch channel on"),
            explanation=_("Calls may take this channel again, within a second."),
            permission="relay.change_channel",
            call=by_service(services.enable_channel, _("The channel is on.")),
            offered_for=lambda channel: not channel.enabled,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        return queries.channels()

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> tuple[str, ...]:
        """The name is what catalogue files refer to."""
        return (*self.readonly_fields, "name") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Channel, form: ChannelForm, change: bool) -> None:  # noqa: FBT001
        """Waits for `save_related`: a channel and what it serves are one act."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        for formset in formsets:
            formset.save(commit=False)  # notes what changed, for the row's history
        rows = [row for formset in formsets for row in formset.cleaned_data if row.get("model")]
        terms: services.ChannelTerms = form.terms()
        terms["models"] = {row["model"].code: row["upstream_name"] for row in rows if not row.get("DELETE")}
        channel: Channel = form.instance
        if change:
            services.change_channel(channel.pk, actor=actor_of(request), at=clock.now(), **terms)
        else:
            channel.pk = services.create_channel(channel.name, actor=actor_of(request), at=clock.now(), **terms).pk

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        services.remove_channel(obj.pk, actor=actor_of(request), at=clock.now())

    @admin.display(description=_("keys"))
    def key_count(self, channel: Any) -> int:
        return int(channel.key_count)

    @admin.display(description=_("models"))
    def model_count(self, channel: Any) -> int:
        return int(channel.model_count)


@admin.register(ChannelKey)
class ChannelKeyAdmin(ServiceActionsMixin, ReadOnlyAdmin):
    list_display = ("__str__", "channel", "source", "enabled", "created_at")
    list_select_related = ("channel",)
    fields = ("channel", "last_four", "source", "enabled", "created_at")
    service_actions = (
        ServiceAction(
            name="disable",
            label=_("Switch key off"),
            explanation=_("Calls no longer use this key, within a second."),
            permission="relay.change_channelkey",
            call=by_service(services.disable_channel_key, _("The key is off.")),
            offered_for=lambda key: key.enabled,
        ),
        ServiceAction(
            name="enable",
            label=_("Switch key on"),
            explanation=_("Calls may use this key again."),
            permission="relay.change_channelkey",
            call=by_service(services.enable_channel_key, _("The key is on.")),
            offered_for=lambda key: not key.enabled,
        ),
        ServiceAction(
            name="remove",
            label=_("Remove key"),
            explanation=_("The key is deleted here. Revoke it at the upstream as well."),
            permission="relay.delete_channelkey",
            call=by_service(services.remove_channel_key, _("The key is gone.")),
            wants_recent_sign_in=True,
        ),
    )
