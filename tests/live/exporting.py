"""A worker that makes the exports that are due, as a process of its own that can be killed; says how many it made."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.console.exporting import making  # noqa: E402
from apps.core import clock  # noqa: E402

if __name__ == "__main__":
    sys.stdout.write(str(making.make_exports(now=clock.now)))
