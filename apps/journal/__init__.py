"""What every app leaves behind: outbox, audit entries, idempotency records, alerts. Ids and text only."""
