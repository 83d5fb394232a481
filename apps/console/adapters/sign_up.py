"""The one way in for somebody new, whatever door they came by: with a password, or with an account elsewhere."""

from typing import TYPE_CHECKING

from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest
from django.shortcuts import redirect

from apps.accounts.errors import EmailTaken, IdentityTaken
from apps.accounts.types import Language
from apps.console import referral_links, services
from apps.console.readers import default_unit
from apps.core.languages import reads_chinese

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount

    from apps.accounts.models import User


def register(
    request: HttpRequest, user: "User", *, identity: "SocialAccount | None" = None, is_email_confirmed: bool = False
) -> "User":
    """Stores the person with their team, in the language they read, bound to who invited them. The loser of a double
    click goes to sign-in.
    """
    user.language = Language.CHINESE if reads_chinese() else Language.ENGLISH
    user.display_unit = default_unit(user.language)
    code = referral_links.kept_code(request)
    try:
        services.register_user(user, identity=identity, is_email_confirmed=is_email_confirmed, referral_code=code)
    except (EmailTaken, IdentityTaken) as error:
        raise ImmediateHttpResponse(redirect("account_login")) from error
    referral_links.warn_of_unknown(request, code)
    referral_links.keep_code(request, "")
    return user
