"""Campaigns that every site begins with, in force from this migration on. The figures are examples: operators publish
their own as the next version. Nothing is paid for registering until somebody publishes a version for it.
"""

from decimal import Decimal

from django.db import migrations
from django.utils import timezone

CREDIT = 1_000_000_000

OFF = [("welcome-credits", "registered", "self"), ("referral-registered", "registered", "inviter")]
ON = [
    (
        ("verification-credits", "verified", "self"),
        {
            "amount_nanos": 10 * CREDIT,
            "enterprise_nanos": 50 * CREDIT,
            "new_user_days": 30,
            "stacking": "difference",
            "valid_days": 365,
            "title_en": "Credits for verification",
            "title_zh": "认证赠送点数",
            "text_en": "New users who complete personal or enterprise verification get credits that pay for every "
            "model. Each legal subject gets them once. Enterprise verification after personal verification adds the "
            "difference.",
            "text_zh": "新用户完成个人或企业认证后获赠点数，可用于所有模型。每个认证主体仅可获得一次；个人认证后再完成企业认证，补发差额。",
        },
    ),
    (
        ("referral-verified", "verified", "inviter"),
        {
            "amount_nanos": 5 * CREDIT,
            "enterprise_nanos": 5 * CREDIT,
            "per_inviter_nanos": 500 * CREDIT,
            "cap_period": "month",
            "new_user_days": None,
            "title_en": "Reward when somebody you invited verifies",
            "title_zh": "好友认证奖励",
            "text_en": "When somebody you invited completes their first verification, you get a reward. Move it to "
            "your balance whenever you like.",
            "text_zh": "您邀请的好友首次完成认证后，您将获得奖励，可随时转入余额。",
        },
    ),
    (
        ("referral-purchased", "purchased", "inviter"),
        {
            "rate": Decimal("0.05"),
            "per_invitee_nanos": 200 * CREDIT,
            "cap_period": "month",
            "delay_days": 7,
            "new_user_days": 365,
            "title_en": "Share of what people you invited pay",
            "title_zh": "好友充值奖励",
            "text_en": "You get a share of each top-up that somebody you invited pays. It waits until a refund is "
            "unlikely; a refund takes the same share of the reward back.",
            "text_zh": "您邀请的好友每次充值，您可按支付金额的一定比例获得奖励。奖励在退款风险期过后到账；如发生退款，按相同比例收回。",
        },
    ),
]


def ship(apps, schema_editor):
    campaigns = apps.get_model("promotions", "Campaign").objects
    versions = apps.get_model("promotions", "CampaignVersion").objects
    now = timezone.now()
    for code, trigger, beneficiary in OFF:
        campaigns.get_or_create(code=code, defaults={"trigger": trigger, "beneficiary": beneficiary})
    for (code, trigger, beneficiary), terms in ON:
        kind = {"trigger": trigger, "beneficiary": beneficiary}
        campaign, is_new = campaigns.get_or_create(code=code, defaults=kind)
        if is_new:
            versions.create(campaign=campaign, number=1, starts_at=now, published_at=now, **kind, **terms)


class Migration(migrations.Migration):

    dependencies = [("promotions", "0002_what_was_published_stays")]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
