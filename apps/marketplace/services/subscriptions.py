"""Price alerts: asked for, confirmed, ended. An address that has not said yes gets a mail that asks it, no other."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.core.ids import parse_public_id
from apps.core.locks import lock_for_transaction
from apps.core.mail_addresses import mail_address
from apps.core.secret_tokens import digest_of, is_well_formed, mint
from apps.journal import services as journal
from apps.journal.types import Act
from apps.marketplace import queries
from apps.marketplace.errors import AlertLinkExpired, AlertMissing, TooManyAlerts, WishInvalid
from apps.marketplace.models import LIVE, Lifecycle, PriceNotice, PriceSubscription, PriceSubscriptionQuerySet
from apps.marketplace.types import ALERT_ASKED, Subject
from apps.marketplace.types.alerts import AlertCard, Sight, Wish
from apps.teams import queries as teams
from apps.teams.types import TeamAccess

LINK_LIVES: Final = timedelta(days=3)
FORGOTTEN_AFTER: Final = timedelta(days=30)
DAY: Final = timedelta(days=1)
ASKED_A_DAY: Final = 3
"""Mails that ask one address, however many strangers want it asked."""
MOST_ALERTS: Final = 30
MOST_PERCENT: Final = Decimal(1000)
SECRET_PREFIX: Final = "alert_"  # noqa: S105  what the secret of a confirmation starts with


def ask_address(wish: Wish, *, email: str, sight: Sight, language: str, at: datetime) -> None:
    """Stores the wish and asks the address by mail whether it wants this; until it says yes, nothing counts.

    Whoever asks learns nothing of the address: neither whether it has alerts, nor that it was asked too often today and
    is left in peace. Raises `WishInvalid`.
    """
    address, terms = _address(email), _terms(wish, sight)
    with transaction.atomic():
        _queue_up(address)
        unanswered = PriceSubscription.objects.filter(email=address, confirmed_at=None, created_at__gt=at - DAY)
        if unanswered.count() >= ASKED_A_DAY:
            return
        secret = mint(SECRET_PREFIX)
        row = _store(terms, email=address, language=language, secret=secret, created_at=at)
        payload = {**_told(wish, row), "path": f"/price-alerts/confirm/{secret}"}
        key = f"{ALERT_ASKED.code}:{row.public_id}"
        accounts.notify_address(address, ALERT_ASKED, language=language, payload=payload, dedupe_key=key, at=at)


def confirm_alert(secret: str, *, at: datetime) -> AlertCard:
    """Whoever reads the address's mail said yes; an older alert about the same thing ends. Safe to repeat.

    Raises `AlertMissing`, `AlertLinkExpired`, `TooManyAlerts`.
    """
    if not is_well_formed(SECRET_PREFIX, secret):
        raise AlertMissing
    with transaction.atomic():
        found = PriceSubscription.objects.filter(secret_digest=digest_of(secret).hex()).first()
        if found is None:
            raise AlertMissing
        _queue_up(found.email)
        row = PriceSubscription.objects.select_for_update().get(pk=found.pk)
        if row.confirmed_at is None and row.ended_at is None:
            if at >= row.created_at + LINK_LIVES:
                raise AlertLinkExpired
            _begin(row, at=at)
    return queries.card_of(row)


def add_own_alert(wish: Wish, *, user_id: int, email: str, sight: Sight, at: datetime) -> AlertCard:
    """An alert for an address that the person has shown to read mail at: it counts at once, in place of one about the
    same thing. Raises `WishInvalid`, also for any other address, and `TooManyAlerts`.
    """
    address, terms = _address(email), _terms(wish, sight)
    with transaction.atomic():
        user = accounts.lock_user(user_id)
        if address not in people.confirmed_addresses(user_id):
            raise WishInvalid("email", _("Confirm this address first."))
        _queue_up(address)
        row = _store(terms, email=address, user_id=user_id, language=user.language, created_at=at)
        _begin(row, at=at)
    return queries.card_of(row)


def add_team_alert(wish: Wish, team: TeamAccess, *, at: datetime) -> AlertCard:
    """An alert for the team's webhooks. Takes the place of one about the same thing. Raises `WishInvalid`,
    `TooManyAlerts`.
    """
    terms = _terms(wish, queries.sight_of_team(team.id, at=at))
    with transaction.atomic():
        _queue_up(team.public_id)
        row = _store(terms, team_id=team.id, language="", created_at=at)
        _begin(row, at=at)
        _record("added", row, team, at=at)
    return queries.card_of(row)


def end_alert(public_id: str, *, at: datetime) -> None:
    """Nothing more comes, nor what was about to. Safe to repeat; the caller has shown to be entitled."""
    uid = parse_public_id("sub", public_id)
    with transaction.atomic():
        row = None if uid is None else PriceSubscription.objects.select_for_update().filter(uid=uid).first()
        if row is not None:
            _end([row.pk], at=at)


def end_team_alert(team: TeamAccess, public_id: str, *, at: datetime) -> None:
    """The same for one of the team's; the end is recorded. Raises `AlertMissing`, also the second time."""
    uid = parse_public_id("sub", public_id)
    with transaction.atomic():
        rows = PriceSubscription.objects.select_for_update().filter(LIVE, team_id=team.id)
        row = None if uid is None else rows.filter(uid=uid).first()
        if row is None:
            raise AlertMissing
        _end([row.pk], at=at)
        _record("ended", row, team, at=at)


