"""Tells subscribers of announced prices and of models that start: mails, and events for webhooks of teams.

A change is first spread: a row for each subscription that it is for, in the transaction that notes it as told. Then the
rows of one receiver leave together, with the message. Killed at any point, nobody is told twice and nobody is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import transaction

from apps.accounts import queries as people
from apps.accounts import services as accounts
from apps.accounts.types import NoticeKind
from apps.core.money import credits_text
from apps.journal import services as journal
from apps.marketplace import queries
from apps.marketplace.models import LIVE, Lifecycle, PriceChange, PriceNotice, PriceSubscription
from apps.marketplace.types import MODEL_LAUNCHED, PRICE_CHANGED, PriceChangeCard, Subject
from apps.marketplace.types.alerts import ChangeToTell, Impact, ImpactOf, Sight
from apps.teams import queries as teams

AT_ONCE: Final = 1_000
MOST_IN_A_MAIL: Final = 20


def spread_changes(*, at: datetime) -> int:
    """A notice for each live subscription that an untold change is for; how many changes. Safe to run twice at once."""
    spread = 0
    while _spread_one(at=at):
        spread += 1
    return spread


def tell_subscribers(*, impact_of: ImpactOf, now: Callable[[], datetime], until: datetime) -> int:
    """One message to each receiver that has notices, with all of them; how many receivers. Stops at `until`."""
    told = 0
    while now() < until and (first := PriceNotice.objects.select_related("subscription__team").order_by("pk").first()):
        told += _tell_receiver(first.subscription, impact_of, at=now())
    return told


def tell_of_launches(*, at: datetime) -> int:
    """One message for each subscription to a planned model that can be called now; then it has ended. How many."""
    live = PriceSubscription.objects.filter(LIVE, subject=Subject.LAUNCH)
    started = live.filter(model__lifecycle__in=[Lifecycle.BETA, Lifecycle.GA])
    return sum(_tell_of_launch(pk, at=at) for pk in started.order_by("pk").values_list("pk", flat=True))


def _spread_one(*, at: datetime) -> bool:
    with transaction.atomic():
        untold = PriceChange.objects.select_for_update(skip_locked=True, of=("self",)).filter(told_at=None)
        change = untold.order_by("pk").select_related("version__model", "access_group").first()
        if change is None:
            return False
        ids = PriceSubscription.objects.wanting(change).order_by("pk").values_list("pk", flat=True)
        for chunk in _chunks(ids.iterator(chunk_size=AT_ONCE)):
            notices = [PriceNotice(change_id=change.pk, subscription_id=pk) for pk in chunk]
            PriceNotice.objects.bulk_create(notices, ignore_conflicts=True)
        change.told_at = at
        change.save(update_fields=["told_at"])
    return True


def _tell_receiver(of: PriceSubscription, impact_of: ImpactOf, *, at: datetime) -> bool:
    """What is said is put together before the transaction that says it: pricing calls again takes a while.

    An alert that ended while its change was being spread could not take the notice along: that one goes untold.
    """
    rows = PriceNotice.objects.filter(subscription__email=of.email, subscription__team=of.team)
    due = list(rows.select_related("subscription").order_by("pk"))
    changes = queries.changes_to_tell({notice.change_id for notice in due if notice.subscription.ended_at is None})
    if of.team is None:
        return _tell_address(of.email, due, changes, impact_of, at=at)
    return _tell_team(of.team, due, changes, impact_of, at=at)


def _tell_address(
    email: str, due: list[PriceNotice], changes: list[ChangeToTell], impact_of: ImpactOf, *, at: datetime
) -> bool:
    reader = people.reader_behind(email)
    team_ids = [] if reader is None else [team.id for team in teams.teams_of(reader)]
    seen = queries.seen_changes(changes, queries.sight_of_people_in(team_ids, at=at))
    shown = [_content(change, _impact(change, team_ids, impact_of, at=at)) for change in seen[:MOST_IN_A_MAIL]]
    alerts = sorted({notice.subscription.public_id for notice in due})
    payload = {
        "changes": shown,
        "more": len(seen) - len(shown),
        "total": len(seen),
        "has_impact": any(change["impact"] for change in shown),
        "alerts": alerts,
    }
    with transaction.atomic():
        if not _take(due):
            return False
        if shown:
            _mail(due[-1].subscription, PRICE_CHANGED, payload, reader=reader, key=f"changed:{due[-1].pk}", at=at)
    return True


def _tell_team(
    team: Any, due: list[PriceNotice], changes: list[ChangeToTell], impact_of: ImpactOf, *, at: datetime
) -> bool:
    seen = queries.seen_changes(changes, queries.sight_of_team(team.pk, at=at))
    events = [(change.card.id, _event(change.card, _impact(change, [team.pk], impact_of, at=at))) for change in seen]
    with transaction.atomic():
        if not _take(due):
            return False
        for change_id, event in events if team.closed_at is None else []:
            key = f"{PRICE_CHANGED.code}:{change_id}"
            journal.queue_event(team.public_id, PRICE_CHANGED.code, payload=event, dedupe_key=key, at=at)
    return True


def _tell_of_launch(subscription_id: int, *, at: datetime) -> bool:
    """Nobody hears of a model that started for others: the wish stays, until it starts for them too."""
    with transaction.atomic():
        rows = PriceSubscription.objects.select_for_update(skip_locked=True, of=("self",)).filter(LIVE)
        row = rows.select_related("model", "team").filter(pk=subscription_id).first()
        if row is None or row.model is None:
            return False
        reader = None if row.team else people.reader_behind(row.email)
        sight = queries.sight_of_team(row.team.pk, at=at) if row.team else _sight(reader, at=at)
        if not queries.models_in(sight).filter(pk=row.model.pk).exists():
            return False
        content = {
            "model": row.model.code,
            "name": row.model.display_config.get("title") or {},
            "path": f"/models/{row.model.code}",
        }
        key = f"launched:{row.public_id}"
        if row.team is None:
            _mail(row, MODEL_LAUNCHED, {**content, "alerts": [row.public_id]}, reader=reader, key=key, at=at)
        else:
            event = {"model": row.model.code, "lifecycle": row.model.lifecycle}
            journal.queue_event(row.team.public_id, MODEL_LAUNCHED.code, payload=event, dedupe_key=key, at=at)
        row.ended_at = at
        row.save(update_fields=["ended_at"])
    return True


def _take(due: Sequence[PriceNotice]) -> bool:
    """The notices go with the message. False where another worker, or the end of an alert, took one of them: what is
    left is told in the next round.
    """
    rows = PriceNotice.objects.filter(pk__in=[notice.pk for notice in due])
    if len(rows.select_for_update().order_by("pk").values_list("pk")) < len(due):
        return False
    rows.delete()
    return True


def _mail(
    row: PriceSubscription,
    kind: NoticeKind,
    payload: Mapping[str, object],
    *,
    reader: int | None,
    key: str,
    at: datetime,
) -> None:
    """In the language, unit and time zone of the person who reads mail at this address, if there is one."""
    if reader is None:
        accounts.notify_address(row.email, kind, language=row.language, payload=payload, dedupe_key=key, at=at)
    else:
        accounts.notify_at(row.email, kind, user_id=reader, payload=payload, dedupe_key=key, at=at)


def _sight(reader: int | None, *, at: datetime) -> Sight:
    return queries.sight_of_team(None, at=at) if reader is None else queries.sight_of_person(reader, at=at)


def _impact(change: ChangeToTell, team_ids: list[int], impact_of: ImpactOf, *, at: datetime) -> Impact | None:
    return impact_of(team_ids, change.step, at=at) if change.step and team_ids else None


def _content(change: ChangeToTell, impact: Impact | None) -> dict[str, object]:
    """A change as a mail shows it: JSON, amounts in credits."""
    card = change.card
    return {
        "model": card.model or "",
        "name": dict(card.title),
        "group": card.access_group or "",
        "direction": card.direction,
        "withdrawn": card.withdrawn,
        "lines": list(card.lines),
        "effective_at": card.effective_at.isoformat(),
        "impact": None if impact is None else credits_text(impact.nanos),
        "is_estimate": impact is not None and impact.is_estimate,
    }


def _event(card: PriceChangeCard, impact: Impact | None) -> dict[str, object]:
    """A change as a webhook gets it. `field`, `old` and `new` are those of the first line."""
    return {
        "id": card.id,
        "model": card.model,
        "access_group": card.access_group,
        "direction": card.direction,
        "withdrawn": card.withdrawn,
        "field": card.first("meter"),
        "old": card.first("old"),
        "new": card.first("new"),
        "lines": list(card.lines),
        "largest_percent": card.percent_text,
        "published_at": card.published_at.isoformat(),
        "effective_at": card.effective_at.isoformat(),
        "your_last_30d_delta": None if impact is None else credits_text(impact.nanos),
        "announcement": card.announcement,
    }


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while chunk := list(islice(left, AT_ONCE)):
        yield chunk
