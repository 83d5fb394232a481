"""Every URL of the site, door by door. Relay paths are also served by the lean handler in `config.asgi`."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularAPIView

from apps.announcements.api import EntryListView, EntryView
from apps.console.api import (
    CallView,
    MemberListView,
    MemberView,
    OwnUserView,
    StatementView,
    UsageLogView,
    WalletView,
)
from apps.console.catalogue.dictionary_api import ModelTypesView, PricingTemplatesView, PricingTemplateView
from apps.console.catalogue.model_api import ModelView
from apps.console.catalogue.model_list_api import ModelListView
from apps.console.catalogue.price_change_api import PriceChangeListView
from apps.console.catalogue.pricing_api import PricingView
from apps.core.api import NoSuchEndpoint
from apps.promotions.api import ReferralListView, RewardTransferView
from apps.relay.api import TokenListView, TokenView
from apps.teams.api import AccessTokenListView, AccessTokenView, TeamListView, TeamView
from apps.teams.budget_api import BudgetListView, MemberBudgetView, TeamBudgetView
from apps.teams.invitation_api import InvitationListView, InvitationView
from config import health

platform_api = [
    path("api/access-tokens", AccessTokenListView.as_view(), name="api_access_tokens"),
    path("api/access-tokens/<str:token_id>", AccessTokenView.as_view(), name="api_access_token"),
    path("api/announcements", EntryListView.as_view(), name="api_announcements"),
    path("api/announcements/<str:entry_id>", EntryView.as_view(), name="api_announcement"),
    path("api/dict/model-types", ModelTypesView.as_view(), name="api_model_types"),
    path("api/dict/pricing-templates", PricingTemplatesView.as_view(), name="api_pricing_templates"),
    path("api/dict/pricing-templates/<slug:code>", PricingTemplateView.as_view(), name="api_pricing_template"),
    path("api/models", ModelListView.as_view(), name="api_models"),
    path("api/models/<path:model_id>", ModelView.as_view(), name="api_model"),
    path("api/price-changes", PriceChangeListView.as_view(), name="api_price_changes"),
    path("api/pricing", PricingView.as_view(), name="api_pricing"),
    path("api/referrals", ReferralListView.as_view(), name="api_referrals"),
    path("api/referrals/transfers", RewardTransferView.as_view(), name="api_reward_transfers"),
    path("api/teams", TeamListView.as_view(), name="api_teams"),
    path("api/teams/<str:team_id>", TeamView.as_view(), name="api_team"),
    path("api/teams/<str:team_id>/invitations", InvitationListView.as_view(), name="api_invitations"),
    path("api/teams/<str:team_id>/invitations/<str:invitation_id>", InvitationView.as_view(), name="api_invitation"),
    path("api/teams/<str:team_id>/members", MemberListView.as_view(), name="api_members"),
    path("api/teams/<str:team_id>/members/<str:member_id>", MemberView.as_view(), name="api_member"),
    path("api/teams/<str:team_id>/budgets", BudgetListView.as_view(), name="api_budgets"),
    path("api/teams/<str:team_id>/budget", TeamBudgetView.as_view(), name="api_team_budget"),
    path(
        "api/teams/<str:team_id>/members/<str:member_id>/budget", MemberBudgetView.as_view(), name="api_member_budget"
    ),
    path("api/tokens", TokenListView.as_view(), name="api_tokens"),
    path("api/tokens/<str:token_id>", TokenView.as_view(), name="api_token"),
    path("api/usage/logs", UsageLogView.as_view(), name="api_usage_logs"),
    path("api/usage/logs/<str:request_id>", CallView.as_view(), name="api_usage_log"),
    path("api/user/self", OwnUserView.as_view(), name="api_user_self"),
    path("api/wallet", WalletView.as_view(), name="api_wallet"),
    path("api/wallet/statement", StatementView.as_view(), name="api_wallet_statement"),
    path("api/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs", TemplateView.as_view(template_name="api/docs.html"), name="api_docs"),
    re_path(r"^api/", NoSuchEndpoint.as_view(), name="api_unknown"),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    *platform_api,
    path("", include("apps.relay.urls")),
    path("", include("apps.console.account_urls")),
    path("", include("apps.console.urls")),
]

handler400 = "config.edges.bad_request"
handler500 = "config.edges.server_error"
