"""Accounts and their flows: sign-up, mail, client address, messages."""

import logging
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.errors import EmailTaken
from apps.accounts.types import Visit
from apps.console import kept_invitation
from apps.console.adapters import proofs
from apps.console.adapters.sign_up import register
from apps.console.identities import offered_codes
from apps.console.mail.rendering import tidy
from apps.core import clock
from apps.core.http import request_ip
from apps.promotions import services as promotions

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger(__name__)

_SESSION_EXPIRY: Final = "_session_expiry"  # where Django keeps what `set_expiry` was told
DEVICE_COOKIE: Final = "device"
DEVICE_SECONDS: Final = 400 * 24 * 3600  # the longest that browsers keep a cookie

_WAYS: Final = {
    "reauthenticate": _("Use the password"),
    "mfa_reauthenticate": _("Use a code"),
    "mfa_reauthenticate:webauthn": _("Use a passkey"),
    "identity": _("Use an account elsewhere"),
}
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

    def set_password(self, user: "User", password: str) -> None:
        accounts.set_password(user, password=password)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Makes the address the person's own, and tells the former one. False if it is somebody else's."""
        try:
            former = accounts.change_email(email_address.user, email=email_address.email)
        except EmailTaken:
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False
        self.add_message(
            request, messages.SUCCESS, "account/messages/email_confirmed.txt", {"email": email_address.email}
        )
        if former != email_address.email:
            changed = {"from_email": former, "to_email": email_address.email}
            self.send_notification_mail("account/email/email_changed", email_address.user, changed, email=former)
        return True

    def post_login(self, request: HttpRequest, user: "User", **kwargs: Any) -> HttpResponse:
        """Pages speak the language the person chose, on every device; and a device that is new does not stay unseen."""
        if kwargs["signup"] and user.has_usable_password():
            record_authentication(request, user, "password")  # chosen in this browser a moment ago
        if _SESSION_EXPIRY not in request.session:
            request.session.set_expiry(0)  # only who ticked "keep me signed in" is kept when the browser closes
        response = cast(HttpResponse, super().post_login(request, user, **kwargs))
        remember_language(response, user.language)
        remember_device(request, response, user)
        promotions.note_registered(user.pk, at=clock.now())  # nobody signs in before the address is confirmed
        return response

    def logout(self, request: HttpRequest) -> None:
        accounts.forget_session(request.session.session_key or "")
        super().logout(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One rule, whoever asks. allauth would let people pass who have only accounts elsewhere; they prove those."""
        if proofs.is_fresh(self.request):
            return False
        if not get_reauthentication_flows(self.request.user):
            raise ReauthenticationRequired
        return True

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The last page serves accounts elsewhere, and whoever has no way left here."""
        methods: list[dict[str, Any]] = [
            method | {"description": _WAYS.get(method["id"], method["description"])}
            for method in super().get_reauthentication_methods(user)
        ]
        if user.is_authenticated and (not methods or people.ways_in(user, providers=offered_codes()).identities):
            methods.append({"id": "identity", "description": _WAYS["identity"], "url": reverse("identity_confirm")})
        return methods

    def get_login_redirect_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Back to the invitation that brought the person here, if there is one."""
        return kept_invitation.waiting_page(request) or str(super().get_login_redirect_url(request, **kwargs))

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return kept_invitation.waiting_page(request) or str(super().get_signup_redirect_url(request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent at once, because codes must not be stored, in the language and zone of whom it is for.

        Links are paths here: a mail leads to PUBLIC_URL, whatever host the caller named. Without a mail server the page
        still answers.
        """
        reader = context.get("user") or people.user_by_email(email)
        paths = {name: urlsplit(value).path for name, value in context.items() if name.endswith("_url")}
        zone = ZoneInfo(reader.time_zone if reader else settings.BILLING_TZ)
        try:
            with override(reader.language if reader else get_language()), timezone.override(zone):
                device = people.device_name(context.get("user_agent", ""))
                super().send_mail(template_prefix, email, context | paths | {"device": device})
        except (SMTPException, OSError) as error:
            logger.warning("mail not sent", extra={"mail": template_prefix, "error": type(error).__name__})
            messages.error(self.request, _("The mail could not be sent. Ask for a new one in a minute."))

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        """Without the blank lines that empty blocks of the text leave behind."""
        mail: EmailMessage = super().render_mail(*args, **kwargs)
        mail.body = tidy(str(mail.body))
        return mail

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

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By the account alone. allauth's own also names the host, which the caller chooses among ours."""
        return f"sign-in:{credentials.get('email', '').strip().lower()}"


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def remember_device(request: HttpRequest, response: HttpResponse, user: "User") -> None:
    secret = accounts.device_secret(request.COOKIES.get(DEVICE_COOKIE, ""))
    visit = Visit(request.headers.get("User-Agent", ""), request_ip(request))
    accounts.note_sign_in(user.pk, secret=secret, visit=visit, at=clock.now())
    response.set_cookie(
        DEVICE_COOKIE,
        secret,
        max_age=DEVICE_SECONDS,
        path=reverse("account_login").removesuffix("login/"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
