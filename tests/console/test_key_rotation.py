"""A new encryption key: one command rewrites every secret there is, and no secret is left out of its list."""

import ast
import io
import itertools
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models

from apps.accounts.models import User
from apps.console import key_rotation
from apps.console.key_rotation import ENCRYPTED_COLUMNS
from apps.core import clock, encryption
from apps.journal import queries as journal_queries
from apps.journal import services as journal
from apps.journal.models import AuditEntry
from apps.relay import services as relay
from apps.relay.models import Channel, ChannelKey
from tests.architecture.sources import ROOT, python_files, tree_of

OLD = Fernet.generate_key().decode()
NEW = Fernet.generate_key().decode()

NAMES = {column.name for column in ENCRYPTED_COLUMNS}
# allauth's table is written through this adapter; the table is in the list under allauth's name.
WRITES_FOR_ANOTHER = {"console": "mfa"}
SHA256_BYTES = 32


@pytest.fixture
def secrets(db: None, settings, ada: User) -> User:
    """One secret of every kind, written under the old key. The new one stands first now."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    channel = Channel.objects.create(name="far", kind="openai", base_url="https://far.example.com")
    relay.add_channel_key(channel.pk, "sk-upstream", actor=None, at=clock.now())
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(ada)
    journal.store_file("x", name="a.txt", content=b"abc", content_type="text/plain", at=clock.now())
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return ada


def run(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("reencrypt_secrets", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue().splitlines()


def lines(rewritten: int, verb: str = "rewritten") -> list[str]:
    return [
        f"relay.ChannelKey.ciphertext: 1 rows, {rewritten} {verb}",
        f"mfa.Authenticator.data: 2 rows, {rewritten * 2} {verb}",
        f"journal.FilePiece.ciphertext: 1 rows, {rewritten} {verb}",
    ]


def test_after_a_round_the_old_key_can_go(settings, secrets: User) -> None:
    codes = RecoveryCodes(secrets.authenticator_set.get(type="recovery_codes")).get_unused_codes()

    said = run()

    assert [line for line in said if line in lines(1)] == lines(1)
    assert said[-1] == "Every stored secret is under the first key."
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert encryption.decrypt(ChannelKey.objects.get().ciphertext) == "sk-upstream"
    factors = {row.type: row for row in Authenticator.objects.filter(user=secrets)}
    assert encryption.decrypt(factors["totp"].data["secret"].encode()) == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(factors["recovery_codes"]).get_unused_codes() == codes
    [file] = journal_queries.files_of("x")
    assert b"".join(journal_queries.pieces_of(file.uid)) == b"abc"


def test_codes_brought_in_from_elsewhere_are_rewritten_and_passkeys_left_alone(settings, secrets: User) -> None:
    kept = {"migrated_codes": [encryption.encrypt("11111111").decode()], "used_mask": 0}
    Authenticator.objects.filter(type="recovery_codes").update(data=kept)
    passkey = Authenticator.objects.create(user=secrets, type="webauthn", data={"name": "Key", "credential": {}})

    run()

    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    codes = Authenticator.objects.get(type="recovery_codes").data["migrated_codes"]
    assert [encryption.decrypt(code.encode()) for code in codes] == ["11111111"]
    passkey.refresh_from_db()
    assert passkey.data == {"name": "Key", "credential": {}}


def test_a_second_round_finds_nothing_to_do(secrets: User) -> None:
    run()

    assert [line for line in run() if line in lines(0)] == lines(0)
    assert AuditEntry.objects.filter(act="secrets.reencrypted").count() == 1


def test_a_dry_run_counts_and_changes_nothing(secrets: User) -> None:
    before = bytes(ChannelKey.objects.get().ciphertext)

    said = run("--dry-run")

    assert [line for line in said if line in lines(1, "to rewrite")] == lines(1, "to rewrite")
    assert bytes(ChannelKey.objects.get().ciphertext) == before
    assert not AuditEntry.objects.filter(act="secrets.reencrypted").exists()


def test_a_round_that_was_stopped_is_finished_by_the_next(settings, secrets: User) -> None:
    channel = Channel.objects.get()
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    for n in range(2):
        relay.add_channel_key(channel.pk, f"key-{n}", actor=None, at=clock.now())
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    column = key_rotation.EncryptedColumn("keys", relay.reencrypt_channel_keys, rows_a_page=1)

    *_, stopped = itertools.islice(key_rotation.go_round(column, dry_run=False), 2)
    *_, finished = key_rotation.go_round(column, dry_run=False)

    assert (stopped.rows, stopped.rewritten) == (1, 1)
    assert (finished.rows, finished.rewritten) == (3, 2)


def test_a_secret_whose_key_is_gone_is_named_and_the_rest_is_rewritten(settings, secrets: User) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    key = ChannelKey.objects.get()
    ChannelKey.objects.filter(pk=key.pk).update(ciphertext=Fernet(Fernet.generate_key()).encrypt(b"lost"))
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]

    with pytest.raises(CommandError, match=rf"relay\.ChannelKey\.ciphertext: no configured key opens row {key.pk}\."):
        run()

    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    secret = Authenticator.objects.get(type="totp").data["secret"]
    assert encryption.decrypt(secret.encode()) == "JBSWY3DPEHPK3PXP"


def test_every_binary_column_is_a_hash_or_in_the_list() -> None:
    """A hash has 32 bytes and is called digest; whatever else is binary here was encrypted."""
    found = {
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models()
        for column in model._meta.local_fields
        if isinstance(column, models.BinaryField) and not _is_hash(column)
    }

    assert found - NAMES == set()


def _is_hash(column: models.BinaryField) -> bool:
    return column.max_length == SHA256_BYTES and column.name.endswith("digest")


def test_every_app_that_encrypts_has_a_column_in_the_list() -> None:
    writers = {path.relative_to(ROOT / "apps").parts[0] for path in python_files("apps") if _encrypts(path)} - {"core"}
    listed = {name.partition(".")[0] for name in NAMES}

    assert {WRITES_FOR_ANOTHER.get(app, app) for app in writers} - listed == set()


def _encrypts(path: Path) -> bool:
    calls = (node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))
    return {getattr(call, "id", getattr(call, "attr", "")) for call in calls} & {"encrypt", "encrypt_bytes"} != set()


def test_every_name_in_the_list_is_a_column() -> None:
    for name in NAMES:
        app, model, column = name.split(".")
        assert apps.get_model(app, model)._meta.get_field(column).column
