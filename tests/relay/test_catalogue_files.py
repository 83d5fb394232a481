"""The catalogue as a file: declarative, complete, and without a key."""

import copy
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.relay import queries
from apps.relay.catalogue import export_catalogue
from apps.relay.errors import CatalogueInvalid
from apps.relay.models import Channel, ChannelKey
from apps.teams.errors import AccessGroupInvalid
from apps.teams.models import AccessGroup
from tests.relay.catalogues import SMALL, import_small, priced

pytestmark = pytest.mark.django_db


def with_upstream(**fields: Any) -> dict[str, Any]:
    catalogue = copy.deepcopy(SMALL)
    channel = {
        "name": "upstream",
        "kind": "openai",
        "base_url": "https://upstream.example/v1",
        "keys": ["env:FIRST_KEY"],
        "access_groups": ["default"],
        "models": {"small-chat": "their-name"},
    }
    catalogue["channels"].append({**channel, **fields})
    return catalogue


def keys_of(name: str) -> tuple[str, ...]:
    return queries.channel_snapshot(Channel.objects.get(name=name)).keys


def lines(changes: list[Any]) -> list[str]:
    return sorted(map(str, changes))


def test_a_first_import_creates_and_a_second_one_changes_nothing():
    first = import_small(with_upstream())

    assert {"+ channels/sandbox", "+ channels/upstream", "+ models/small-chat"} <= set(lines(first))
    assert import_small(with_upstream()) == []
    assert keys_of("upstream") == ("sk-first-upstream-key",)


def test_what_is_exported_imports_as_it_is():
    import_small(with_upstream(priority=3, weight=2, region="sg", bills_after_cancel=True, enabled=False))

    exported = export_catalogue(at=clock.now())

    assert import_small(json.loads(json.dumps(exported)), prune=True) == []
    assert export_catalogue(at=clock.now()) == exported


def test_an_export_shows_where_a_key_came_from_and_never_the_key():
    import_small(with_upstream(keys=["env:FIRST_KEY", "sk-written-in-the-file-0001"]))

    upstream = next(
        channel for channel in export_catalogue(at=clock.now())["channels"] if channel["name"] == "upstream"
    )

    assert upstream["keys"] == ["env:FIRST_KEY", None]
    assert "sk-" not in json.dumps(export_catalogue(at=clock.now()))


def test_a_diff_names_what_changed_and_no_key():
    import_small(with_upstream())

    changes = import_small(with_upstream(weight=5, keys=["env:SECOND_KEY"]))

    assert lines(changes) == ["~ channels/upstream: weight 1 → 5; 1 keys added; 1 keys removed"]
    assert keys_of("upstream") == ("sk-second-upstream-key",)


def test_null_keeps_the_keys_that_are_there_and_absence_too():
    import_small(with_upstream())

    assert import_small(with_upstream(keys=[None])) == []
    assert keys_of("upstream") == ("sk-first-upstream-key",)
    import_small(with_upstream(keys=[None, "env:SECOND_KEY"]))
    assert sorted(keys_of("upstream")) == ["sk-first-upstream-key", "sk-second-upstream-key"]
    import_small(with_upstream(keys=[]))
    assert keys_of("upstream") == ()


def test_a_moved_channel_gets_the_keys_of_the_file_again():
    import_small(with_upstream())

    import_small(with_upstream(base_url="https://elsewhere.example/v1"))

    assert keys_of("upstream") == ("sk-first-upstream-key",)
    assert ChannelKey.objects.count() == 1


def test_a_dry_run_tells_the_truth_and_changes_nothing():
    assert lines(import_small(with_upstream(), dry_run=True)) == lines(import_small(with_upstream()))
    before = export_catalogue(at=clock.now())

    changed = with_upstream(weight=9)
    changed["models"][0]["pricing_config"] = priced("0.6")
    assert len(import_small(changed, dry_run=True)) == 2

    assert export_catalogue(at=clock.now()) == before


