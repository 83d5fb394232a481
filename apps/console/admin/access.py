"""What teams may reach, and what access groups multiply prices by: the acts that write prices and grants of models."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.forms.access import EndModelGrantForm, GrantModelForm, MultiplierForm
from apps.core import clock
from apps.core.admin import ReasonForm, ServiceAction, actor_of
from apps.marketplace import queries
from apps.marketplace import services as marketplace
from apps.marketplace.grant_admin import ModelGrantInline
from apps.teams.access_admin import AccessGrantInline, AccessGroupPage, MembershipInline, TeamPage

Facts = Sequence[tuple[str | Promise, str]]


def _grant_model(request: HttpRequest, team: Any, cleaned: dict[str, Any]) -> str:
    marketplace.grant_model(
        team.pk,
        cleaned["model"],
        ends_at=cleaned["ends_at"],
        actor=actor_of(request),
        reason=cleaned["reason"],
        at=clock.now(),
    )
    return gettext("The team may call %(model)s now.") % {"model": cleaned["model"]}


def _end_model_grant(request: HttpRequest, team: Any, cleaned: dict[str, Any]) -> str:
    marketplace.end_model_grant(
        team.pk, cleaned["model"], actor=actor_of(request), reason=cleaned["reason"], at=clock.now()
    )
    return gettext("The grant of %(model)s is over.") % {"model": cleaned["model"]}


def _has_open_model_grant(team: Any) -> bool:
    return bool(queries.reach_of(team.pk, at=clock.now()).model_ids)


def _change_multiplier(request: HttpRequest, group: Any, cleaned: dict[str, Any]) -> str:
    changed = marketplace.change_multiplier(
        group.code,
        cleaned["multiplier"],
        at=clock.now(),
        starts_at=cleaned["starts_at"],
        actor=actor_of(request),
        reason=cleaned["reason"],
    )
    if not changed.changed:
        return gettext("This multiplier is in force or announced already: nothing was changed.")
    return gettext("The multiplier %(multiplier)s is announced and in force from %(instant)s UTC on.") % {
        "multiplier": marketplace.multiplier_text(cleaned["multiplier"]),
        "instant": f"{changed.starts_at:%Y-%m-%d %H:%M:%S}",
    }


def _withdraw_multiplier(request: HttpRequest, group: Any, cleaned: dict[str, Any]) -> str:
    marketplace.withdraw_multiplier(group.code, at=clock.now(), actor=actor_of(request), reason=cleaned["reason"])
    return gettext("The announced multiplier is withdrawn, and the feed says so.")


def _is_announced(group: Any) -> bool:
    return group.multipliers.change_after(clock.now()) is not None


def _multipliers(group: Any) -> Facts:
    at, multipliers = clock.now(), group.multipliers
    facts = [(_("In force"), marketplace.multiplier_text(multipliers.at(at)))]
    begins = multipliers.change_after(at)
    if begins is not None:
        facts.append(
            (_("Announced"), f"{marketplace.multiplier_text(multipliers.coming)} · {begins:%Y-%m-%d %H:%M} UTC")
        )
    return facts


@admin.register(TeamPage.teams)
class TeamAdmin(TeamPage):
    inlines = (AccessGrantInline, ModelGrantInline, MembershipInline)
    service_actions = (
        *TeamPage.service_actions,
        ServiceAction(
            name="grant-model",
            label=_("Grant model"),
            explanation=_(
                "The team sees the model at once and calls it at the multiplier and within the limits of its main "
                "group, over every channel that serves it. Granting a model again only moves its end."
            ),
            permission="marketplace.add_modelgrant",
            call=_grant_model,
            wants_recent_sign_in=True,
            form=GrantModelForm,
        ),
        ServiceAction(
            name="end-model-grant",
            label=_("End grant of a model"),
            explanation=_("Calls of this model are refused within a second, unless one of the team's groups has it."),
            permission="marketplace.change_modelgrant",
            call=_end_model_grant,
            wants_recent_sign_in=True,
            form=EndModelGrantForm,
            offered_for=_has_open_model_grant,
        ),
    )


@admin.register(AccessGroupPage.groups)
class AccessGroupAdmin(AccessGroupPage):
    service_actions = (
        ServiceAction(
            name="change-multiplier",
            label=_("Change multiplier"),
            explanation=_(
                "Everybody who calls through this group pays so many times the list price. A lower multiplier is in "
                "force at once, a higher one after the notice that price increases have. It is announced to those who "
                "see the group, and subscribers are told."
            ),
            permission="teams.change_accessgroup",
            call=_change_multiplier,
            wants_recent_sign_in=True,
            form=MultiplierForm,
            facts=_multipliers,
        ),
        ServiceAction(
            name="withdraw-multiplier",
            label=_("Withdraw announced multiplier"),
            explanation=_(
                "The multiplier in force stays. Whoever was told of the other one is told that it will not come."
            ),
            permission="teams.change_accessgroup",
            call=_withdraw_multiplier,
            wants_recent_sign_in=True,
            form=ReasonForm,
            facts=_multipliers,
            offered_for=_is_announced,
        ),
    )
