"""Who did what, and what a person must look at."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection, transaction

from apps.core.ids import uuid7
from apps.journal.models import AuditEntry, OperatorAlert
from apps.journal.types import Act


def record_act(act: Act, *, at: datetime) -> None:
    """One audit entry, in the transaction of the act it tells of."""
    AuditEntry.objects.create(
        id=uuid7(),
        at=at,
        actor_id=act.actor_id,
        actor_label=act.actor_label,
        act=act.act,
        target=act.target,
        target_id=act.target_id,
        reason=act.reason,
        details=dict(act.details),
        ip=act.ip,
        scope=act.scope,
    )


def replace_name(user_id: int, *, address: str, name: str, label: str, scopes: Collection[str]) -> int:
    """Puts `label` where the trail names a person: beside their acts, and in details. Safe to repeat.

    The address goes from acts by them, about them and in these scopes, the name from acts about them. Returns how many
    lines changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT journal_replace_name(%s, %s, %s, %s, %s)", [user_id, list(scopes), address, name, label])
        return int(cursor.fetchone()[0])


def raise_alert(kind: str, *, dedupe_key: str, details: Mapping[str, object]) -> None:
    """Opens an alert, or counts up the open one of the same key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT journal_alert(%s, %s, %s)", [kind, dedupe_key, json.dumps(dict(details))])


def close_alert(alert_id: int, *, actor: int, at: datetime, reason: str) -> bool:
    """Closes an open alert; False when it was closed before."""
    with transaction.atomic():
        is_closed = OperatorAlert.objects.filter(pk=alert_id, closed_at=None).update(closed_at=at, closed_by_id=actor)
        if is_closed:
            record_act(Act("alert.closed", "operatoralert", str(alert_id), actor_id=actor, reason=reason), at=at)
    return bool(is_closed)
