"""Who of the staff gets what in the back office: one row a model, one an act, one column a group.

A letter each: `v` the list, the row, its history and its autocomplete; `a` the form of a new row; `c` a change; `d` the
page that deletes; `.` nothing, which is 403. An act is `x`, or `n` where the page lets in and the act says 404. The
tests in `test_staff` walk the tables; a page or an act without a row fails them. Nobody and customers get no page at
all: 302 to the sign-in.
"""

from typing import Final

GROUPS: Final = ("", "read-only", "support", "catalogue", "enterprise admin", "finance", "owner", "superuser")
"""The first is of the staff and in no group."""

PAGES: Final = {
    #                              none  read  support  catal.  enterpr.  finance  owner  superuser
    "accounts.user":              ".     v     v        .       .         v        vc     vc",
    "announcements.announcement": ".     v     v        vac     .         .        vac    vac",
    "journal.approval":           ".     v     v        .       .         v        v      v",
    "journal.auditentry":         ".     v     v        .       .         v        v      v",
    "journal.maintenancerun":     ".     v     v        .       .         v        v      v",
    "journal.operatoralert":      ".     v     v        .       .         v        v      v",
    "journal.outboxmessage":      ".     v     v        .       .         v        v      v",
    "journal.webhookendpoint":    ".     v     v        .       .         v        v      v",
    "marketplace.creditrate":     ".     v     v        va      .         .        va     va",
    "marketplace.model":          ".     v     v        vac     .         .        vac    vac",
    "marketplace.modeltype":      ".     v     v        vac     .         .        vacd   vacd",
    "marketplace.officialprice":  ".     v     v        v       .         .        v      v",
    "marketplace.priceversion":   ".     v     v        v       .         .        v      v",
    "marketplace.pricingtemplate": ".    v     v        va      .         .        vad    vad",
    "marketplace.vendor":         ".     v     v        vac     .         .        vacd   vacd",
    "promotions.campaign":        ".     v     v        .       .         va       va     va",
    "promotions.campaignversion": ".     v     v        .       .         v        v      v",
    "promotions.credit":          ".     v     v        .       .         v        v      v",
    "promotions.referral":        ".     v     v        .       .         v        v      v",
    "promotions.referralcode":    ".     v     v        .       .         v        v      v",
    "promotions.reward":          ".     v     v        .       .         v        v      v",
    "promotions.rewardbalance":   ".     v     v        .       .         v        v      v",
    "promotions.rewardtransfer":  ".     v     v        .       .         v        v      v",
    "relay.apitoken":             ".     v     v        .       .         v        v      v",
    "relay.channel":              ".     v     .        vacd    .         .        vacd   vacd",
    "relay.channelkey":           ".     v     .        v       .         .        v      v",
    "teams.accessgroup":          ".     v     .        vac     .         .        vac    vacd",
    "teams.invitation":           ".     v     v        .       .         v        v      v",
    "teams.membership":           ".     v     v        .       .         v        v      v",
    "teams.personalaccesstoken":  ".     v     v        .       .         v        v      v",
    "teams.staffbinding":         ".     .     .        .       .         .        .      vad",
    "teams.team":                 ".     v     v        .       .         v        vc     vc",
    "usage.usagerecord":          ".     v     v        .       .         v        v      v",
    "verification.verification":  ".     v     v        .       v         v        v      v",
    "wallet.account":             ".     v     v        .       .         v        v      v",
    "wallet.draw":                ".     v     v        .       .         v        v      v",
    "wallet.due":                 ".     v     v        .       .         v        v      v",
    "wallet.hold":                ".     v     v        .       .         v        v      v",
    "wallet.keyedposting":        ".     v     v        .       .         v        v      v",
    "wallet.lot":                 ".     v     v        .       .         v        v      v",
    "wallet.return":              ".     v     v        .       .         v        v      v",
    "wallet.transfer":            ".     v     v        .       .         v        v      v",
}  # fmt: skip

