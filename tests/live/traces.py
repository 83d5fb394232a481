"""Where a text has left traces: every table, every key of Valkey, every file that the servers write."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from redis import Redis

from tests.live.site import Site

MIB = 1024 * 1024
_TABLES = """
    SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'm') ORDER BY 1
"""
_READERS: dict[bytes, Callable[["Redis[bytes]", bytes], object]] = {
    b"string": lambda store, key: store.get(key),
    b"list": lambda store, key: store.lrange(key, 0, -1),
    b"set": lambda store, key: store.smembers(key),
    b"zset": lambda store, key: store.zrange(key, 0, -1),
    b"hash": lambda store, key: store.hgetall(key),
    b"stream": lambda store, key: store.xrange(key),
}


def in_database(site: Site, text: str) -> list[str]:
    """Lines of tables, as COPY writes them, with the text as it is or as bytes; the server's own tables too."""
    wanted = (text.encode(), text.encode().hex().encode())
    found = []
    with psycopg.connect(site.dsn) as connection:
        for (table,) in connection.execute(_TABLES).fetchall():
            command = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.SQL(table))
            with connection.cursor() as cursor, cursor.copy(command) as rows:
                found += [f"{table}: {bytes(row)!r}" for row in rows if any(word in bytes(row) for word in wanted)]
    return found


def in_valkey(site: Site, text: str) -> list[str]:
    """Keys that hold the text in their name or their value."""
    with Redis.from_url(site.broker.url) as store:
        return [f"{key!r}: {held}" for key, held in _entries(store) if text in f"{key!r} {held}"]


def _entries(store: "Redis[bytes]") -> Iterator[tuple[bytes, str]]:
    for key in store.scan_iter():
        yield key, str(_READERS[store.type(key)](store, key))


def in_files(site: Site, text: str) -> list[str]:
    """Files with the text: logs of all processes and both servers, data files, write-ahead logs, metrics."""
    with Redis.from_url(site.broker.url) as store:
        valkey = store.config_get("dir")["dir"]
    folders = {site.folder, Path(site.one("SHOW data_directory")), Path(valkey)}
    return sorted({str(path) for folder in folders for path in _files(folder) if _holds(path, text.encode())})


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)


def _holds(path: Path, text: bytes) -> bool:
    """Read, not mapped: the servers may cut a file meanwhile."""
    try:
        with path.open("rb") as file:
            before = b""
            while piece := file.read(MIB):
                if text in before + piece:
                    return True
                before = piece[-len(text) :]
    except OSError:
        return False  # gone meanwhile, or a socket
    return False
