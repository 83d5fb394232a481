"""Makes the binary catalogues (.mo) from the texts (.po), which Django cannot read, without gettext installed."""

import os
from pathlib import Path

import polib


def compile_all(folder: Path) -> int:
    """Compiles each catalogue that is newer than its binary; returns how many were."""
    stale = [source for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_stale(source)]
    for source in stale:
        draft = source.with_suffix(f".mo.{os.getpid()}")  # two may compile at once: each renames its own
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.replace(source.with_suffix(".mo"))
    return len(stale)


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime
