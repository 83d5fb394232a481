"""What can go wrong with a person's account.

AccountsError
├── EmailTaken      somebody signed up with this address, perhaps this very moment
├── AccountClosed   the account was closed meanwhile
├── StaffCannotLeave  somebody who may enter the back office closes no account
├── ExportUnderWay  one export at a time
├── ExportsUsedUp   no more exports today
├── IdentityTaken   an account elsewhere opens another account here, perhaps since this very moment
└── LastWayIn       nobody could sign in any more
"""

from django.utils.translation import gettext_lazy as _

from apps.core.errors import Conflict


class AccountsError(Conflict):
    code = "account"


class EmailTaken(AccountsError):
    code = "email_taken"
    text = _("There is an account with this e-mail address already.")


class AccountClosed(AccountsError):
    code = "account_closed"
    text = _("This account is closed.")


class StaffCannotLeave(AccountsError):
    code = "staff_cannot_leave"
    text = _("Your account opens the back office. Have that right taken away first.")


class ExportUnderWay(AccountsError):
    code = "export_under_way"
    text = _("Your data is being put together already. One export at a time.")


class ExportsUsedUp(AccountsError):
    code = "exports_used_up"
    text = _("You asked for your data three times in the last 24 hours. Try again tomorrow.")


class IdentityTaken(AccountsError):
    code = "identity_taken"
    text = _("This account opens another Sluice account. Sign in with it to see which.")


class LastWayIn(AccountsError):
    code = "last_way_in"
    text = _("This is your only way to sign in. Choose a password or add a passkey first.")