def test_what_the_file_does_not_mention_goes_only_with_prune():
    import_small(with_upstream())

    assert import_small(SMALL) == []
    assert lines(import_small(SMALL, prune=True)) == ["- channels/upstream"]
    assert list(Channel.objects.values_list("name", flat=True)) == ["sandbox"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"colour": "red"}, "channels/upstream"),
        ({"weight": "1"}, "channels/upstream/weight"),
        ({"models": ["small-chat"]}, "channels/upstream/models"),
        ({"keys": "env:FIRST_KEY"}, "channels/upstream/keys"),
        ({"enabled": "yes"}, "channels/upstream/enabled"),
        ({"name": ""}, "channels[1]"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_imported(fields: dict[str, Any], path: str):
    with pytest.raises(CatalogueInvalid) as refused:
        import_small(with_upstream(**fields))

    assert refused.value.details["path"] == path
    assert not Channel.objects.exists()


def test_an_unknown_section_is_refused():
    with pytest.raises(CatalogueInvalid, match="chanels"):
        import_small({"chanels": []})


# -- The commands --------------------------------------------------------------------------------


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_both_formats_make_the_round_trip(tmp_path: Path, monkeypatch, suffix: str):
    monkeypatch.setenv("UPSTREAM_TEST_KEY", "sk-from-the-environment-1")
    catalogue = with_upstream(keys=["env:UPSTREAM_TEST_KEY"])
    file = tmp_path / f"catalogue.{suffix}"
    file.write_text(json.dumps(catalogue) if suffix == "json" else yaml.safe_dump(catalogue))
    assert "+ channels/upstream" in run("import_catalogue", str(file))

    file.write_text(run("export_catalogue", "--format", suffix))

    assert "sk-from-the-environment-1" not in file.read_text()
    assert run("import_catalogue", str(file), "--prune") == "Nothing to change.\n"
    assert keys_of("upstream") == ("sk-from-the-environment-1",)


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "DATABASE_URL", "STRIPE_API_KEY", "SLUICE_ANYTHING", "GITHUB_CLIENT_SECRET"]
)
def test_our_own_settings_are_never_handed_to_an_upstream(tmp_path: Path, monkeypatch, name: str):
    monkeypatch.setenv(name, "very-secret")
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(with_upstream(keys=[f"env:{name}"])))

    with pytest.raises(CommandError, match="setting of Sluice"):
        run("import_catalogue", str(file))

    assert not ChannelKey.objects.exists()


def test_a_variable_that_is_not_set_is_named(tmp_path: Path):
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(with_upstream(keys=["env:NOT_SET_ANYWHERE"])))

    with pytest.raises(CommandError, match="NOT_SET_ANYWHERE"):
        run("import_catalogue", str(file))


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path):
    file = tmp_path / "catalogue.json"
    for content in ("{", "[]", ""):
        file.write_text(content)
        with pytest.raises(CommandError):
            run("import_catalogue", str(file))


def test_a_token_made_by_command_works_and_is_printed_once(team):
    text = run("create_token", "--team", team.public_id, "--name", "ci", "--limit", "2.5").strip()

    shown = queries.tokens_of(team.id)[0]
    assert text.startswith(shown.token.prefix)
    assert shown.use.remaining_nanos == 2_500_000_000
    with pytest.raises(CommandError, match="no team"):
        run("create_token", "--team", "team_nonsense", "--name", "ci")


def with_multiplier(multiplier: str) -> dict[str, Any]:
    return {"access_groups": [{"code": "default", "multiplier": multiplier}]}


def test_a_higher_multiplier_of_a_file_comes_with_notice_and_a_second_run_changes_nothing():
    import_small()

    first = lines(import_small(with_multiplier("1.25")))

    (line,) = first
    assert line.startswith("~ access_groups/default: multiplier 1.25 from ")
    group = AccessGroup.objects.get(code="default")
    assert (group.multiplier, group.coming_multiplier) == (1, Decimal("1.25"))
    assert import_small(with_multiplier("1.25")) == []


def test_an_export_imports_as_it_is_while_another_multiplier_is_announced():
    import_small()
    import_small(with_multiplier("1.25"))

    exported = export_catalogue(at=clock.now())

    assert import_small(exported) == []
    assert AccessGroup.objects.get(code="default").coming_multiplier == Decimal("1.25")


def test_a_lower_multiplier_of_a_file_is_in_force_at_once_and_one_left_out_stays():
    import_small()

    import_small(with_multiplier("0.5"))
    import_small({"access_groups": [{"code": "default", "rpm": 7}]})

    group = AccessGroup.objects.get(code="default")
    assert (group.multiplier, group.coming_multiplier, group.rpm) == (Decimal("0.5"), None, 7)


def test_all_lines_are_taken_from_a_file_and_said_in_an_export():
    import_small()

    import_small({"access_groups": [{"code": "dedicated", "all_lines": True}]})

    exported = {row["code"]: row["all_lines"] for row in export_catalogue(at=clock.now())["access_groups"]}
    assert exported == {"dedicated": True, "default": False}
    with pytest.raises(AccessGroupInvalid, match=r"access_groups/dedicated/all_lines: Write true or false\."):
        import_small({"access_groups": [{"code": "dedicated", "all_lines": 1}]})
