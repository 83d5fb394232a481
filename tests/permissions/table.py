"""Who gets what from which URL: one row a URL and method, one column a role. The tests beside it walk the table."""

from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

from tests.permissions.catalogue_api_rows import CATALOGUE_API
from tests.permissions.expected import (
    BUDGET_FORM,
    BUDGET_OF_MEMBER,
    ELSEWHERE,
    LEAVING,
    NO_CODES,
    NOBODY,
    NOT_OFFERED,
    ONLY_ANONYMOUS,
    PAGE,
    PUBLIC,
    RECENT,
    RECENT_BUT_NOTHING,
    RECENT_SIGN_IN,
    SECOND_FACTOR,
    SIGNED_IN,
    Row,
)
from tests.permissions.price_alert_rows import PRICE_ALERTS

NOT_RECENT: Final = "401 404 403 403 403 403 403 404"  # nobody of the team signed in a moment ago
# What they may do once they did: roles that are refused before show nothing in the line above.
MEMBERS: Final = "401 404 403 403 403 200 200 404"
REMOVAL: Final = "401 404 403 403 403 204 204 404"
INVITING: Final = "401 404 403 403 403 201 201 404"
BUDGETS: Final = "401 404 403 403 200 200 200 404"
NEW_GUEST: Final = '{"email": "new@example.com", "role": "viewer"}'
NEW_TOKEN: Final = '{"team": "{team}", "name": "new", "limit": "0"}'

NO_BUDGET: Final = '{"limit": null}'
REWARDS: Final = '{"team": "{team}", "amount": "1"}'

FREE_ONLY: Final = '{"team": "{team}", "stop_when_free_is_used_up": true}'

