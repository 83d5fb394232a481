"""Prints the catalogue as `import_catalogue` reads it. Never prints a key."""

import json
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandParser

from apps.core import clock
from apps.relay.catalogue import export_catalogue


class Command(BaseCommand):
    help = (
        "Print access groups, models, prices and channels as a catalogue file. A key shows as the env:NAME it came "
        "from, else as null, which an import takes for: the stored key stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "yaml"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue = export_catalogue(at=clock.now())
        if options["format"] == "json":
            text = json.dumps(catalogue, ensure_ascii=False, indent=2)
        else:
            text = yaml.safe_dump(catalogue, allow_unicode=True, sort_keys=False)
        self.stdout.write(text)
