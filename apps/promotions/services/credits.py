"""Credits for what people did themselves: verification and registration. Straight into a wallet, as a lot."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils.crypto import salted_hmac

from apps.accounts import queries as people
from apps.core.billing_calendar import business_date
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.journal.types import Act
from apps.promotions import campaigns, queries
from apps.promotions.models import Credit, Mark
from apps.promotions.services import counters, earning, reversals
from apps.promotions.types import (
    Beneficiary,
    CreditKind,
    CreditOutcome,
    MarkKind,
    QualifyingAct,
    Trigger,
    VerifiedSubject,
    Version,
)
from apps.teams import queries as teams
from apps.wallet import queries as wallet_queries
from apps.wallet import services as wallet
from apps.wallet.types import LotTerms, Mandate

VERIFICATIONS = (CreditKind.PERSONAL, CreditKind.ENTERPRISE)


def credit_verification(subject: VerifiedSubject, *, at: datetime) -> int:
    """Grants what the campaign in force at `at` pays for this approval; returns the nanocredits granted.

    0: the subject was approved in this kind before, no campaign was in force, the account was not new, or nothing was
    left to grant. Whatever it was, it is decided for ever: a later campaign pays nothing for it. The applicant's first
    approval earns the inviter a reward. Joins the caller's transaction; safe to repeat by `verification_id`.
    """
    with transaction.atomic():
        counters.lock_campaigns(Trigger.VERIFIED)
        known = Credit.objects.filter(verification_id=subject.verification_id).first()
        if known is not None:
            return known.amount_nanos
        is_first = not _verifications_of(subject.user_id).exists()
        is_known = Mark.objects.filter(kind=MarkKind.SUBJECT, value=subject.subject_key)
        act = _act_of(subject, is_known_subject=is_known.exclude(user_id=subject.user_id).exists(), at=at)
        Mark.objects.get_or_create(kind=MarkKind.SUBJECT, value=subject.subject_key, user_id=subject.user_id)
        if is_first:
            earning.earn(act, at=at)
        return _grant_for(subject, at=at)


def take_back_verification(verification_id: int, *, reason: str, actor: int | None, at: datetime) -> int:
    """Takes the unspent credits of a revoked verification back; returns the nanocredits taken.

    What is spent stays spent, and an operator alert tells of it. The inviter's reward for it is reversed. Safe to
    repeat: the second call returns what the first one took.
    """
    with transaction.atomic():
        counters.lock_campaigns(Trigger.VERIFIED)
        credit = Credit.objects.select_for_update().filter(verification_id=verification_id).first()
        if credit is None:
            return 0
        if credit.taken_back_at is not None:
            return credit.taken_back_nanos
        undoing = reversals.lock_for_verification(verification_id, at=at)
        accounts = [] if undoing is None else [undoing.balance.account_id]
        wallet.lock_accounts([*accounts, *filter(None, [credit.wallet_id])])
        if undoing is not None:
            reversals.undo_whole(undoing, reason=reason, at=at)
        credit.taken_back_nanos, credit.taken_back_at = _withdrawn(credit, reason=reason), at
        credit.save(update_fields=["taken_back_nanos", "taken_back_at"])
        if credit.version is not None:
            counters.commit(credit.version.campaign_id, -credit.taken_back_nanos)
        _record(credit, reason=reason, actor=actor, at=at)
        _tell_of_the_spent(credit)
    return credit.taken_back_nanos


def note_registered(user_id: int, *, at: datetime) -> None:
    """Pays what a new account was worth on the day it was opened: its own credits, and the inviter's reward.

    Call it once the address is confirmed: until then anybody could have typed it. Once a person, and once an address:
    whoever closes the account and comes again is not new. Cheap to repeat.
    """
    known = Credit.objects.filter(kind=CreditKind.REGISTERED, user_id=user_id)
    if known.exists():
        return
    with transaction.atomic():
        counters.lock_campaigns(Trigger.REGISTERED)
        if not known.exists():
            _register(user_id, at=at)


def _register(user_id: int, *, at: datetime) -> None:
    subject_key = _key_of_mailbox(people.profile_of(user_id).email)
    team = teams.personal_team_for(user_id)
    credit = Credit(kind=CreditKind.REGISTERED, subject_key=subject_key, user_id=user_id, at=at)
    credit.wallet_id = None if team is None else team.wallet_id
    if Credit.objects.filter(kind=CreditKind.REGISTERED, subject_key=subject_key).exists():
        _nothing(credit, CreditOutcome.DUPLICATE)
        return
    joined_at = queries.joined_at_of(user_id)
    act = QualifyingAct(trigger=Trigger.REGISTERED, user_id=user_id, joined_at=joined_at, acted_at=at)
    earning.earn(act, at=joined_at)
    version = queries.version_in_force(Trigger.REGISTERED, Beneficiary.SELF, at=joined_at)
    _grant(credit, version, amount_nanos=version.terms.amount_nanos or 0 if version else 0, at=at)


def _key_of_mailbox(email: str) -> str:
    """The same for an address with a tag after a plus sign, which leads to the same mailbox."""
    name, _, domain = email.lower().rpartition("@")
    mailbox = f"{name.partition('+')[0]}@{domain}"
    return salted_hmac("sluice.promotions.mailbox", mailbox, algorithm="sha256").hexdigest()


def _act_of(subject: VerifiedSubject, *, is_known_subject: bool, at: datetime) -> QualifyingAct:
    return QualifyingAct(
        trigger=Trigger.VERIFIED,
        user_id=subject.user_id,
        joined_at=subject.user_joined_at,
        acted_at=subject.submitted_at,
        kind=subject.kind,
        verification_id=subject.verification_id,
        is_known_subject=is_known_subject,
    )


def _verifications_of(user_id: int) -> QuerySet[Credit]:
    return Credit.objects.filter(user_id=user_id, kind__in=VERIFICATIONS)


def _grant_for(subject: VerifiedSubject, *, at: datetime) -> int:
    credit = Credit(
        kind=CreditKind(subject.kind),
        subject_key=subject.subject_key,
        user_id=subject.user_id,
        verification_id=subject.verification_id,
        wallet_id=subject.wallet_id,
        at=at,
    )
    same = Credit.objects.filter(subject_key=subject.subject_key, kind=credit.kind)
    if same.exclude(outcome=CreditOutcome.DUPLICATE).exists():
        return _nothing(credit, CreditOutcome.DUPLICATE)
    version = queries.version_in_force(Trigger.VERIFIED, Beneficiary.SELF, at=at)
    joined_on, acted_on = business_date(subject.user_joined_at), business_date(subject.submitted_at)
    if version and not campaigns.is_new(joined_on, acted_on=acted_on, days=version.terms.new_user_days):
        return _nothing(credit, CreditOutcome.NOT_NEW)
    amount = 0
    if version is not None:
        full = campaigns.amount_for_kind(version.terms, subject.kind)
        amount = campaigns.stacked(full, had_nanos=_had(subject.user_id), stacking=version.terms.stacking)
    return _grant(credit, version, amount_nanos=amount, at=at)


def _had(user_id: int) -> int:
    """What earlier verifications gave the applicant, less what was taken back."""
    net = Sum(F("amount_nanos") - F("taken_back_nanos"))
    return _verifications_of(user_id).aggregate(sum=net)["sum"] or 0


def _grant(credit: Credit, version: Version | None, *, amount_nanos: int, at: datetime) -> int:
    """Stores what was decided, and posts the lot if there is one."""
    if version is None or credit.wallet_id is None:
        return _nothing(credit, CreditOutcome.NO_CAMPAIGN)
    if not amount_nanos:
        return _nothing(credit, CreditOutcome.NOTHING_LEFT)
    left = counters.budget_left(version)
    credit.amount_nanos = amount_nanos if left is None else min(amount_nanos, left)
    if not credit.amount_nanos:
        counters.tell_of_the_budget(version)
        return _nothing(credit, CreditOutcome.BUDGET_SPENT)
    credit.outcome, credit.version_id = CreditOutcome.GRANTED, version.version_id
    credit.save(force_insert=True)
    counters.commit(version.campaign_id, credit.amount_nanos)
    credit.lot_id = wallet.grant_lot(
        credit.wallet_id,
        Mandate(f"credit:{credit.pk}", f"{version.code} {version.number}", actor=None),
        amount_nanos=credit.amount_nanos,
        source="campaign" if credit.kind == CreditKind.REGISTERED else "verification",
        terms=LotTerms(spend_until=_end_of(version, at)),
    )
    credit.save(update_fields=["lot_id"])
    return credit.amount_nanos


def _nothing(credit: Credit, outcome: str) -> int:
    credit.outcome = outcome
    credit.save(force_insert=True)
    return 0


def _end_of(version: Version, at: datetime) -> datetime | None:
    days = version.terms.valid_days
    return None if days is None else at + timedelta(days=days)


def _withdrawn(credit: Credit, *, reason: str) -> int:
    """Takes what is unspent and not held out of the lot; its wallet is locked."""
    if credit.lot_id is None:
        return 0
    left = wallet_queries.to_go_of(credit.lot_id).amount_nanos
    if left:
        mandate = Mandate(f"credit:{credit.pk}:taken-back", reason, actor=None)
        wallet.withdraw_lot(credit.lot_id, mandate, amount_nanos=left)
    return left


def _record(credit: Credit, *, reason: str, actor: int | None, at: datetime) -> None:
    details = {"wallet": credit.wallet_id, "credits": credits_text(credit.taken_back_nanos)}
    act = Act(
        "credits.taken_back",
        "verification",
        str(credit.verification_id),
        actor_id=actor,
        reason=reason,
        details=details,
        scope=f"wallet:{credit.wallet_id}",
    )
    journal.record_act(act, at=at)


def _tell_of_the_spent(credit: Credit) -> None:
    """What was spent is no debt: the ledger's dues are fees. Somebody has to look at it."""
    spent = credit.amount_nanos - credit.taken_back_nanos
    if spent:
        details = {
            "verification": credit.verification_id,
            "wallet": credit.wallet_id,
            "granted": credits_text(credit.amount_nanos),
            "not_taken_back": credits_text(spent),
        }
        key = f"credits-of-revoked-verification:{credit.verification_id}"
        journal.raise_alert("credits-of-revoked-verification", dedupe_key=key, details=details)
