"""What docs/moving.md says, run: its two queries on an old system's tables make files that import as they are."""

import re
from pathlib import Path

import pytest
from django.db import connection

from apps.core.secret_tokens import digest_of
from apps.relay.models import ApiToken
from apps.wallet.models import Account, Lot
from tests.architecture.sources import ROOT
from tests.cast import make_user
from tests.console.moves import Move
from tests.relay.catalogues import import_small

OLD_TABLES = """
CREATE TEMPORARY TABLE users (id bigserial, email text, quota bigint, deleted_at timestamptz) ON COMMIT DROP;
CREATE TEMPORARY TABLE tokens (
    id bigserial, user_id bigint, key char(48), status bigint, name text, expired_time bigint, remain_quota bigint,
    unlimited_quota boolean, model_limits_enabled boolean, model_limits text, allow_ips text, used_quota bigint,
    deleted_at timestamptz) ON COMMIT DROP;
INSERT INTO users (email, quota, deleted_at) VALUES
    ('Ada@example.com', 1500000, NULL), ('bob@example.com', 0, NULL), ('', 5, NULL), ('gone@example.com', 5, now());
INSERT INTO tokens (user_id, key, status, name, expired_time, remain_quota, unlimited_quota, model_limits_enabled,
    model_limits, allow_ips, used_quota, deleted_at) VALUES
    (1, repeat('a', 48), 1, 'free', -1, -70, true, false, '', '', 500000, NULL),
    (1, repeat('b', 48), 4, 'empty', -1, -1, false, true, 'small-chat', E'203.0.113.7\\n198.51.100.0/24', 0, NULL),
    (2, repeat('c', 40), 2, 'off', 1577836800, 71429, false, false, 'ignored', NULL, 500000, NULL),
    (2, repeat('d', 48), 1, 'deleted', -1, 5, false, false, '', '', 0, now());
"""


@pytest.mark.django_db
def test_the_queries_of_the_page_make_files_that_import(tmp_path: Path) -> None:
    import_small()
    make_user("ada@example.com")
    make_user("bob@example.com")
    queries = re.findall(r"```sql\n(.*?);\n```", (ROOT / "docs" / "moving.md").read_text(), re.DOTALL)
    move = Move(tmp_path)

    with connection.cursor() as cursor:
        cursor.execute(OLD_TABLES)
        files = []
        for name, query in zip(("balances.csv", "tokens.csv"), queries, strict=True):
            with cursor.copy(query) as copied:
                files.append(move.file(b"".join(bytes(piece) for piece in copied), name))
    move.run(files[0], "--tokens", files[1])

    assert (move.refusal, move.problems) == ("", [])
    assert Lot.objects.get().amount_nanos == 21_000_000_000
    free, empty, off = ApiToken.objects.order_by("pk")
    assert bytes(free.digest) == digest_of("sk-" + "a" * 48)
    assert (free.limit_nanos, free.disabled_at, free.expires_at) == (0, None, None)
    assert (empty.limit_nanos, empty.model_codes, empty.ip_allow) == (
        1,
        ["small-chat"],
        ["198.51.100.0/24", "203.0.113.7/32"],
    )
    assert off.disabled_at is not None
    assert off.expires_at is not None
    assert off.expires_at.isoformat() == "2020-01-01T00:00:00+00:00"
    assert (off.limit_nanos, Account.objects.get(pk=off.account_id).limit_base_nanos) == (8_000_006_000, -7_000_000_000)
