"""Staff grant a team a group or a single model, with an end; each grant and its end leave a line with the reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.core import clock
from apps.journal.models import AuditEntry
from apps.marketplace import queries
from apps.marketplace import services as marketplace
from apps.marketplace.models import Model, ModelGrant
from apps.teams import services as teams
from apps.teams.errors import AccessGroupMissing, GrantInvalid, GrantMissing, TeamMissing
from apps.teams.models import AccessGrant
from apps.teams.types import TeamAccess
from tests.catalogue import import_test_catalogue

pytestmark = pytest.mark.django_db

AT = clock.now()
LATER = AT + timedelta(days=30)
TERMS = {"actor": None, "reason": "Contract 7", "at": AT}


@pytest.fixture(autouse=True)
def catalogue() -> None:
    import_test_catalogue()


def test_a_granted_group_is_reached_until_its_end(team: TeamAccess) -> None:
    teams.grant_access_group(team.id, "vip", ends_at=LATER, **TERMS)

    assert queries.reach_of(team.id, at=AT).codes == ("default", "vip")
    assert queries.reach_of(team.id, at=LATER).codes == ("default",)
    entry = AuditEntry.objects.get(act="access_group.granted")
    assert (entry.reason, entry.scope) == ("Contract 7", team.public_id)


def test_a_granted_model_is_reached_until_its_end(team: TeamAccess) -> None:
    model = Model.objects.get(code="chat-vip")

    marketplace.grant_model(team.id, "chat-vip", ends_at=LATER, **TERMS)

    assert queries.reach_of(team.id, at=AT).model_ids == {model.pk}
    assert queries.reach_of(team.id, at=LATER).model_ids == frozenset()
    assert AuditEntry.objects.get(act="model.granted").details["model"] == "chat-vip"


@pytest.mark.parametrize(
    ("grant", "code", "kept"),
    [(teams.grant_access_group, "vip", AccessGrant), (marketplace.grant_model, "chat-vip", ModelGrant)],
)
def test_a_second_grant_only_moves_the_end(
    team: TeamAccess, grant: Callable[..., None], code: str, kept: type[AccessGrant | ModelGrant]
) -> None:
    grant(team.id, code, ends_at=LATER, **TERMS)
    grant(team.id, code, ends_at=None, **TERMS)

    assert [row.ends_at for row in kept.objects.filter(team_id=team.id)] == [None]


@pytest.mark.parametrize(
    ("grant", "end", "code"),
    [
        (teams.grant_access_group, teams.end_access_grant, "vip"),
        (marketplace.grant_model, marketplace.end_model_grant, "chat-vip"),
    ],
)
def test_a_grant_is_ended_once_and_may_begin_again(
    team: TeamAccess, grant: Callable[..., None], end: Callable[..., None], code: str
) -> None:
    grant(team.id, code, ends_at=None, **TERMS)

    end(team.id, code, **TERMS)

    reach = queries.reach_of(team.id, at=AT)
    assert (reach.codes, reach.model_ids) == (("default",), frozenset())
    with pytest.raises(GrantMissing):
        end(team.id, code, **TERMS)
    grant(team.id, code, ends_at=None, **TERMS)
    assert queries.reach_of(team.id, at=AT) != reach


def test_what_would_change_nothing_is_refused(team: TeamAccess) -> None:
    with pytest.raises(GrantInvalid, match="main group already"):
        teams.grant_access_group(team.id, "default", ends_at=None, **TERMS)
    with pytest.raises(GrantInvalid, match="still to come"):
        teams.grant_access_group(team.id, "vip", ends_at=AT, **TERMS)
    with pytest.raises(GrantInvalid, match="still to come"):
        marketplace.grant_model(team.id, "chat-vip", ends_at=AT, **TERMS)


def test_team_group_and_model_have_to_exist(team: TeamAccess) -> None:
    with pytest.raises(AccessGroupMissing):
        teams.grant_access_group(team.id, "nobody", ends_at=None, **TERMS)
    with pytest.raises(GrantInvalid, match="no such model"):
        marketplace.grant_model(team.id, "nothing", ends_at=None, **TERMS)
    with pytest.raises(TeamMissing):
        marketplace.grant_model(0, "chat-vip", ends_at=None, **TERMS)
