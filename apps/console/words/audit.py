"""Each act of the audit trail that a team may read, as a sentence. An act that nobody described here shows its code."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.console.approvals import ACTS as APPROVED_ACTS
from apps.console.limit_rows import RESET_WORDS
from apps.console.words.teams import ROLE_NAMES
from apps.journal.types import LoggedAct
from apps.marketplace.types import Subject

KIND_NAMES: Final[Mapping[str, str | Promise]] = {
    "members": _("Members"),
    "tokens": _("Tokens"),
    "money": _("Money"),
    "team": _("Team"),
    "verification": _("Verification"),
}
SENTENCES: Final[Mapping[str, Mapping[str, str | Promise]]] = {
    "members": {
        "invitation.sent": _("Invited %(email)s, role %(role)s"),
        "invitation.resent": _("Sent the invitation to %(email)s again"),
        "invitation.withdrawn": _("Withdrew the invitation to %(email)s"),
        "invitation.declined": _("Declined the invitation to %(email)s"),
        "invitation.accepted": _("Joined by the invitation to %(email)s, role %(role)s"),
        "member.role_changed": _("Changed the role of %(name)s from %(from)s to %(to)s"),
        "member.removed": _("Removed %(name)s"),
        "member.left": _("Left the team"),
        "member.budget_changed": _("Set the budget of %(person)s to %(to)s"),
        "team.transferred": _("Transferred the ownership to %(name)s"),
    },
    "tokens": {
        "token.created": _("Created the API token %(name)s"),
        "token.changed": _("Changed the API token %(name)s: %(fields)s"),
        "token.disabled": _("Disabled the API token %(name)s"),
        "token.enabled": _("Enabled the API token %(name)s"),
        "token.deleted": _("Deleted the API token %(name)s"),
        "token.moved_in": _("Took over the API token %(name)s from another system"),
        "personal_token.created": _("Created the personal access token %(name)s"),
        "personal_token.revoked": _("Ended the personal access token %(name)s"),
        "webhook.added": _("Added the webhook %(host)s"),
        "webhook.changed": _("Changed the webhook %(host)s"),
        "webhook.secret_rotated": _("Changed the secret of the webhook %(host)s"),
        "webhook.disabled": _("Disabled the webhook %(host)s after failures"),
        "webhook.stopped": _("Stopped the webhook %(host)s with whoever added it"),
        "webhook.removed": _("Removed the webhook %(host)s"),
        "price_alert.added": _("Set a price alert for the webhooks: %(about)s %(code)s"),
        "price_alert.ended": _("Ended a price alert for the webhooks: %(about)s %(code)s"),
    },
    "money": {
        "wallet.free_only_on": _("Turned on: stop when free credit is used up"),
        "wallet.free_only_off": _("Turned off: stop when free credit is used up"),
        "wallet.free_only": _("Turned the switch for free credit"),
        "limit.changed": _("Changed a limit to %(limit)s"),
        "team.budget_changed": _("Set the budget of the team to %(to)s"),
        "reward.transferred": _("Moved %(credits)s credits of rewards to the balance"),
        "credits.granted": _("Granted %(credits)s credits"),
        "credits.adjusted": _("Took %(credits)s credits"),
        "charge.refunded": _("Refunded %(credits)s credits of a charge"),
        "lot.refunded": _("Paid back %(credits)s credits"),
        "lot.withdrawn": _("Took back %(credits)s unspent credits"),
        "transfer.reversed": _("Reversed a transfer of %(credits)s credits"),
        "due.cancelled": _("Cancelled a due of %(credits)s credits"),
        "credits.taken_back": _("Took back %(credits)s unspent credits"),
        "balance.given_up": _("Gave up %(credits)s credits"),
        "approval.requested": _("Asked a second person to approve: %(act)s"),
        "approval.approved": _("Approved: %(act)s"),
        "approval.refused": _("Did not approve: %(act)s"),
    },
    "team": {
        "team.founded": _("Founded the team"),
        "team.renamed": _("Renamed the team from %(from)s to %(to)s"),
        "team.changed": _("Changed which models the team may call"),
        "access_group.granted": _("Granted the access group %(access_group)s, until %(ends_at)s"),
        "access_group.grant_ended": _("Ended the grant of the access group %(access_group)s"),
        "model.granted": _("Granted the model %(model)s, until %(ends_at)s"),
        "model.grant_ended": _("Ended the grant of the model %(model)s"),
        "team.closed": _("Closed the team"),
    },
    "verification": {
        "verification.submitted": _("Applied for verification"),
        "verification.resubmitted": _("Applied for verification again"),
        "verification.approved": _("Approved the verification"),
        "verification.rejected": _("Rejected the verification"),
        "verification.revoked": _("Revoked the verification"),
        "verification.erased": _("Erased what the verification had collected"),
        "verification.document_viewed": _("Looked at a document of the verification"),
        "verification.particulars_viewed": _("Looked at the particulars of the verification"),
    },
}
FIELD_NAMES: Final[Mapping[str, str | Promise]] = {
    "name": pgettext_lazy("changed field", "name"),
    "limit_nanos": pgettext_lazy("changed field", "limit"),
    "reset": pgettext_lazy("changed field", "refill"),
    "model_codes": pgettext_lazy("changed field", "models"),
    "ip_allow": pgettext_lazy("changed field", "addresses"),
    "concurrency": pgettext_lazy("changed field", "concurrency"),
    "rpm": pgettext_lazy("changed field", "requests a minute"),
    "tpm": pgettext_lazy("changed field", "tokens a minute"),
    "expires_at": pgettext_lazy("changed field", "expiry"),
}
REASONS: Final[Mapping[str, str | Promise]] = {
    "its creator left the team": _("Whoever made it left the team"),
    "its creator was removed from the team": _("Whoever made it was removed from the team"),
}
# Done by the platform's people only: shown as theirs also where one of them happens to be a member.
STAFF_ACTS: Final = frozenset(
    {
        "wallet.free_only",
        "limit.changed",
        "team.changed",
        "access_group.granted",
        "access_group.grant_ended",
        "model.granted",
        "model.grant_ended",
        "approval.requested",
        "approval.approved",
        "approval.refused",
        "verification.approved",
        "verification.rejected",
        "verification.revoked",
        "credits.taken_back",
        "verification.document_viewed",
        "verification.particulars_viewed",
        *APPROVED_ACTS,
    }
)
# Done by members only: whoever did one of these is, or was, one of the team's own people.
MEMBER_ACTS: Final = frozenset(
    {
        "team.founded",
        "team.renamed",
        "team.transferred",
        "team.budget_changed",
        "invitation.sent",
        "invitation.resent",
        "invitation.withdrawn",
        "invitation.declined",
        "invitation.accepted",
        "member.role_changed",
        "member.removed",
        "member.left",
        "member.budget_changed",
        "token.created",
        "personal_token.created",
        "wallet.free_only_on",
        "wallet.free_only_off",
        "reward.transferred",
        "verification.submitted",
        "verification.resubmitted",
    }
)


def kind_of(act: str) -> str:
    """The key of KIND_NAMES; empty for an act that is not described."""
    return next((kind for kind, acts in SENTENCES.items() if act in acts), "")


def sentence_of(line: LoggedAct, names: Mapping[int, str]) -> str:
    """What was done, in the reader's language; `names` are people by id."""
    words = SENTENCES.get(kind_of(line.act), {}).get(line.act)
    if words is None:
        return gettext("Other act: %(act)s") % {"act": line.act}
    return str(words) % _Facts(_facts(line, names))


