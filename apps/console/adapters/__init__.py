"""Where allauth's stock flows meet our floors: sign-up, mail, client address, second factors, accounts elsewhere."""

from apps.console.adapters.account import AccountAdapter
from apps.console.adapters.mfa import MfaAdapter
from apps.console.adapters.social import SocialAdapter

__all__ = ["AccountAdapter", "MfaAdapter", "SocialAdapter"]
