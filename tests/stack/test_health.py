"""Probes and metrics: what a watcher of the processes gets to see, and who is a watcher."""

import time

import pytest
from django.db import connection

from apps.core.clock import now
from apps.journal.services import start_run
from apps.usage.tasks import verify_ledger
from apps.wallet import services as wallet


def test_a_living_process_says_so_without_its_database(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_a_probe_by_address_without_tls_is_answered(client, settings):
    settings.ALLOWED_HOSTS = ["sluice.example"]
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.django_db
def test_a_migrated_database_makes_ready(client):
    checks = client.get("/readyz").json()["checks"]

    assert checks["database"] is True
    assert checks["migrations"] is True


@pytest.mark.django_db
def test_an_unapplied_migration_makes_unready(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts'")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] is False


@pytest.mark.django_db
def test_a_table_without_next_month_makes_unready(client):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE lazy (id uuid PRIMARY KEY) PARTITION BY RANGE (id)")
        cursor.execute("CREATE TABLE lazy_202001 PARTITION OF lazy DEFAULT")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["partitions"] is False


@pytest.mark.django_db
def test_metrics_are_for_the_bearer_of_their_token(client, settings):
    settings.METRICS_TOKEN = "watcher"

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer watcher"}).status_code == 200


def test_metrics_without_a_token_are_closed_in_production(client, settings):
    settings.METRICS_TOKEN = ""
    settings.DEBUG = False

    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
def test_metrics_name_what_the_relay_counts(client, settings):
    settings.METRICS_TOKEN = "watcher"

    text = client.get("/metrics", headers={"Authorization": "Bearer watcher"}).content.decode()

    assert "sluice_settle_late_total" in text
    assert "sluice_ledger_batch_calls" in text
    assert "sluice_open_holds 0" in text
    assert "sluice_ledger_broken 0" in text


@pytest.mark.django_db
def test_a_broken_ledger_shows_after_its_verification(client, settings):
    settings.METRICS_TOKEN = "watcher"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wallet_account SET open_slots = 5 WHERE id = %s", [wallet.open_wallet("team")])

    assert verify_ledger() == 1

    text = client.get("/metrics", headers={"Authorization": "Bearer watcher"}).content.decode()
    assert "sluice_ledger_broken 1" in text
    assert "sluice_ledger_violations 1" in text
    assert "sluice_ledger_verified_through 0" in text
    assert "sluice_open_alerts 1" in text


@pytest.mark.django_db
def test_a_ledger_that_nobody_verified_is_overdue_for_ever(client, settings):
    settings.METRICS_TOKEN = "watcher"

    text = client.get("/metrics", headers={"Authorization": "Bearer watcher"}).content.decode()

    assert "sluice_ledger_verification_age_seconds +Inf" in text
    assert "sluice_ledger_violations 0" in text


@pytest.mark.django_db
def test_a_verification_tells_through_when_and_how_old_it_is(client, settings):
    settings.METRICS_TOKEN = "watcher"
    verify_ledger()

    text = client.get("/metrics", headers={"Authorization": "Bearer watcher"}).content.decode()
    figures = dict(line.split() for line in text.splitlines() if line.startswith("sluice_ledger_ver"))

    assert 0 <= int(figures["sluice_ledger_verification_age_seconds"]) < 60
    assert 300 <= time.time() - int(figures["sluice_ledger_verified_through"]) < 360


@pytest.mark.django_db
def test_a_run_under_way_hides_nothing_of_the_one_before(client, settings):
    settings.METRICS_TOKEN = "watcher"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wallet_account SET open_slots = 5 WHERE id = %s", [wallet.open_wallet("team")])
    verify_ledger()

    start_run("verify_ledger", at=now())

    text = client.get("/metrics", headers={"Authorization": "Bearer watcher"}).content.decode()
    assert "sluice_ledger_broken 1" in text