def reason_of(line: LoggedAct) -> str:
    """Why, where somebody wrote it. What an approval was asked for stays between the two who decided it."""
    return "" if line.act.startswith("approval.") else str(REASONS.get(line.reason, line.reason))


class _Facts(dict[str, str]):
    """An older line may lack what newer ones tell."""

    def __missing__(self, key: str) -> str:
        return "–"


def _facts(line: LoggedAct, names: Mapping[int, str]) -> dict[str, str]:
    facts = {name: _SHOWN[name](value) for name, value in line.details.items() if name in _SHOWN}
    facts["fields"] = ", ".join(str(words) for name, words in FIELD_NAMES.items() if _is_change(line.details.get(name)))
    facts["limit"] = _limit(line.details)
    if line.target == "user" and line.target_id.isdigit():
        facts["person"] = names.get(int(line.target_id), "–")
    return facts


def _is_change(value: Any) -> bool:
    return isinstance(value, dict) and "to" in value


def _text(value: Any) -> str:
    """A field that was changed is told by what it became."""
    return str(value["to"]) if _is_change(value) else str(value)


def _state(value: Any) -> str:
    """One end of a change: a budget, a role, or a name."""
    return _limit(value) if isinstance(value, dict) else str(ROLE_NAMES.get(str(value), value))


def _limit(terms: Mapping[str, Any]) -> str:
    if terms.get("limit") is None:
        return gettext("no limit")
    words = {"credits": terms["limit"], "when": RESET_WORDS.get(str(terms.get("refill", "")), "")}
    if words["when"]:
        return gettext("%(credits)s credits, refilled %(when)s") % words
    return gettext("%(amount)s credits") % {"amount": terms["limit"]}


def _role(code: Any) -> str:
    return str(ROLE_NAMES.get(str(code), code))


def _approved(act: Any) -> str:
    known = APPROVED_ACTS.get(str(act))
    return str(act) if known is None else str(known.label)


def _about(subject: Any) -> str:
    return str(_SUBJECT_NAMES.get(str(subject), subject))


def _end(at: Any) -> str:
    instant = parse_datetime(str(at))
    if instant is None:
        return gettext("further notice")
    return date_format(localtime(instant), pgettext("date format", "j M Y"), use_l10n=False)


_SUBJECT_NAMES: Final = dict(Subject.choices)
_SHOWN: Final[Mapping[str, Callable[[Any], str]]] = {
    "about": _about,
    "code": _text,
    "access_group": _text,
    "model": _text,
    "ends_at": _end,
    "name": _text,
    "email": _text,
    "credits": _text,
    "host": _text,
    "role": _role,
    "from": _state,
    "to": _state,
    "act": _approved,
}
