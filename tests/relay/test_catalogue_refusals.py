"""A catalogue file that cannot be stored: the command says where and what to write, and changes nothing."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.marketplace.models import Model
from apps.relay.models import Channel
from tests.relay.catalogues import SMALL, import_small, priced

pytestmark = pytest.mark.django_db


def refusal_of(tmp_path: Path, text: str, *, suffix: str = "json") -> str:
    file = tmp_path / f"catalogue.{suffix}"
    file.write_text(text)
    with pytest.raises(CommandError) as refused:
        call_command("import_catalogue", str(file))
    assert not Model.objects.exists()
    assert not Channel.objects.exists()
    return str(refused.value)


def with_channel(**fields: Any) -> dict[str, Any]:
    catalogue = copy.deepcopy(SMALL)
    catalogue["channels"] = [{"name": "up", "kind": "openai", "base_url": "https://up.example/v1", **fields}]
    return catalogue


def with_model(**fields: Any) -> dict[str, Any]:
    catalogue = copy.deepcopy(SMALL)
    catalogue["models"][0] |= fields
    return catalogue


def with_group(**fields: Any) -> dict[str, Any]:
    catalogue = copy.deepcopy(SMALL)
    catalogue["access_groups"].append({"code": "vip", **fields})
    return catalogue


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": "n" * 61}, f"channels/{'n' * 61}/name"),
        ({"name": "a b"}, "channels/a b/name"),
        ({"name": "up\0"}, "channels/0/name"),
        ({"region": "r" * 17}, "channels/up/region"),
        ({"priority": 2**31}, "channels/up/priority"),
        ({"weight": 2**31}, "channels/up/weight"),
        ({"weight": 0}, "channels/up/weight"),
        ({"models": {"small-chat": "u" * 201}}, "channels/up/upstream_name"),
        ({"models": {"no-such-model": "u"}}, "channels/up/models"),
        ({"access_groups": ["g" * 100_000]}, "channels/up/access_groups"),
        ({"keys": ["env:" + "A" * 200]}, "channels/up/keys"),
        ({"keys": ["two\nlines"]}, "channels/up/key"),
    ],
)
def test_a_channel_beyond_its_columns_is_refused_by_field(tmp_path: Path, fields: dict[str, Any], path: str) -> None:
    assert f" {path}: " in refusal_of(tmp_path, json.dumps(with_channel(**fields)))


@pytest.mark.parametrize(
    "url",
    [
        "https://" + "a" * 300 + ".example",
        "https://[::1",
        "https://user:password@up.example/v1",
        "https://:password@up.example/v1",
        "https://up.example:99999/v1",
        "https://up.example:0/v1",
        "https://up.example/v1\r\nX-Evil: 1",
        "https://up.example/a path",
        "https://up example/v1",
        " https://up.example/v1",
        "https://up.example\\@169.254.169.254/v1",
        "https://metadata.google.internal/v1",
        "https://METADATA.google.internal./v1",
        "https://localhost./v1",
        "https:///v1",
    ],
)
def test_an_address_that_is_not_plain_is_refused(tmp_path: Path, url: str) -> None:
    assert " channels/up/base_url: " in refusal_of(tmp_path, json.dumps(with_channel(base_url=url)))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": "small\0chat"}, "models/0/id"),
        ({"id": "small\nchat"}, "models[0]"),
        ({"id": "m" * 121}, "models[0]"),
        ({"successor": "small-chat"}, "models/small-chat.successor"),
        ({"display_config": {"context_length": 10**30}}, "models/small-chat.display_config.context_length"),
        ({"display_config": {"max_output": 10**9}}, "models/small-chat.display_config.max_output"),
        ({"display_config": {"title": {"en": "a\ud800"}}}, "models/0/display_config/title/en"),
        ({"display_config": {"scale": float("nan")}}, "models/0/display_config/scale"),
        ({"pricing_config": priced("999999999999999")}, "models/small-chat.pricing_config.items[0].tiers[0].price"),
    ],
)
def test_a_model_that_cannot_be_stored_is_refused_by_field(tmp_path: Path, fields: dict[str, Any], path: str) -> None:
    assert f" {path}: " in refusal_of(tmp_path, json.dumps(with_model(**fields)))


@pytest.mark.parametrize("section", ["vendors", "model_types"])
def test_a_code_longer_than_its_column_is_refused(tmp_path: Path, section: str) -> None:
    catalogue = {**SMALL, section: [{"code": "c" * 41}]}

    assert f" {section}[0]: " in refusal_of(tmp_path, json.dumps(catalogue))


def test_a_position_beyond_its_column_is_refused(tmp_path: Path) -> None:
    catalogue = {**SMALL, "model_types": [{"code": "chat", "position": 40_000}]}

    assert " model_types/chat.position: " in refusal_of(tmp_path, json.dumps(catalogue))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"multiplier": "0.00001"}, "access_groups/vip/multiplier"),
        ({"multiplier": 1.5}, "access_groups/vip/multiplier"),
        ({"multiplier": True}, "access_groups/vip/multiplier"),
        ({"rpm": 2**31}, "access_groups/vip/rpm"),
        ({"wallet_tpm": 2**63}, "access_groups/vip/wallet_tpm"),
        ({"code": "v" * 41}, "access_groups[1]"),
        ({"colour": 1}, "access_groups/vip/colour"),
    ],
)
def test_a_group_that_cannot_be_stored_is_refused_by_field(tmp_path: Path, fields: dict[str, Any], path: str) -> None:
    assert f" {path}: " in refusal_of(tmp_path, json.dumps(with_group(**fields)))


def test_a_multiplier_with_four_decimals_is_kept_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(with_group(multiplier="0.0001")))

    call_command("import_catalogue", str(file), verbosity=0)

    assert import_small(with_group(multiplier="0.0001")) == []
    assert import_small(with_group(multiplier="0.0002")) != []


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (json.dumps({**SMALL, "models": [{"id": "m", "display_config": deep(60)}]}), "json"),
        ("[" * 100_000 + "]" * 100_000, "json"),
        ("[" * 5_000 + "]" * 5_000, "yaml"),
        ('{"vendors": ' + "9" * 5_000 + "}", "json"),
        ("models: &again\n  - *again\n", "yaml"),
        ("1: 2\nvendors: []\n", "yaml"),
        ("vendors: !!set {a, b}\n", "yaml"),
        ("models: 2026-02-30\n", "yaml"),
        ("access_groups: 5\n", "yaml"),
        ("access_groups: [vip]\n", "yaml"),
    ],
    ids=["deep", "deeper", "deep yaml", "long number", "circle", "number as key", "set", "no date", "number", "text"],
)
def test_a_file_of_another_shape_is_refused_without_a_traceback(tmp_path: Path, text: str, suffix: str) -> None:
    assert refusal_of(tmp_path, text, suffix=suffix)
