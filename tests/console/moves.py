"""Files of another system, and what `import_balances` says about them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

HEADER = "source_id,email,type,quota\n"


class Move:
    """A folder with files of the old system; each run tells what was printed, and why it was refused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refusal = ""
        self.problems: list[str] = []

    def file(self, text: str | bytes, name: str = "balances.csv") -> str:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def csv(self, rows: str, *arguments: str, header: str = HEADER) -> str:
        return self.run(self.file(header + rows), *arguments)

    def json(self, rows: Any, *arguments: str) -> str:
        return self.run(self.file(json.dumps(rows), "balances.json"), *arguments)

    def run(self, *arguments: str) -> str:
        out, err = StringIO(), StringIO()
        self.refusal = ""
        try:
            call_command("import_balances", *arguments, stdout=out, stderr=err)
        except CommandError as error:
            self.refusal = str(error)
        self.problems = err.getvalue().splitlines()
        return out.getvalue()
