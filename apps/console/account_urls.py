"""Every URL of sign-in and of people's accounts: allauth's views that we use, by their names, and our own.

Written out, because allauth's own lists route flows that we do not offer, and what needs a recent sign-in shows here.
"""

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.contrib.auth.decorators import login_required
from django.urls import path, re_path
from django.views.generic import RedirectView

from apps.console.views import addresses, factors, identities

urlpatterns = [
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/confirm-email/", addresses.enter_code, name="account_email_verification_sent"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/email/", login_required(reauthentication_required(addresses.change_email)), name="account_email"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path(
        "accounts/password/set/",
        login_required(reauthentication_required(account.password_set)),
        name="account_set_password",
    ),
    path("accounts/password/reset/", account.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    # Second factors; allauth's overview is ours
    path("accounts/2fa/", RedirectView.as_view(pattern_name="console:security"), name="mfa_index"),
    path("accounts/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("accounts/2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/totp/deactivate/", factors.remove_app, name="mfa_deactivate_totp"),
    path("accounts/2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "accounts/2fa/recovery-codes/generate/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "accounts/2fa/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("accounts/passkeys/", factors.passkey_list, name="mfa_list_webauthn"),
    path("accounts/passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("accounts/passkeys/login/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("accounts/passkeys/confirm/", factors.confirm, name="mfa_reauthenticate_webauthn"),
    path("accounts/passkeys/<int:pk>/edit/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("accounts/passkeys/<int:passkey>/remove/", factors.remove, name="mfa_remove_webauthn"),
    # Accounts elsewhere
    path("accounts/with/<slug:provider>/", identities.sign_in, name="identity_sign_in"),
    path("accounts/with/<slug:provider>/connect/", identities.connect, name="identity_connect"),
    path("accounts/with/<slug:provider>/confirm/", identities.prove, name="identity_prove"),
    path("accounts/with/<slug:provider>/callback/", identities.callback, name="identity_callback"),
    path("accounts/confirm-with/", identities.confirm, name="identity_confirm"),
    path("accounts/signup/with/", social.signup, name="socialaccount_signup"),
    path("accounts/login/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("accounts/connected/", identities.connections, name="socialaccount_connections"),
    path("accounts/connected/<int:identity>/remove/", identities.disconnect, name="identity_disconnect"),
]
