"""Access groups are taken over from a file: which models a team sees, at which multiplier, within which limits."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from apps.teams import queries
from apps.teams.errors import AccessGroupInUse, AccessGroupInvalid, AccessGroupMissing
from apps.teams.models import AccessGroup
from apps.teams.types import MAIN_GROUP, ImportReport, Multiplier

_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MULTIPLIER: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")
_MAX_LIMIT: Final = 2_147_483_647
_GROUP_FIELDS: Final = frozenset({"code", "multiplier", "all_lines", *queries.LIMITS})


def import_access_groups(rows: object, *, prune: bool = False) -> ImportReport:
    """Makes the access groups equal to `rows`, but for the multiplier of one that exists; a second run changes nothing.

    That is a price, which is not changed without notice: `wanted_multipliers` says what the rows ask for. With
    `prune`, groups that are not listed go. The caller's transaction decides whether anything stays. Raises
    `AccessGroupInvalid` for a row that cannot be read and `AccessGroupInUse` for a group that a team still has.
    """
    wanted = _wanted_groups(rows)
    with transaction.atomic():
        # Not against keys: whoever publishes a price has locked its model, for which the rest of an import waits, and
        # refers to groups.
        known = {group.code: group for group in AccessGroup.objects.select_for_update(no_key=True)}
        created = tuple(code for code in wanted if code not in known)
        changed = tuple(code for code in wanted if code in known and _differs(known[code], wanted[code]))
        for code in created:
            AccessGroup.objects.get_or_create(code=code, defaults=wanted[code])
        for code in changed:
            AccessGroup.objects.filter(code=code).update(**_lasting(wanted[code]))
        surplus = [code for code in known if code not in wanted and code != MAIN_GROUP] if prune else []
        _remove(surplus)
    return ImportReport(created=created, changed=changed, removed=tuple(surplus))


def wanted_multipliers(rows: object) -> dict[str, Decimal]:
    """By code, the multiplier that rows of an import name. Raises `AccessGroupInvalid` as the import does."""
    wanted = _wanted_groups(rows)
    return {code: Decimal(str(row["multiplier"])) for code, row in wanted.items() if "multiplier" in row}


def lock_multiplier(code: str) -> tuple[int, Multiplier]:
    """The row's id, and its multiplier now and announced, locked until the transaction ends. `AccessGroupMissing`."""
    group = AccessGroup.objects.select_for_update(no_key=True).filter(code=code).first()
    if group is None:
        raise AccessGroupMissing
    return group.pk, group.multipliers


def set_multiplier(code: str, multiplier: Multiplier) -> None:
    """Writes what was decided under `lock_multiplier`. `AccessGroupInvalid` for what the column cannot hold exactly."""
    for value in filter(None, (multiplier.first, multiplier.coming)):
        _multiplier(f"{value.normalize():f}", "multiplier")
    AccessGroup.objects.filter(code=code).update(
        multiplier=multiplier.first, coming_multiplier=multiplier.coming, coming_at=multiplier.coming_at
    )


def _wanted_groups(rows: object) -> dict[str, dict[str, object]]:
    if not isinstance(rows, list | tuple):
        raise AccessGroupInvalid("access_groups", _("Write a list of objects."))
    wanted: dict[str, dict[str, object]] = {}
    for index, row in enumerate(rows):
        code = _group_code(row, f"access_groups[{index}]")
        if code in wanted:
            raise AccessGroupInvalid(f"access_groups/{code}", _("This entry stands in the file twice."))
        wanted[code] = _group_fields(code, row)
    return wanted


def _group_code(row: object, place: str) -> str:
    code = row.get("code") if isinstance(row, Mapping) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise AccessGroupInvalid(
            place, _("Write an object with a code of at most 40 letters, digits, hyphens and underscores.")
        )
    return code


def _group_fields(code: str, row: Mapping[str, object]) -> dict[str, object]:
    place = f"access_groups/{code}"
    unknown = sorted(map(str, set(row) - _GROUP_FIELDS))
    if unknown:
        raise AccessGroupInvalid(f"{place}/{unknown[0]}", _("There is no such field here."))
    limits: dict[str, object] = {name: row[name] for name in queries.LIMITS if name in row}
    for name, limit in limits.items():
        if type(limit) is not int or not 0 <= limit <= _MAX_LIMIT:
            raise AccessGroupInvalid(
                f"{place}/{name}", _("Write a whole number from 0 to %(most)d.") % {"most": _MAX_LIMIT}
            )
    fields = {"code": code, **limits}
    if "all_lines" in row:
        fields["all_lines"] = _yes_or_no(row["all_lines"], f"{place}/all_lines")
    if "multiplier" in row:
        fields["multiplier"] = _multiplier(row["multiplier"], f"{place}/multiplier")
    return fields


def _yes_or_no(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise AccessGroupInvalid(place, _("Write true or false."))
    return value


def _multiplier(value: object, place: str) -> Decimal:
    """As text, because a JSON number may already have lost digits. A whole number has none to lose."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _MULTIPLIER.fullmatch(text):
        raise AccessGroupInvalid(
            place, _('Write a text such as "0.8", from 0 to 9999.9999, with at most four decimals.')
        )
    return Decimal(text)


def _remove(codes: Sequence[str]) -> None:
    try:
        AccessGroup.objects.filter(code__in=codes).delete()
    except ProtectedError as error:
        raise AccessGroupInUse(codes=codes) from error


def _differs(group: AccessGroup, wanted: Mapping[str, object]) -> bool:
    return any(getattr(group, name) != value for name, value in _lasting(wanted).items())


def _lasting(wanted: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in wanted.items() if name != "multiplier"}
