from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from apps.wallet.packing import Packed, PackedDumper, pack

SOME_ID = UUID("01900000-0000-7000-8000-000000000001")
AN_INSTANT = datetime(2026, 11, 21, 13, 5, 6, 789, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
        ("integer", [1, None, -5]),
        ("smallint", [200, 499]),
        ("boolean", [True, False, None]),
        ("uuid", [SOME_ID, None]),
        ("timestamptz", [AN_INSTANT]),
        ("text", ["", "模型", None, "it's"]),
        ("bytea", [b"\x00\xff"]),
        ("bigint", []),
        ("text", [None, None]),
    ],
)
def test_a_packed_array_arrives_as_it_was(type_name: str, values: list[object]) -> None:
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(Packed, PackedDumper)
        cursor.execute(f"SELECT %s::{type_name}[]".encode(), [pack(type_name, values)], binary=True)
        row = cursor.fetchone()

    assert row is not None
    assert row[0] == values


def test_a_type_without_a_layout_travels_as_text() -> None:
    assert pack("numeric", ["1.5"]) == pack("text", ["1.5"])


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not a UUID"):
        pack("uuid", ["no"])
