"""Databases of a test run: copies of one template. Copying takes 0.1 s, migrating many times that.

The template is kept between runs and made anew when what decides its contents has changed, or the day, because
partitions reach ahead of it.
"""

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import conninfo, sql

ROOT = Path(__file__).resolve().parent.parent
CONTENTS = (
    "apps/*/migrations/*.py",
    "apps/*/sql/*.sql",
    "apps/*/apps.py",
    "apps/core/partitions.py",
    "apps/console/staff_groups.py",
)
PREFIX = "sluice_template_"


def template(server: str) -> str:
    """The name of the migrated database to copy on the server of this URL."""
    name = f"{PREFIX}{_version()}"
    with psycopg.connect(server, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
        if name in there:
            return name
        for old in sorted(one for one in there if one.startswith(PREFIX)):
            _drop(connection, old)
        draft = f"{PREFIX}draft"  # renamed when it is whole: a killed run leaves nothing that looks like a template
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
        _migrate(url_of(server, draft))
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (draft, name))))
    return name


def copy(server: str, name: str) -> str:
    """A new migrated database of this name; returns its URL."""
    source = template(server)
    with psycopg.connect(server, autocommit=True) as connection:
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
        )
    return url_of(server, name)


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        _drop(connection, name)


def url_of(server: str, name: str) -> str:
    """The address of another database on the same server."""
    parts = conninfo.conninfo_to_dict(server)
    secret = f":{parts['password']}" if parts.get("password") else ""
    return (
        f"postgresql://{parts.get('user', '')}{secret}@/{name}"
        f"?host={parts.get('host', '')}&port={parts.get('port', 5432)}"
    )


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={"REDIS_URL": "redis://127.0.0.1:1", **os.environ, "DATABASE_URL": url, "DATABASE_DIRECT_URL": url},
        check=True,
    )


def _version() -> str:
    files = [ROOT / "uv.lock", *(path for pattern in CONTENTS for path in sorted(ROOT.glob(pattern)))]
    digest = hashlib.sha256(f"{datetime.now(UTC):%Y%m%d}".encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
