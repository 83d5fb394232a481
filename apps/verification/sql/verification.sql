-- A verification moves along its states and nowhere else; a review is written once. For superusers of the database too.
CREATE FUNCTION verification_guard_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'submitted' THEN
            RAISE EXCEPTION 'a verification begins submitted' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF (OLD.status, NEW.status) NOT IN (
        ('submitted', 'approved'), ('submitted', 'rejected'), ('rejected', 'submitted'), ('approved', 'revoked')
    ) THEN
        RAISE EXCEPTION 'a verification does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER verification_begins BEFORE INSERT ON verification_verification
    FOR EACH ROW EXECUTE FUNCTION verification_guard_move();
CREATE TRIGGER verification_moves BEFORE UPDATE OF status ON verification_verification
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION verification_guard_move();

CREATE FUNCTION verification_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reviews and subjects stay as they are' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER verification_review_fixed BEFORE UPDATE OR DELETE ON verification_review
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_change();
CREATE TRIGGER verification_subject_fixed BEFORE UPDATE OR DELETE ON verification_subject
    FOR EACH ROW EXECUTE FUNCTION verification_refuse_change();