def end_alerts_of_address(email: str, *, at: datetime) -> int:
    """Ends whatever goes to the address, and what it was asked and has not answered; how many. Safe to repeat."""
    with transaction.atomic():
        _queue_up(email)
        rows = PriceSubscription.objects.filter(email=email, ended_at=None)
        return _end(list(rows.values_list("pk", flat=True)), at=at)


def forget_alerts_of_person(user_id: int) -> int:
    """Deletes whatever goes to the person's addresses, whoever asked for it: the account closes. How many.

    Before the addresses themselves go. Safe to repeat.
    """
    return _deleted(PriceSubscription.objects.filter(queries.of_person(user_id)))


def forget_alerts_of_team(team_id: int) -> int:
    """Deletes the team's, which closes. How many; safe to repeat."""
    return _deleted(PriceSubscription.objects.filter(team_id=team_id))


def forget_old_alerts(*, at: datetime) -> int:
    """Deletes alerts that ended, and addresses that never answered, 30 days later. How many; safe to repeat."""
    old = at - FORGOTTEN_AFTER
    return _deleted(PriceSubscription.objects.filter(Q(ended_at__lt=old) | Q(confirmed_at=None, created_at__lt=old)))


def _address(email: str) -> str:
    try:
        return mail_address(email)
    except ValueError:
        raise WishInvalid("email", _("Write an e-mail address such as ada@example.com.")) from None


def _terms(wish: Wish, sight: Sight) -> dict[str, Any]:
    """The columns of a wish; what the person may not learn of does not exist."""
    percent = wish.threshold_percent
    if not 0 <= percent <= MOST_PERCENT or percent != percent.quantize(Decimal("0.01")):
        raise WishInvalid("threshold_percent", _("Write a percentage from 0 to 1000, such as 5 or 2.5."))
    terms = {"subject": wish.subject, "direction": wish.direction, "threshold_percent": percent}
    if wish.subject is Subject.ALL:
        return terms
    return {**terms, **_target(wish, sight)}


def _target(wish: Wish, sight: Sight) -> dict[str, Any]:
    if wish.subject is Subject.GROUP:
        ids = teams.access_group_ids(sight.codes & {wish.code})
        return {"access_group_id": _found(ids.get(wish.code))}
    models = queries.models_in(sight)
    if wish.subject is Subject.VENDOR:
        return {"vendor_id": _found(models.filter(vendor__code=wish.code).values_list("vendor_id", flat=True).first())}
    model = _found(models.exclude(lifecycle=Lifecycle.RETIRED).filter(code=wish.code).first())
    if wish.subject is Subject.LAUNCH and model.lifecycle != Lifecycle.PLANNED:
        raise WishInvalid("about", _("This model has started: calls work now."))
    return {"model_id": model.pk}


def _found(target: Any) -> Any:
    if target is None:
        raise WishInvalid("about", _("Choose one of the list."))
    return target


def _store(terms: dict[str, Any], *, secret: str = "", **fields: Any) -> PriceSubscription:
    digest = digest_of(secret or mint(SECRET_PREFIX)).hex()
    return PriceSubscription.objects.create(**terms, **fields, secret_digest=digest)


def _begin(row: PriceSubscription, *, at: datetime) -> None:
    """The row counts from now on. The one about the same thing ends first: the table holds one."""
    others = PriceSubscription.objects.filter(LIVE, email=row.email, team=row.team)
    same = {name: getattr(row, name) for name in ("subject", "vendor", "model", "access_group")}
    _end(list(others.filter(**same).values_list("pk", flat=True)), at=at)
    if others.count() >= MOST_ALERTS:
        raise TooManyAlerts(MOST_ALERTS)
    row.confirmed_at = at
    row.save(update_fields=["confirmed_at"])


def _end(ids: list[int], *, at: datetime) -> int:
    PriceNotice.objects.filter(subscription_id__in=ids).delete()
    return PriceSubscription.objects.filter(pk__in=ids, ended_at=None).update(ended_at=at)


def _deleted(rows: PriceSubscriptionQuerySet) -> int:
    """With their notices."""
    return rows.delete()[1].get(PriceSubscription._meta.label, 0)


def _queue_up(owner: str) -> None:
    """Whoever counts the alerts of an address or team, or takes the place of one, waits for one another."""
    lock_for_transaction(f"price alerts of {owner}")


def _told(wish: Wish, row: PriceSubscription) -> dict[str, object]:
    """What a mail says of a wish."""
    card = queries.card_of(row)
    return {
        "subject": str(wish.subject),
        "code": wish.code,
        "name": dict(card.name),
        "direction": str(wish.direction),
        "percent": f"{wish.threshold_percent:f}",
    }


def _record(act: str, row: PriceSubscription, team: TeamAccess, *, at: datetime) -> None:
    code = queries.card_of(row).wish.code
    details = {"about": row.subject, "code": code, "direction": row.direction}
    target = (f"price_alert.{act}", "price_alert", row.public_id)
    journal.record_act(Act(*target, actor_id=team.user_id, details=details, scope=team.public_id), at=at)
