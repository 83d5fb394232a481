"""Static files in production: hashed names and compressed copies, made by collectstatic."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedStorage(CompressedManifestStaticFilesStorage):
    """Until collectstatic has run (development, tests) every file keeps its plain name."""

    def stored_name(self, name: str) -> str:
        return str(super().stored_name(name) if self.hashed_files else self.clean_name(name))
