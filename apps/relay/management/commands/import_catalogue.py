"""Makes access groups, models, prices and channels equal to a file, and prints what that changed."""

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.errors import SluiceError
from apps.relay.catalogue import import_catalogue

# Ours as well, although this release may not read them yet.
_OURS = re.compile(r"(SLUICE|DJANGO|STRIPE|EPAY|CREEM|WAFFO|SENTRY|OTEL|PG)_?.*|.*_CLIENT_SECRET|OIDC_.*")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)


class Command(BaseCommand):
    help = (
        "Import a catalogue (JSON or YAML). What the file lists is created or changed, and a second run changes "
        "nothing. A key written as env:NAME is read from the environment and stored encrypted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
        parser.add_argument("--prune", action="store_true", help="remove or retire what the file does not list")

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue = _read(options["file"])
        try:
            changes = import_catalogue(
                catalogue,
                at=clock.now(),
                resolve=_variable,
                dry_run=options["dry_run"],
                prune=options["prune"],
            )
        except SluiceError as error:
            raise CommandError(f"Nothing was changed. {error.text}") from None
        if options["verbosity"]:
            for change in changes:
                self.stdout.write(str(change))
            self.stdout.write(_summary(len(changes), dry_run=options["dry_run"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        catalogue = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    except RecursionError:
        raise CommandError(f"{path} is nested too deeply to be a catalogue.") from None
    except (ValueError, yaml.YAMLError) as error:  # a number of thousands of digits and 2026-02-30 are ValueErrors
        raise CommandError(f"{path} is not valid JSON or YAML: {error}") from None
    if not isinstance(catalogue, dict):
        raise CommandError(f"{path} holds no catalogue: write an object with sections such as models and channels.")
    return catalogue


def _variable(name: str) -> str:
    """The value behind `env:NAME`. Our own settings are secrets of this installation, not keys for upstreams."""
    if not _NAME.fullmatch(name):
        raise CommandError(f"env:{name} is not the name of a variable.")
    if name in settings.ENVIRONMENT_NAMES or _OURS.fullmatch(name):
        raise CommandError(f"env:{name} is a setting of Sluice itself; a catalogue may not send it to an upstream.")
    value = os.environ.get(name, "").strip()
    if not value:
        raise CommandError(f"The variable {name} is not set; the file takes a channel's key from it.")
    return value


def _summary(count: int, *, dry_run: bool) -> str:
    if not count:
        return "Nothing to change."
    return f"{count} would change." if dry_run else f"{count} changed."