PLATFORM_API: Final = (
    Row("api_teams", "GET", "/api/teams", SIGNED_IN, scope="read"),
    Row("api_teams", "POST", "/api/teams", "401 201 201 201 201 201 201 201", body='{"name": "Labs"}'),
    Row("api_team", "GET", "/api/teams/{team}", "401 404 200 200 200 200 200 404", scope="read"),
    Row("api_team", "PATCH", "/api/teams/{team}", "401 404 403 403 403 200 200 404", body="{}"),
    Row("api_members", "GET", "/api/teams/{team}/members", "401 404 200 200 200 200 200 404", scope="read"),
    Row(
        "api_member",
        "PATCH",
        "/api/teams/{team}/members/{member}",
        NOT_RECENT,
        body='{"role": "viewer"}',
        recent=MEMBERS,
    ),
    Row("api_member", "DELETE", "/api/teams/{team}/members/{member}", NOT_RECENT, recent=REMOVAL),
    Row("api_invitations", "GET", "/api/teams/{team}/invitations", "401 404 403 403 403 200 200 404", scope="read"),
    Row("api_invitations", "POST", "/api/teams/{team}/invitations", NOT_RECENT, body=NEW_GUEST, recent=INVITING),
    Row(
        "api_invitation",
        "DELETE",
        "/api/teams/{team}/invitations/{invitation}",
        "401 404 403 403 403 204 204 404",
    ),
    Row("api_access_tokens", "GET", "/api/access-tokens", SIGNED_IN),
    Row("api_access_token", "DELETE", "/api/access-tokens/{pat}", "401 404 404 404 404 404 204 404"),
    Row("api_budgets", "GET", "/api/teams/{team}/budgets", "401 404 200 200 200 200 200 404", scope="read"),
    Row("api_team_budget", "PATCH", "/api/teams/{team}/budget", NOT_RECENT, body=NO_BUDGET, recent=BUDGETS),
    Row(
        "api_member_budget",
        "PATCH",
        "/api/teams/{team}/members/{member}/budget",
        NOT_RECENT,
        body=NO_BUDGET,
        recent=BUDGETS,
    ),
    Row("api_wallet", "GET", "/api/wallet?team={team}", "401 404 200 200 200 200 200 404", scope="read"),
    Row("api_wallet", "PATCH", "/api/wallet", "401 404 403 403 200 200 200 404", body=FREE_ONLY, scope="topup"),
    Row("api_tokens", "GET", "/api/tokens?team={team}", "401 404 200 200 403 200 200 404", scope="read"),
    Row("api_tokens", "POST", "/api/tokens", "401 404 403 201 403 201 201 404", body=NEW_TOKEN, scope="tokens"),
    Row("api_token", "GET", "/api/tokens/{token}", "401 404 200 200 403 200 200 404", scope="read"),
    Row("api_token", "PATCH", "/api/tokens/{token}", "401 404 403 200 403 200 200 404", body="{}", scope="tokens"),
    Row("api_token", "DELETE", "/api/tokens/{token}", "401 404 403 204 403 204 204 404", scope="tokens"),
    Row("api_usage_logs", "GET", "/api/usage/logs?team={team}", "401 404 200 200 200 200 200 404", scope="read"),
    Row("api_usage_log", "GET", "/api/usage/logs/{call}?team={team}", "401 404 200 200 200 200 200 404", scope="read"),
    Row(
        "api_wallet_statement",
        "GET",
        "/api/wallet/statement?team={team}",
        "401 404 200 200 200 200 200 404",
        scope="read",
    ),
    Row("api_price_changes", "GET", "/api/price-changes", PUBLIC),
    Row("api_referrals", "GET", "/api/referrals", SIGNED_IN, scope="read"),
    # Whoever may have them moved has none: 409.
    Row(
        "api_reward_transfers",
        "POST",
        "/api/referrals/transfers",
        NOT_RECENT,
        body=REWARDS,
        recent="401 404 403 403 409 409 409 404",
        scope="topup",
    ),
    Row("api_user_self", "GET", "/api/user/self?team={team}", "401 404 200 200 200 200 200 404", scope="read"),
    *CATALOGUE_API,
    Row("api_schema", "GET", "/api/schema", PUBLIC),
    Row("api_docs", "GET", "/api/docs", PUBLIC),
    Row("api_unknown", "GET", "/api/nothing", "404 404 404 404 404 404 404 404"),
)
HEALTH: Final = (
    Row("healthz", "GET", "/healthz", PUBLIC),
    Row("readyz", "GET", "/readyz", PUBLIC),
    Row("metrics", "GET", "/metrics", "404 404 404 404 404 404 404 404"),
)
RELAY: Final = (
    Row("v1/chat/completions", "POST", "/v1/chat/completions", NOBODY, body="{}"),
    Row("v1/completions", "POST", "/v1/completions", NOBODY, body="{}"),
    Row("v1/embeddings", "POST", "/v1/embeddings", NOBODY, body="{}"),
    Row("v1/audio/speech", "POST", "/v1/audio/speech", NOBODY, body="{}"),
    Row("v1/audio/transcriptions", "POST", "/v1/audio/transcriptions", NOBODY, body="{}"),
    Row("v1/models", "GET", "/v1/models", NOBODY),
    Row("v1/models/<path:model_id>", "GET", "/v1/models/chat-small", NOBODY),
    Row("v1/<path:rest>", "GET", "/v1/nothing", "404 404 404 404 404 404 404 404"),
)
# Read by programs: no page of ours, whatever a browser makes of them.
FEEDS: Final = (
    Row("console:announcements_feed", "GET", "/announcements/feed.xml", PUBLIC),
    Row("console:price_alerts_feed", "GET", "/price-alerts/feed.xml", PUBLIC),
    Row("console:sitemap", "GET", "/sitemap.xml", PUBLIC),
    Row("console:robots", "GET", "/robots.txt", PUBLIC),
)
CONSOLE: Final = (
    Row("console:landing", "GET", "/", PUBLIC),
    Row("console:privacy", "GET", "/privacy", PUBLIC),
    Row("console:announcements", "GET", "/announcements", PUBLIC),
    Row("console:announcement", "GET", "/announcements/{announcement}", PUBLIC),
    Row("console:changelog", "GET", "/changelog", PUBLIC),
    Row("console:models", "GET", "/models", PUBLIC),
    Row("console:model_comparison", "GET", "/models/compare?m=chat-small", PUBLIC),
    Row("console:campaigns", "GET", "/campaigns", PUBLIC),
    Row("console:model", "GET", "/models/chat-small", PUBLIC),
    *PRICE_ALERTS,
    Row("console:language", "POST", "/language", "302 302 302 302 302 302 302 302", body="language=en"),
    Row("console:home", "GET", "/console/", PAGE),
    Row("console:payer", "POST", "/console/payer", "302 302 302 302 302 302 302 302", body="team={team}"),
    Row("console:settings", "GET", "/console/settings", PAGE),
    Row("console:export", "GET", "/console/settings/export", PAGE),
    Row("console:export_new", "POST", "/console/settings/export/new", ELSEWHERE),
    Row(
        "console:export_file",
        "GET",
        "/console/settings/export/exp_nothing/file",
        "302 302 302 302 302 302 302 404",
        recent="302 404 404 404 404 404 404 404",
    ),
    Row("console:account_close", "GET", "/console/settings/close", RECENT_SIGN_IN, recent=PAGE),
    Row("console:account_closed", "GET", "/account-closed", PUBLIC),
    Row(
        "console:team_close",
        "GET",
        "/console/team/close",
        "302 302 403 403 403 403 302 302",
        recent="302 302 403 403 403 403 200 302",
    ),
    Row("console:access_tokens", "GET", "/console/settings/access-tokens", PAGE),
    Row("console:access_token_new", "GET", "/console/settings/access-tokens/new", RECENT_SIGN_IN, recent=PAGE),
    Row(
        "console:access_token_revoke",
        "POST",
        "/console/settings/access-tokens/{pat}/revoke",
        "302 404 404 404 404 404 302 404",
    ),
    Row("console:notices", "GET", "/console/settings/notifications", PAGE),
    Row("console:alerts", "GET", "/console/alerts", "302 200 403 403 200 200 200 200"),
    Row("console:webhooks", "GET", "/console/team/webhooks", "302 200 403 403 403 200 200 200"),
    Row(
        "console:webhook_new",
        "GET",
        "/console/team/webhooks/new",
        "302 302 403 403 403 302 302 200",
        recent="302 200 403 403 403 200 200 200",
    ),
    Row("console:webhook", "GET", "/console/team/webhooks/{hook}", "302 404 403 403 403 200 200 404"),
    Row(
        "console:webhook_challenge",
        "POST",
        "/console/team/webhooks/{hook}/challenge",
        "302 404 403 403 403 302 302 404",
    ),
    Row("console:webhook_test", "POST", "/console/team/webhooks/{hook}/test", "302 404 403 403 403 302 302 404"),
    Row(
        "console:webhook_rotate",
        "GET",
        "/console/team/webhooks/{hook}/secret",
        "302 302 403 403 403 302 302 404",
        recent="302 404 403 403 403 200 200 404",
    ),
    Row("console:webhook_remove", "GET", "/console/team/webhooks/{hook}/remove", "302 404 403 403 403 200 200 404"),
    Row("console:unsubscribe", "GET", "/unsubscribe/made-up", "404 404 404 404 404 404 404 404"),
    Row("console:tokens", "GET", "/console/tokens", "302 200 200 200 403 200 200 200"),
    Row("console:token_new", "GET", "/console/tokens/new", "302 200 403 200 403 200 200 200"),
    Row("console:token", "GET", "/console/tokens/{token}", "302 404 403 200 403 200 200 404"),
    Row("console:token_disable", "POST", "/console/tokens/{token}/disable", "302 404 403 302 403 302 302 404"),
    Row("console:token_enable", "POST", "/console/tokens/{token}/enable", "302 404 403 302 403 302 302 404"),
    Row("console:token_delete", "POST", "/console/tokens/{token}/delete", "302 404 403 302 403 302 302 404"),
    Row("console:budgets", "GET", "/console/team/budgets", PAGE),
    Row(
        "console:budget_of_team",
        "GET",
        "/console/team/budgets/team",
        BUDGET_FORM,
        recent="302 200 403 403 200 200 200 200",
    ),
    Row(
        "console:budget_of_team",
        "POST",
        "/console/team/budgets/team",
        BUDGET_FORM,
        body="limit=ten",
        recent="302 200 403 403 200 200 200 200",
    ),
    Row(
        "console:budget_of_member",
        "GET",
        "/console/team/budgets/{member}",
        BUDGET_OF_MEMBER,
        recent="302 404 403 403 200 200 200 404",
    ),
    Row(
        "console:budget_of_member",
        "POST",
        "/console/team/budgets/{member}",
        BUDGET_OF_MEMBER,
        body="limit=ten",
        recent="302 404 403 403 200 200 200 404",
    ),
    Row("console:team", "GET", "/console/team", PAGE),
    Row("console:team_new", "GET", "/console/teams/new", PAGE),
    Row("console:team_name", "GET", "/console/team/name", "302 404 403 403 403 200 200 404"),
    Row(
        "console:team_invite",
        "GET",
        "/console/team/invite",
        "302 404 403 403 403 302 302 404",
        recent="302 404 403 403 403 200 200 404",
    ),
    Row(
        "console:team_transfer",
        "GET",
        "/console/team/transfer",
        "302 404 403 403 403 403 302 404",
        recent="302 404 403 403 403 403 200 404",
    ),
    Row(
        "console:team_role",
        "GET",
        "/console/team/members/{member}/role",
        "302 404 403 403 403 302 302 404",
        recent="302 404 403 403 403 200 200 404",
    ),
    Row(
        "console:team_remove",
        "GET",
        "/console/team/members/{member}/remove",
        "302 404 403 403 403 302 302 404",
        recent="302 404 403 403 403 200 200 404",
    ),
    Row(
        "console:team_resend",
        "GET",
        "/console/team/invitations/{invitation}/resend",
        "302 404 403 403 403 302 302 404",
        recent="302 404 403 403 403 200 200 404",
    ),
    Row(
        "console:team_withdraw",
        "POST",
        "/console/team/invitations/{invitation}/withdraw",
        "302 404 403 403 403 302 302 404",
    ),
    Row("console:team_leave", "GET", "/console/team/leave", "302 404 200 200 200 200 200 404"),
    Row("console:team_leave", "POST", "/console/team/leave", LEAVING, body="team={team}"),
    Row("console:team_audit", "GET", "/console/team/audit", "302 200 403 403 403 200 200 200"),
    Row("console:team_audit_csv", "GET", "/console/team/audit.csv", "302 200 403 403 403 200 200 200"),
    Row("console:invitation", "GET", "/invitations/{secret}", PUBLIC),
    Row("console:invitation_accept", "POST", "/invitations/{secret}/accept", ELSEWHERE),
    Row("console:invitation_decline", "POST", "/invitations/{secret}/decline", ELSEWHERE),
    Row("console:logs", "GET", "/console/logs", PAGE),
    Row("console:call", "GET", "/console/logs/{call}", "302 404 200 200 200 200 200 404"),
    Row("console:limits", "GET", "/console/limits", PAGE),
    Row("console:statement", "GET", "/console/statement", PAGE),
    Row("console:free_credit", "GET", "/console/free-credit", "302 200 403 403 200 200 200 200"),
    Row("console:free_credit_stop", "POST", "/console/free-credit/stop", "302 302 403 403 302 302 302 302"),
    Row("console:free_credit_go_on", "POST", "/console/free-credit/go-on", "302 302 403 403 302 302 302 302"),
    Row("console:referrals", "GET", "/console/referrals", PAGE),
    Row(
        "console:reward_transfer", "GET", "/console/referrals/transfer", "302 302 302 302 302 302 302 200", recent=PAGE
    ),
    Row("console:statement_csv", "GET", "/console/statement.csv", PAGE),
    Row("console:verification", "GET", "/console/verification", PAGE),
    Row("console:verification_apply", "GET", "/console/verification/apply", PAGE),
    Row("console:verification_again", "GET", "/console/verification/again", ELSEWHERE),
    Row("console:verification_team", "GET", "/console/verification/team", "302 200 403 403 200 200 200 200"),
    Row(
        "console:verification_team_apply", "GET", "/console/verification/team/apply", "302 302 403 403 403 200 200 302"
    ),
    Row(
        "console:verification_team_again", "GET", "/console/verification/team/again", "302 302 403 403 403 302 302 302"
    ),
)
ACCOUNTS: Final = (
    Row("account_login", "GET", "/accounts/login/", ONLY_ANONYMOUS),
    Row("account_signup", "GET", "/accounts/signup/", ONLY_ANONYMOUS),
    Row("account_change_password", "GET", "/accounts/password/change/", PAGE),
    Row("account_email", "GET", "/accounts/email/", RECENT, recent=PAGE),
    Row("account_email_verification_sent", "GET", "/accounts/confirm-email/", ELSEWHERE),
    Row("account_inactive", "GET", "/accounts/inactive/", PUBLIC),
    Row("account_logout", "GET", "/accounts/logout/", PAGE),
    Row("account_reauthenticate", "GET", "/accounts/reauthenticate/", PAGE),
    Row("account_reset_password", "GET", "/accounts/password/reset/", PUBLIC),
    Row("account_reset_password_done", "GET", "/accounts/password/reset/done/", PUBLIC),
    Row("account_reset_password_from_key", "GET", "/accounts/password/reset/key/x-y/", PUBLIC),
    Row("account_reset_password_from_key_done", "GET", "/accounts/password/reset/key/done/", PUBLIC),
    Row("account_set_password", "GET", "/accounts/password/set/", ELSEWHERE),
    Row("mfa_index", "GET", "/accounts/2fa/", ELSEWHERE),
    Row(
        "mfa_activate_totp", "GET", "/accounts/2fa/totp/activate/", ELSEWHERE, recent="302 200 200 200 200 200 200 302"
    ),
    Row("mfa_deactivate_totp", "GET", "/accounts/2fa/totp/deactivate/", "302 404 404 404 404 404 404 200"),
    Row("mfa_authenticate", "GET", "/accounts/2fa/authenticate/", ELSEWHERE),
    Row("mfa_reauthenticate", "GET", "/accounts/2fa/reauthenticate/", SECOND_FACTOR),
    Row("mfa_generate_recovery_codes", "GET", "/accounts/2fa/recovery-codes/generate/", SECOND_FACTOR, recent=PAGE),
    Row("mfa_view_recovery_codes", "GET", "/accounts/2fa/recovery-codes/", NO_CODES),
    Row("mfa_download_recovery_codes", "GET", "/accounts/2fa/recovery-codes/download/", NO_CODES),
    Row("mfa_list_webauthn", "GET", "/accounts/passkeys/", PAGE),
    Row("mfa_add_webauthn", "GET", "/accounts/passkeys/add/", RECENT, recent=PAGE),
    Row("mfa_login_webauthn", "GET", "/accounts/passkeys/login/", ELSEWHERE),
    Row("mfa_reauthenticate_webauthn", "GET", "/accounts/passkeys/confirm/", ELSEWHERE),
    Row(
        "mfa_edit_webauthn",
        "GET",
        "/accounts/passkeys/0/edit/",
        RECENT_BUT_NOTHING,
        recent="302 404 404 404 404 404 404 404",
    ),
    Row(
        "mfa_remove_webauthn",
        "GET",
        "/accounts/passkeys/0/remove/",
        RECENT_BUT_NOTHING,
        recent="302 404 404 404 404 404 404 404",
    ),
    Row("identity_sign_in", "POST", "/accounts/with/google/", NOT_OFFERED),
    Row(
        "identity_connect",
        "POST",
        "/accounts/with/google/connect/",
        RECENT_BUT_NOTHING,
        recent="302 404 404 404 404 404 404 404",
    ),
    Row("identity_prove", "POST", "/accounts/with/google/confirm/", "302 404 404 404 404 404 404 404"),
    Row("identity_callback", "GET", "/accounts/with/google/callback/", NOT_OFFERED),
    Row("identity_confirm", "GET", "/accounts/confirm-with/", PAGE),
    Row(
        "identity_disconnect",
        "GET",
        "/accounts/connected/0/remove/",
        RECENT_BUT_NOTHING,
        recent="302 404 404 404 404 404 404 404",
    ),
    Row("socialaccount_connections", "GET", "/accounts/connected/", PAGE),
    Row("socialaccount_signup", "GET", "/accounts/signup/with/", ELSEWHERE),
    Row("socialaccount_login_cancelled", "GET", "/accounts/login/cancelled/", PUBLIC),
    Row("console:security", "GET", "/console/security", PAGE),
    Row("console:sessions", "GET", "/console/security/sessions", PAGE),
    Row("console:sessions_end_others", "POST", "/console/security/sessions/end-others", ELSEWHERE),
    Row("console:session_end", "POST", "/console/security/sessions/0/end", ELSEWHERE),
)

ROWS: Final = PLATFORM_API + HEALTH + RELAY + FEEDS + CONSOLE + ACCOUNTS


def route_names() -> set[str]:
    """The name of every URL of the site; the pattern itself for one without a name."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[URLPattern | URLResolver], namespace: str) -> list[str]:
    names: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            names += _names(pattern.url_patterns, inner)
        else:
            names.append(f"{namespace}{pattern.name or pattern.pattern}")
    return names
