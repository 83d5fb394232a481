"""Particulars are unreadable in every table, the same subject is found whatever the key, and erased is erased."""

import hashlib
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from apps.accounts.models import User
from apps.journal.errors import FileMissing
from apps.journal.models import AuditEntry
from apps.teams.types import TeamAccess
from apps.verification import queries, services
from apps.verification.models import Subject, SubjectKey
from tests.cast import make_user
from tests.verification.papers import COMPANY, NOON, PERSON, apply, apply_for, png, upload

pytestmark = pytest.mark.django_db

TOLD = [
    PERSON.number,
    PERSON.name,
    COMPANY.number,
    COMPANY.name,
    COMPANY.representative,
    COMPANY.contact,
    "IDAT-of-Ada",
]


def tables_with(texts: list[str]) -> dict[str, list[str]]:
    """Which of these texts the rows of each table show, bytes and JSON included; bytes as text and as hex."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = "\n".join(row[0] for row in cursor.fetchall())
            shown = [text for text in texts if text in rows or text.encode().hex() in rows]
            if shown:
                found[table] = shown
    return found


def test_no_table_shows_a_particular(ada: User, team: TeamAccess) -> None:
    apply(ada, uploads=[upload("front", f"{PERSON.number}.png", png() + b"IDAT-of-Ada")])
    apply_for(team)

    assert tables_with(TOLD) == {}


def test_control_the_search_finds_what_stands_in_a_table(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(name=PERSON.name)

    assert tables_with(TOLD) == {"accounts_user": [PERSON.name]}


def test_a_subject_is_more_than_the_hash_of_a_guessable_number(ada: User) -> None:
    apply(ada)

    digest = bytes(Subject.objects.get().digest)
    assert len(digest) == 32
    assert digest.hex() not in guesses()


def guesses() -> list[str]:
    """What somebody with the tables alone would try first."""
    texts = (PERSON.number, f"CN{PERSON.number}", f"personal\nCN\n{PERSON.number}")
    return [hashlib.sha256(text.encode()).hexdigest() for text in texts]


def test_a_rotated_key_loses_no_duplicate(settings: Any, ada: User) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    first = apply(ada)

    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("reencrypt_secrets", verbosity=0)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    second = apply(make_user())

    assert second.subject_id == first.subject_id
    assert [other.verification_id for other in queries.duplicates_of(second)] == [first.pk]
    particulars = services.open_particulars(first.pk, actor=ada.pk, at=NOON)
    assert particulars == PERSON


def test_the_hash_has_one_secret_however_many_apply(ada: User) -> None:
    apply(ada)
    apply(make_user())

    assert SubjectKey.objects.count() == 1


def test_whoever_sees_particulars_is_on_record(ada: User, team: TeamAccess) -> None:
    row = apply_for(team)

    particulars = services.open_particulars(row.pk, actor=ada.pk, at=NOON)

    assert particulars == COMPANY
    seen = AuditEntry.objects.get(act="verification.particulars_viewed")
    assert (seen.actor_id, seen.target_id, seen.scope) == (ada.pk, row.public_id, team.public_id)


def test_whoever_opens_a_document_is_on_record(ada: User) -> None:
    row = apply(ada)
    (document,) = queries.documents_of(row.public_id)

    file, content = services.open_document(row.pk, document.uid, actor=ada.pk, at=NOON)

    assert (file.name, content) == ("front-1.png", png())
    assert AuditEntry.objects.get(act="verification.document_viewed").details["document"] == "front-1.png"


def test_a_document_is_opened_through_its_own_verification_only(ada: User) -> None:
    apply(ada)
    other = apply(make_user())
    (document,) = queries.documents_of(apply(make_user()).public_id)

    with pytest.raises(FileMissing):
        services.open_document(other.pk, document.uid, actor=ada.pk, at=NOON)
    assert not AuditEntry.objects.filter(act="verification.document_viewed").exists()
