"""Pages of the console and the public site."""

from django.urls import path

from apps.console.views import (
    access_tokens,
    budgets,
    free_credit,
    home,
    logs,
    notices,
    security,
    settings,
    site,
    statement,
    tokens,
)

app_name = "console"

urlpatterns = [
    path("", site.landing, name="landing"),
    path("privacy", site.privacy, name="privacy"),
    path("language", site.choose_language, name="language"),
    path("console/", home.home, name="home"),
    path("console/payer", settings.choose_payer, name="payer"),
    path("console/settings", settings.preferences, name="settings"),
    path("console/settings/access-tokens", access_tokens.token_list, name="access_tokens"),
    path("console/settings/access-tokens/new", access_tokens.create, name="access_token_new"),
    path("console/settings/access-tokens/<str:token>/revoke", access_tokens.revoke, name="access_token_revoke"),
    path("console/settings/notifications", notices.preferences, name="notices"),
    path("unsubscribe/<str:token>", notices.unsubscribe, name="unsubscribe"),
    path("console/security", security.overview, name="security"),
    path("console/security/sessions", security.sessions, name="sessions"),
    path("console/security/sessions/end-others", security.end_other_sessions, name="sessions_end_others"),
    path("console/security/sessions/<int:session>/end", security.end_session, name="session_end"),
    path("console/tokens", tokens.token_list, name="tokens"),
    path("console/tokens/new", tokens.create, name="token_new"),
    path("console/tokens/<str:token>", tokens.edit, name="token"),
    path("console/tokens/<str:token>/disable", tokens.disable, name="token_disable"),
    path("console/tokens/<str:token>/enable", tokens.enable, name="token_enable"),
    path("console/tokens/<str:token>/delete", tokens.delete, name="token_delete"),
    path("console/team/budgets", budgets.budgets, name="budgets"),
    path("console/team/budgets/team", budgets.of_team, name="budget_of_team"),
    path("console/team/budgets/<str:member>", budgets.of_member, name="budget_of_member"),
    path("console/logs", logs.logs, name="logs"),
    path("console/logs/<str:request_id>", logs.call, name="call"),
    path("console/statement", statement.statement, name="statement"),
    path("console/free-credit", free_credit.ask, name="free_credit"),
    path("console/free-credit/stop", free_credit.stop, name="free_credit_stop"),
    path("console/free-credit/go-on", free_credit.go_on, name="free_credit_go_on"),
    path("console/statement.csv", statement.statement_file, name="statement_csv"),
]
