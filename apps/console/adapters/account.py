"""Accounts and their flows: sign-up, mail, client address, messages."""

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.console.adapters.sign_up import register
from apps.core.http import request_ip

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger(__name__)

# Said by the page itself; a toast on top would only repeat it.
_SILENT = {"account/messages/logged_in.txt", "account/messages/email_confirmation_sent.txt"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("E-mail and password do not match. Check both, or reset the password."),
        "incorrect_code": _("This code is not right. Check the digits, or ask for a new one."),
        "incorrect_password": _("This is not your password. Check it, or reset it."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again or reset the password."),
    }

    def save_user(self, request: HttpRequest, user: "User", form: Form, commit: bool = True) -> "User":  # noqa: FBT001
        """Fills the user from the form and stores it with its team."""
        user.email = form.cleaned_data["email"]
        user.set_password(form.cleaned_data["password1"])
        return register(request, user)

    def post_login(self, request: HttpRequest, user: "User", **kwargs: Any) -> HttpResponse:
        """Pages speak the language the person chose, on every device."""
        response = cast(HttpResponse, super().post_login(request, user, **kwargs))
        remember_language(response, user.language)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent at once, because codes must not be stored. Without a mail server the page still answers."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            logger.warning("mail not sent", extra={"mail": template_prefix, "error": type(error).__name__})
            messages.error(self.request, _("The mail could not be sent. Ask for a new one in a minute."))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if message_template in _SILENT and level <= messages.SUCCESS:
            return
        super().add_message(request, level, message_template, message_context, extra_tags, message)

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_ip(request)


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
