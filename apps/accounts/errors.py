"""What can go wrong with a person's account.

AccountsError
└── EmailTaken      somebody signed up with this address, perhaps this very moment
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict


class AccountsError(Conflict):
    code = "account"


class EmailTaken(AccountsError):
    code = "email_taken"
    text = _("There is an account with this e-mail address already.")
