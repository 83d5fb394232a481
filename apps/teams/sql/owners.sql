-- An open team has exactly one owner. Checked at COMMIT, because a transfer of ownership passes through a moment without
-- one. Two transactions cannot slip past each other: each changes the owner's row or finds it changed, and the unique
-- index refuses a second owner. A team whose row is gone has nobody to answer for.
CREATE FUNCTION teams_require_owner(team bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM teams_team WHERE id = team AND closed_at IS NULL)
        AND (SELECT count(*) FROM teams_membership WHERE team_id = team AND role = 'owner') <> 1 THEN
        RAISE EXCEPTION 'team % is open and has not exactly one owner', team
            USING ERRCODE = 'check_violation', CONSTRAINT = 'team_has_one_owner';
    END IF;
END $$;

CREATE FUNCTION teams_check_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM teams_require_owner(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION teams_check_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM teams_require_owner(OLD.team_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM teams_require_owner(NEW.team_id);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER team_has_one_owner AFTER INSERT OR UPDATE OF closed_at ON teams_team
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION teams_check_team();
CREATE CONSTRAINT TRIGGER membership_leaves_one_owner AFTER INSERT OR UPDATE OF role, team_id OR DELETE
    ON teams_membership DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION teams_check_membership();
