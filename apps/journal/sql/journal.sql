-- The audit trail, and the alert that SQL functions can raise in their own transaction.
CREATE TABLE journal_auditentry (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor_id bigint,
    actor_label text NOT NULL,
    act text NOT NULL,
    target text NOT NULL,
    target_id text NOT NULL,
    reason text NOT NULL,
    details jsonb NOT NULL,
    ip inet
);
CREATE INDEX journal_auditentry_target ON journal_auditentry (target, target_id, id DESC);
CREATE INDEX journal_auditentry_actor ON journal_auditentry (actor_id, id DESC);

CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_auditentry_append_only BEFORE UPDATE OR DELETE ON journal_auditentry
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
CREATE TRIGGER journal_auditentry_no_truncate BEFORE TRUNCATE ON journal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();

CREATE FUNCTION journal_alert(alert_kind text, alert_key text, alert_details jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO journal_operatoralert AS open (kind, dedupe_key, details) VALUES (alert_kind, alert_key, alert_details)
        ON CONFLICT (dedupe_key) WHERE closed_at IS NULL
        DO UPDATE SET times = open.times + 1, details = excluded.details, last_at = clock_timestamp()
$$;
