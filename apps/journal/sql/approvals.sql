-- An approval is decided once and used once; what was asked for never changes. For superusers of the database too.
CREATE FUNCTION journal_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'approvals are kept for good' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.act, NEW.target, NEW.target_id, NEW.parameters, NEW.digest, NEW.reason, NEW.requested_by_id,
        NEW.requested_at, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.id, OLD.act, OLD.target, OLD.target_id, OLD.parameters, OLD.digest, OLD.reason, OLD.requested_by_id,
        OLD.requested_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'what was asked for cannot be changed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.approved_at IS NOT NULL OR OLD.refused_at IS NOT NULL)
       AND (NEW.approved_by_id, NEW.approved_at, NEW.refused_by_id, NEW.refused_at, NEW.refuse_reason)
       IS DISTINCT FROM
       (OLD.approved_by_id, OLD.approved_at, OLD.refused_by_id, OLD.refused_at, OLD.refuse_reason) THEN
        RAISE EXCEPTION 'a decision cannot be changed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at THEN
        RAISE EXCEPTION 'an approval serves once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER journal_approval_fixed BEFORE UPDATE OR DELETE ON journal_approval
    FOR EACH ROW EXECUTE FUNCTION journal_guard_approval();
CREATE TRIGGER journal_approval_no_truncate BEFORE TRUNCATE ON journal_approval
    FOR EACH STATEMENT EXECUTE FUNCTION journal_guard_approval();
