"""Every kind of mail that an app declares can be chosen in the preferences, and can be rendered."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import apps
from apps.accounts.types import NoticeKind
from apps.console.mail.notice_kinds import KINDS, TEAM_EVENTS
from tests.architecture.sources import ROOT
from tests.console.mail_samples import SAMPLES


def declared() -> Iterator[NoticeKind]:
    names = [
        f"{module.name}" for module in pkgutil.walk_packages(apps.__path__, "apps.") if module.name.endswith("types")
    ]
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            found = value if isinstance(value, tuple) else (value,)
            yield from (kind for kind in found if isinstance(kind, NoticeKind))


def test_every_declared_kind_is_offered() -> None:
    assert {kind.code for kind in declared()} - set(KINDS) == set()


def test_no_kind_is_offered_twice() -> None:
    codes = [kind.code for kind in KINDS.values()]

    assert len(codes) == len(set(codes))
    assert {kind.code for kind in TEAM_EVENTS} <= set(codes)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_kind_has_its_templates_and_an_example(code: str) -> None:
    group = code.rpartition(".")[0]
    missing = [
        part
        for part in ("subject.txt", "txt", "html")
        if not any((ROOT / "templates" / "mail" / f"{name}.{part}").exists() for name in (code, group))
    ]

    assert missing == []
    assert code in SAMPLES
