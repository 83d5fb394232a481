import pytest
from django.contrib.auth.models import Group, Permission

from apps.console.staff_groups import GROUPS, write_staff_groups

pytestmark = pytest.mark.django_db


def permissions_of(name: str) -> set[str]:
    group = Group.objects.get(name=name)
    return {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")}


def test_the_six_groups_ship_ready() -> None:
    assert {"owner", "finance", "enterprise admin", "support", "catalogue", "read-only"} <= set(
        Group.objects.values_list("name", flat=True)
    )


def test_every_right_that_a_group_names_exists() -> None:
    known = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}

    named = {
        f"{model.split('.')[0]}.{action}_{model.split('.')[1]}"
        for rights in GROUPS.values()
        for actions, models in rights
        for model in models
        for action in actions
    }

    assert named - known == set()


def test_read_only_staff_can_change_nothing() -> None:
    assert all(".view_" in right for right in permissions_of("read-only"))


def test_support_sees_money_but_cannot_grant_it() -> None:
    rights = permissions_of("support")

    assert "wallet.view_transfer" in rights
    assert "wallet.grant_account" not in rights


def test_writing_the_groups_again_restores_their_rights() -> None:
    Group.objects.get(name="finance").permissions.clear()

    write_staff_groups()

    assert "wallet.grant_account" in permissions_of("finance")
