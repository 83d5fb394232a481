"""The end of many API tokens at once: of somebody who is in the team no more, and of a team that closes."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from apps.relay.models import ApiToken
from apps.relay.services.tokens import record
from apps.teams import services as teams
from apps.wallet import services as wallet


def disable_tokens_of(team_id: int, *, creator_id: int, actor: int | None, reason: str, at: datetime) -> int:
    """Refuses the next call of every token that this person created in the team; returns how many there were.

    An admin may enable them again. Safe to repeat. A caller with more accounts to lock does that first.
    """
    with transaction.atomic():
        teams.lock_team(team_id)
        tokens = _closed(ApiToken.objects.filter(team_id=team_id, created_by_id=creator_id, disabled_at=None))
        for token in tokens:
            token.disabled_at = at
            record("token.disabled", token, actor=actor, at=at, reason=reason)
        ApiToken.objects.bulk_update(tokens, ["disabled_at"])
    return len(tokens)


def delete_tokens_of(team_id: int, *, actor: int | None, reason: str, at: datetime) -> int:
    """Ends every token of the team for good; returns how many there were. Rows keep their names for the logs.

    Safe to repeat. A caller with more accounts to lock does that first.
    """
    with transaction.atomic():
        teams.lock_team(team_id)
        tokens = _closed(ApiToken.objects.filter(team_id=team_id))
        for token in tokens:
            token.deleted_at = at
            record("token.deleted", token, actor=actor, at=at, reason=reason)
        ApiToken.objects.bulk_update(tokens, ["deleted_at"])
    return len(tokens)


def _closed(rows: QuerySet[ApiToken]) -> list[ApiToken]:
    """Those that are not deleted, locked, with their ledger accounts closed."""
    tokens = list(rows.filter(deleted_at=None).select_related("team").select_for_update(of=("self",)).order_by("pk"))
    wallet.lock_accounts([token.account_id for token in tokens])
    for token in tokens:
        wallet.close_account(token.account_id)
    return tokens
