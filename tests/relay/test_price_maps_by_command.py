"""`import_catalogue` tells a public price map from a catalogue of ours and takes official prices from it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.marketplace.models import Model, ModelType, OfficialPrice, Vendor
from tests.marketplace.price_maps import price_map

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _models() -> None:
    chat = ModelType.objects.create(code="chat")
    for vendor, code in (("openai", "gpt-1"), ("anthropic", "claude-1")):
        Model.objects.create(code=code, vendor=Vendor.objects.create(code=vendor), type=chat)


def run(tmp_path: Path, *options: str, **changed: str) -> str:
    file, told = tmp_path / "map.json", io.StringIO()
    file.write_text(json.dumps(price_map(**changed), default=float))
    call_command("import_catalogue", str(file), *options, stdout=told)
    return told.getvalue()


def test_official_prices_are_recorded_and_told(tmp_path: Path) -> None:
    told = run(tmp_path, "--as-of", "2026-05-01", "--source", "litellm 1.2")

    assert "+ official_prices/gpt-1 (gpt-1)\n    input_tokens: – → 17.5 for 1000000\n" in told
    assert "! official_prices/claude-1: unknown keys, and one may be a price: input_cost_per_dream" in told
    assert told.endswith("2 changed.\n")
    row = OfficialPrice.objects.get(model__code="gpt-1")
    assert (row.source, row.as_of.isoformat()) == ("litellm 1.2", "2026-05-01")


def test_the_file_is_read_to_the_last_digit(tmp_path: Path) -> None:
    run(tmp_path, gpt_input="1.234567891e-06")

    config = OfficialPrice.objects.get(model__code="gpt-1").pricing_config
    assert config["items"][0]["tiers"][0]["price"] == "1.234567891"


def test_a_dry_run_tells_the_diff_and_records_nothing(tmp_path: Path) -> None:
    run(tmp_path)

    told = run(tmp_path, "--dry-run", gpt_input="3e-06")

    assert "~ official_prices/gpt-1 (gpt-1)\n    input_tokens: 17.5 → 21 for 1000000\n" in told
    assert told.endswith("1 would change.\n")
    assert OfficialPrice.objects.count() == 2


def test_a_price_map_prunes_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="leave out --prune"):
        run(tmp_path, "--prune")


def test_what_is_asked_of_maps_is_refused_for_catalogues(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text('{"vendors": []}')

    with pytest.raises(CommandError, match="are for price maps"):
        call_command("import_catalogue", str(tmp_path / "catalogue.json"), "--publish")


def test_a_price_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    data: dict[str, Any] = price_map()
    data["gpt-1"]["input_cost_per_token"] = "cheap"
    (tmp_path / "map.json").write_text(json.dumps(data, default=float))

    with pytest.raises(CommandError, match=r"Nothing was changed\. gpt-1\.input_cost_per_token"):
        call_command("import_catalogue", str(tmp_path / "map.json"))

    assert not OfficialPrice.objects.exists()
