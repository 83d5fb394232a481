"""Makes access groups, models, prices and channels equal to a file, or takes official prices from a price map."""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.billing_calendar import business_date
from apps.core.errors import SluiceError
from apps.marketplace import services as marketplace
from apps.marketplace.types.price_maps import PriceMapTerms
from apps.relay.catalogue import import_catalogue
from apps.relay.price_map_text import price_map_lines

# Ours as well, although this release may not read them yet.
_OURS = re.compile(r"(SLUICE|DJANGO|STRIPE|EPAY|CREEM|WAFFO|SENTRY|OTEL|PG)_?.*|.*_CLIENT_SECRET|OIDC_.*")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)


class Command(BaseCommand):
    help = (
        "Import a catalogue (JSON or YAML). What the file lists is created or changed, and a second run changes "
        "nothing. A key written as env:NAME is read from the environment and stored encrypted. LiteLLM's price map and "
        "files shaped like models.dev's are read too: they say what vendors ask, and create no models."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
        parser.add_argument("--prune", action="store_true", help="remove or retire what the file does not list")
        parser.add_argument("--publish", action="store_true", help="of a price map: let our pegged prices follow")
        parser.add_argument("--source", default="", help="of a price map: where it came from, if not the file's name")
        parser.add_argument("--as-of", type=date.fromisoformat, help="of a price map: the day it is of, if not today")

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue = _read(options["file"])
        if marketplace.is_price_map(catalogue):
            self._take_prices(options)
        else:
            _refuse_terms_of_maps(options)
            self._import(catalogue, options)

    def _take_prices(self, options: dict[str, Any]) -> None:
        if options["prune"]:
            raise CommandError("A price map lists what vendors sell, not what is sold here: leave out --prune.")
        at, path = clock.now(), options["file"]
        as_of = options["as_of"] or business_date(at)
        terms = PriceMapTerms(options["source"] or path.name, as_of, publish=options["publish"])
        try:
            report = marketplace.import_price_map(
                marketplace.parse_price_map(path.read_bytes()),
                terms=terms,
                at=at,
                dry_run=options["dry_run"],
            )
        except SluiceError as error:
            raise CommandError(f"Nothing was changed. {error.text}") from None
        if options["verbosity"]:
            for line in price_map_lines(report):
                self.stdout.write(line)
            self.stdout.write(_summary(len(report.changed) + len(report.followed), dry_run=options["dry_run"]))

    def _import(self, catalogue: dict[str, Any], options: dict[str, Any]) -> None:
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


def _refuse_terms_of_maps(options: dict[str, Any]) -> None:
    if options["publish"] or options["source"] or options["as_of"]:
        raise CommandError("--publish, --source and --as-of are for price maps, and this file is a catalogue.")


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