ACTS: Final = {
    #                                       none  read  support  catal.  enterpr.  finance  owner  superuser
    "announcements.announcement preview":  ".     x     x        x       .         .        x      x",
    "announcements.announcement publish":  ".     .     .        x       .         .        x      x",
    "announcements.announcement withdraw": ".     .     .        x       .         .        x      x",
    "journal.approval approve":            ".     n     n        .       .         x        x      x",
    "journal.approval refuse":             ".     n     n        .       .         x        x      x",
    "journal.operatoralert close":         ".     .     .        .       .         .        x      x",
    "journal.outboxmessage send_again":    ".     .     .        .       .         .        x      x",
    "marketplace.model bulk-prices":       ".     .     .        x       .         .        x      x",
    "marketplace.model new-price":         ".     .     .        x       .         .        x      x",
    "marketplace.model preview-price":     ".     .     .        x       .         .        x      x",
    "marketplace.model publish-bulk":      ".     .     .        x       .         .        x      x",
    "marketplace.priceversion withdraw":   ".     .     .        x       .         .        x      x",
    "marketplace.pricingtemplate deprecate":   ".     .     .        x       .         .        x      x",
    "marketplace.pricingtemplate new-version": ".     .     .        x       .         .        x      x",
    "marketplace.pricingtemplate reinstate":   ".     .     .        n       .         .        n      n",
    "marketplace.officialprice import":    ".     .     .        x       .         .        x      x",
    "marketplace.officialprice parity":    ".     x     x        x       .         .        x      x",
    "marketplace.officialprice parity-csv":".     x     x        x       .         .        x      x",
    "marketplace.officialprice preview":   ".     .     .        x       .         .        x      x",
    "promotions.campaign end-now":         ".     .     .        .       .         x        x      x",
    "promotions.campaign new-version":     ".     .     .        .       .         x        x      x",
    "promotions.campaign plan":            ".     .     .        .       .         x        x      x",
    "promotions.campaignversion end":      ".     .     .        .       .         x        x      x",
    "promotions.referralcode add-inviter": ".     .     x        .       .         .        x      x",
    "promotions.referralcode rotate":      ".     .     x        .       .         .        x      x",
    "promotions.reward hold":              ".     .     .        .       .         x        x      x",
    "promotions.reward release":           ".     .     .        .       .         x        x      x",
    "promotions.reward reverse":           ".     .     .        .       .         x        x      x",
    "relay.apitoken disable":              ".     .     .        .       .         .        x      x",
    "relay.apitoken enable":               ".     .     .        .       .         .        x      x",
    "relay.apitoken end":                  ".     .     .        .       .         .        x      x",
    "relay.apitoken limit":                ".     .     .        .       .         .        x      x",
    "relay.channel add_key":               ".     .     .        x       .         .        x      x",
    "relay.channel disable":               ".     .     .        x       .         .        x      x",
    "relay.channel enable":                ".     .     .        x       .         .        x      x",
    "relay.channel test":                  ".     .     .        x       .         .        x      x",
    "relay.channelkey disable":            ".     .     .        x       .         .        x      x",
    "relay.channelkey enable":             ".     .     .        x       .         .        x      x",
    "relay.channelkey remove":             ".     .     .        x       .         .        x      x",
    "teams.accessgroup change-multiplier":   ".     .     .        x       .         .        x      x",
    "teams.accessgroup withdraw-multiplier": ".     .     .        x       .         .        x      x",
    "teams.personalaccesstoken revoke":    ".     .     .        .       .         .        x      x",
    "teams.team grant-group":              ".     .     .        .       .         .        x      x",
    "teams.team end-group-grant":          ".     .     .        .       .         .        x      x",
    "teams.team grant-model":              ".     .     .        .       .         .        x      x",
    "teams.team end-model-grant":          ".     .     .        .       .         .        x      x",
    "verification.verification approve":   ".     .     x        .       x         .        x      x",
    "verification.verification document":  ".     .     x        .       x         .        x      x",
    "verification.verification reject":    ".     .     x        .       x         .        x      x",
    "verification.verification revoke":    ".     .     x        .       x         .        x      x",
    "wallet.account all_credit":           ".     .     .        .       .         x        x      x",
    "wallet.account debit":                ".     .     .        .       .         x        x      x",
    "wallet.account free_only":            ".     .     .        .       .         x        x      x",
    "wallet.account grant":                ".     .     .        .       .         x        x      x",
    "wallet.account limit":                ".     .     .        .       .         x        x      x",
    "wallet.due cancel":                   ".     .     .        .       .         x        x      x",
    "wallet.lot pay_back":                 ".     .     .        .       .         x        x      x",
    "wallet.lot withdraw":                 ".     .     .        .       .         x        x      x",
    "wallet.transfer refund":              ".     .     .        .       .         x        x      x",
    "wallet.transfer reverse":             ".     .     .        .       .         x        x      x",
}  # fmt: skip

SITE: Final = {
    # pages of the site itself         address                       nobody  customer  staff
    "index":                          ("/admin/",                       302,  302,      200),
    "login":                          ("/admin/login/",                 302,  403,      302),
    "logout":                         ("/admin/logout/",                302,  302,      405),
    "password_change":                ("/admin/password_change/",       302,  302,      302),
    "password_change_done":           ("/admin/password_change/done/",  302,  302,      200),
    "jsi18n":                         ("/admin/jsi18n/",                302,  302,      200),
    "view_on_site":                   ("/admin/r/0/0/",                 302,  302,      404),
    "autocomplete":                   ("/admin/autocomplete/",          302,  302,      403),  # without a question
    "app_list":                       ("/admin/accounts/",              302,  302,      None),  # as the front page
    "(?P<url>.*)$":                   ("/admin/nowhere/",               302,  302,      404),
}  # fmt: skip


def rights(table: dict[str, str], row: str) -> dict[str, set[str]]:
    """By group: the letters of one row."""
    return {group: set(word) - {"."} for group, word in zip(GROUPS, table[row].split(), strict=True)}
