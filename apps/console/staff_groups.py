"""The groups of operators that ship ready. Written again at every migrate, so that a release carries its rights."""

from collections.abc import Iterable

from django.apps import apps

# Group → (actions, app_label.model) it may take. `view` everywhere means exactly what it says.
VIEW = ("view",)
EDIT = ("view", "add", "change")

CATALOGUE_MODELS = (
    "marketplace.vendor",
    "marketplace.modeltype",
    "marketplace.model",
    "marketplace.priceversion",
    "marketplace.officialprice",
    "marketplace.creditrate",
    "marketplace.pricingtemplate",
)
CHANNEL_MODELS = ("relay.channel", "relay.channelkey", "relay.channelmodel")
LEDGER_MODELS = (
    "wallet.account",
    "wallet.hold",
    "wallet.lot",
    "wallet.draw",
    "wallet.return",
    "wallet.due",
    "wallet.transfer",
    "wallet.keyedposting",
)
PEOPLE_MODELS = (
    "accounts.user",
    "teams.team",
    "teams.membership",
    "teams.invitation",
    "teams.accessgrant",
    "marketplace.modelgrant",
    "teams.personalaccesstoken",
    "relay.apitoken",
)
TRACE_MODELS = (
    "usage.usagerecord",
    "journal.auditentry",
    "journal.approval",
    "journal.operatoralert",
    "journal.outboxmessage",
    "journal.webhookendpoint",
    "journal.maintenancerun",
)
# Acts on a wallet: the second person of an approval needs the same one.
MONEY_ACTS = (("grant", "correct"), ("wallet.account",))
GROUP_MODELS = ("teams.accessgroup",)
VERIFICATION_MODELS = ("verification.verification",)
# Sees names, numbers and documents, and decides; whoever only views sees that there is a request.
REVIEW = (("view", "review"), VERIFICATION_MODELS)
PROMOTION_MODELS = (
    "promotions.campaign",
    "promotions.campaignversion",
    "promotions.credit",
    "promotions.referral",
    "promotions.referralcode",
    "promotions.reward",
    "promotions.rewardbalance",
    "promotions.rewardtransfer",
)
ANNOUNCEMENT_MODELS = ("announcements.announcement",)
ANNOUNCEMENT_ACTS = (("publish",), ANNOUNCEMENT_MODELS)
CAMPAIGN_ACTS = (("add", "publish"), ("promotions.campaign",))
REWARD_ACTS = (("decide",), ("promotions.reward",))
CODE_ACTS = (("rotate", "bind"), ("promotions.referralcode",))
ALL_MODELS = CATALOGUE_MODELS + CHANNEL_MODELS + LEDGER_MODELS + PEOPLE_MODELS + TRACE_MODELS + GROUP_MODELS

GROUPS: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "owner": (
        (EDIT, ALL_MODELS),
        (("delete",), (*CATALOGUE_MODELS[:2], "marketplace.pricingtemplate", *CHANNEL_MODELS)),
        MONEY_ACTS,
        REVIEW,
        (VIEW, PROMOTION_MODELS),
        (EDIT, ANNOUNCEMENT_MODELS),
        ANNOUNCEMENT_ACTS,
        CAMPAIGN_ACTS,
        REWARD_ACTS,
        CODE_ACTS,
    ),
    "finance": (
        (VIEW, LEDGER_MODELS + PEOPLE_MODELS + TRACE_MODELS + VERIFICATION_MODELS + PROMOTION_MODELS),
        MONEY_ACTS,
        CAMPAIGN_ACTS,
        REWARD_ACTS,
    ),
    # Its own models (wire transfers, bank lines, bulk codes) come with their apps; all of them above `teams`.
    "enterprise admin": (REVIEW,),
    "support": (
        (
            VIEW,
            LEDGER_MODELS + PEOPLE_MODELS + TRACE_MODELS + CATALOGUE_MODELS + PROMOTION_MODELS + ANNOUNCEMENT_MODELS,
        ),
        REVIEW,
        CODE_ACTS,
    ),
    "catalogue": (
        (EDIT, CATALOGUE_MODELS + CHANNEL_MODELS + GROUP_MODELS + ANNOUNCEMENT_MODELS),
        (("delete",), CHANNEL_MODELS),
        ANNOUNCEMENT_ACTS,
    ),
    "read-only": ((VIEW, ALL_MODELS + VERIFICATION_MODELS + PROMOTION_MODELS + ANNOUNCEMENT_MODELS),),
}


def write_staff_groups() -> None:
    """Creates the shipped groups and sets exactly their permissions. Safe to repeat; other groups are left alone."""
    permissions = apps.get_model("auth", "Permission").objects.select_related("content_type")
    groups = apps.get_model("auth", "Group").objects
    known = {(permission.content_type.app_label, permission.codename): permission for permission in permissions}
    for name, rights in GROUPS.items():
        group, _created = groups.get_or_create(name=name)
        group.permissions.set(known[key] for key in _codenames(rights) if key in known)


def _codenames(rights: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> Iterable[tuple[str, str]]:
    for actions, models in rights:
        for label in models:
            app_label, model = label.split(".")
            yield from ((app_label, f"{action}_{model}") for action in actions)
