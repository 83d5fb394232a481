"""What each kind of mail is filled with, for the tests that render all of them."""

from typing import Any

BUDGET: dict[str, Any] = {
    "team": "team_1",
    "team_name": "Acme",
    "account": 7,
    "limit_of": "token",
    "name": "production",
    "used": "8",
    "limit": "10",
    "resets_at": "2026-11-30T16:00:00+00:00",
    "path": "/console/tokens",
}
VERIFICATION: dict[str, Any] = {
    "kind": "personal",
    "team": "",
    "credits": "",
    "reason": "",
    "words": "",
    "path": "/console/verification",
}
PRICE_LINE: dict[str, Any] = {
    "meter": "output_tokens",
    "conditions": {"thinking": False},
    "from": 32_000,
    "to": None,
    "unit": 1_000_000,
    "old": "12",
    "new": "15",
    "percent": "25.0000",
}
PRICE_CHANGE: dict[str, Any] = {
    "model": "chat-small",
    "name": {"en": "Chat small"},
    "group": "",
    "direction": "up",
    "withdrawn": False,
    "lines": [PRICE_LINE],
    "effective_at": "2026-11-22T12:00:00+00:00",
    "impact": "14.2",
    "is_estimate": False,
}
SAMPLES: dict[str, dict[str, Any]] = {
    "account.closed": {},
    "export.ready": {"path": "/console/settings/export", "expires_at": "2026-11-28T12:00:00+00:00"},
    "team.closed": {"team": "Acme", "who": "Ada"},
    "sign_in.new_device": {
        "device": "Firefox on Windows",
        "ip": "203.0.113.9",
        "at": "2026-11-21T12:00:00+00:00",
        "path": "/accounts/sessions/",
    },
    "team.invited": {
        "team": "Acme",
        "invited_by": "Ada",
        "role": "developer",
        "expires_at": "2026-11-28T12:00:00+00:00",
        "path": "/invitations/secret",
    },
    "team.joined": {"team": "Acme", "who": "Bob", "role": "developer", "path": "/console/team"},
    "team.transferred": {"team": "Acme", "who": "Ada", "path": "/console/team"},
    "team.removed": {"team": "Acme"},
    "balance.low": {
        "team": "team_1",
        "team_name": "Acme",
        "available": "12.5",
        "daily": "6.25",
        "days_left": 2,
        "path": "/console/",
    },
    "verification.approved": VERIFICATION | {"credits": "10"},
    "verification.rejected": VERIFICATION | {"reason": "A document has expired.", "words": "The card ended in March."},
    "verification.revoked": VERIFICATION | {"team": "Acme", "words": "The licence was forged."},
    **{f"budget.{percent}": BUDGET | {"percent": percent} for percent in (50, 80, 100)},
    "reward.available": {"amount": "5", "link": "/console/referrals"},
    "reward.reversed": {"amount": "2.5", "link": "/console/referrals"},
    "price.asked": {
        "subject": "vendor",
        "code": "acme-ai",
        "name": {"en": "Acme AI"},
        "direction": "up",
        "percent": "5",
        "path": "/price-alerts/confirm/secret",
    },
    "price.changed": {
        "changes": [PRICE_CHANGE],
        "more": 0,
        "total": 1,
        "has_impact": True,
        "alerts": ["sub_1"],
    },
    "model.launched": {
        "model": "dall-e-3",
        "name": {"en": "DALL·E 3"},
        "path": "/models/dall-e-3",
        "alerts": ["sub_1"],
    },
    "webhook.disabled": {
        "team_name": "Acme",
        "host": "hooks.example",
        "path": "/console/team/webhooks/hook_x",
    },
    "operator.alert": {
        "alert": "mail-stuck",
        "key": "mail-stuck",
        "details": {"reason": "no connection: Connection refused"},
        "first_at": "2026-11-21T12:00:00+00:00",
        "path": "/admin/journal/operatoralert/7/change/",
    },
}
