"""Accounts elsewhere: who may come in with one, and as whom. Nobody gets another person's account through one."""

import logging
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import queries as people
from apps.console.adapters.sign_up import register
from apps.console.identities import NAMES

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger(__name__)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultSocialAccountAdapter.error_messages | {
        "email_taken": gettext_lazy("There is an account with this e-mail address already."),
    }

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Before anything happens: a proof of who is signed in already, or an address that has an account here."""
        process = sociallogin.state.get("process")
        if process == AuthProcess.REDIRECT:
            _prove(request, sociallogin)
        elif process == AuthProcess.LOGIN and not sociallogin.is_existing:
            _refuse_known_address(request, sociallogin)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> "User":
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:80]
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> "User":
        """The same sign-up as with a password. The address counts as confirmed only if the provider says so of it."""
        user: User = sociallogin.user
        if form is not None:
            user.email = form.cleaned_data["email"]
        vouched = {address.email.lower() for address in sociallogin.email_addresses if address.verified}
        return register(request, user, identity=sociallogin.account, is_email_confirmed=user.email.lower() in vouched)

    def send_notification_mail(self, template_prefix: str, user: "User", context: dict[str, Any]) -> None:
        """By the name that people know the provider by."""
        named = context | {"provider": NAMES[context["account"].provider]}
        super().send_notification_mail(template_prefix, user, named)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        cause = type(exception).__name__ if exception else str(error)
        logger.warning("sign-in elsewhere failed", extra={"provider": provider.sub_id, "error": cause})


def _prove(request: HttpRequest, login: SocialLogin) -> None:
    """Somebody who is signed in shows an account elsewhere again, and it must be one that opens this account."""
    if request.user.is_authenticated and login.is_existing and login.user.pk == request.user.pk:
        record_authentication(
            request, request.user, "socialaccount", provider=login.account.provider, reauthenticated=True
        )
        return
    messages.error(request, _("This account does not open the Sluice account that you are signed in with."))
    raise ImmediateHttpResponse(redirect("identity_confirm"))


def _refuse_known_address(request: HttpRequest, login: SocialLogin) -> None:
    """Whoever the provider vouches for may hear that the address has an account; anybody else gets the answer that a
    new address gets, and the owner a mail.
    """
    vouched = [address.email for address in login.email_addresses if address.verified]
    if not any(people.user_by_email(email) for email in vouched):
        return
    name = NAMES[login.account.provider]
    text = _("You have an account with this address. Sign in to it, then connect %(provider)s under Security.")
    messages.warning(request, text % {"provider": name})
    raise ImmediateHttpResponse(redirect("account_login"))
