"""Access groups from a file: equal afterwards, nothing on the second run, and nothing lost that a team has."""

import pytest

from apps.core import clock
from apps.teams import queries, services
from apps.teams.errors import AccessGroupInUse, AccessGroupInvalid
from apps.teams.models import AccessGrant, AccessGroup, Team
from apps.teams.types import ImportReport, TeamAccess

ROWS = [
    {"code": "default", "multiplier": "1", "rpm": 60},
    {"code": "vip", "multiplier": "0.85", "wallet_tpm": 9_000},
]

pytestmark = pytest.mark.django_db


def test_an_import_makes_the_groups_and_a_second_one_changes_nothing() -> None:
    first = services.import_access_groups(ROWS)
    second = services.import_access_groups(ROWS)

    assert first.created == ("default", "vip")
    assert second == ImportReport()
    assert AccessGroup.objects.get(code="vip").wallet_tpm == 9_000


def test_an_export_imports_as_it_is() -> None:
    services.import_access_groups(ROWS)

    assert services.import_access_groups(queries.export_access_groups(at=clock.now())) == ImportReport()
    assert [row["multiplier"] for row in queries.export_access_groups(at=clock.now())] == ["1", "0.85"]


def test_a_changed_row_is_reported() -> None:
    services.import_access_groups(ROWS)

    report = services.import_access_groups([ROWS[0] | {"rpm": 61}])

    assert report == ImportReport(changed=("default",))


def test_only_prune_removes_and_never_the_main_group() -> None:
    services.import_access_groups(ROWS)

    assert services.import_access_groups([]) == ImportReport()
    assert services.import_access_groups([], prune=True) == ImportReport(removed=("vip",))


def test_a_group_that_a_team_has_stays(team: TeamAccess) -> None:
    services.import_access_groups(ROWS)
    Team.objects.filter(pk=team.id).update(access_group=AccessGroup.objects.get(code="vip"))

    with pytest.raises(AccessGroupInUse):
        services.import_access_groups(ROWS[:1], prune=True)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"code": ""},
        {"code": 5},
        {"code": "a b"},
        {"code": "x" * 41},
        {"code": "x", "rpmm": 5},
        {"code": "x", "rpm": 2**31},
        {"code": "x", "multiplier": "0.12345"},
        {"code": "x", "rpm": -1},
        {"code": "x", "rpm": True},
        {"code": "x", "rpm": "60"},
        {"code": "x", "multiplier": "cheap"},
        {"code": "x", "multiplier": "NaN"},
        {"code": "x", "multiplier": "-1"},
        {"code": "x", "multiplier": "10000"},
    ],
)
def test_a_row_that_cannot_be_read_changes_nothing(row: dict[str, object]) -> None:
    with pytest.raises(AccessGroupInvalid):
        services.import_access_groups([ROWS[0], row])

    assert not AccessGroup.objects.exists()


def test_a_team_sees_its_main_group_first_and_grants_until_they_end(team: TeamAccess) -> None:
    services.import_access_groups([*ROWS, {"code": "old"}])
    at = clock.now()
    for code, ends_at in (("vip", None), ("old", at)):
        AccessGrant.objects.create(team_id=team.id, access_group=AccessGroup.objects.get(code=code), ends_at=ends_at)

    assert queries.access_group_codes(team.id, at=at) == ["default", "vip"]
