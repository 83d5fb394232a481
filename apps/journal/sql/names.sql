-- The audit trail stays as it was written, but for one thing: the name of a person whose account is closed. The one
-- change that it takes puts another label beside the same actor, and another text where the details had the person.
CREATE OR REPLACE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('sluice.replacing_name', true) = 'on'
        AND (to_jsonb(NEW) - 'actor_label' - 'details') = (to_jsonb(OLD) - 'actor_label' - 'details')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;

-- The address is nobody else's: it goes from lines by the person, about the person, and within these scopes. A name may
-- also be a token's or a team's: it goes from lines about the person, and about a team that the person handed over.
CREATE FUNCTION journal_replace_name(person bigint, scopes text[], address text, name text, label text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    PERFORM set_config('sluice.replacing_name', 'on', true);
    WITH line AS (
        SELECT e.id, e.actor_id = person AS is_by, e.target IN ('user', 'member') AND e.target_id = person::text
            OR e.actor_id = person AND e.act = 'team.transferred' AS is_about
        FROM journal_auditentry e
        WHERE e.actor_id = person OR e.target IN ('user', 'member') AND e.target_id = person::text
            OR e.scope = ANY (scopes)
    ), told AS (
        SELECT l.id, CASE WHEN l.is_by AND e.actor_label <> '' THEN label ELSE e.actor_label END AS actor_label,
            replace(
                replace(e.details::text, to_jsonb(address)::text, to_jsonb(label)::text),
                CASE WHEN l.is_about AND name <> '' THEN to_jsonb(name)::text ELSE to_jsonb(address)::text END,
                to_jsonb(label)::text
            )::jsonb AS details
        FROM line l JOIN journal_auditentry e ON e.id = l.id
    )
    UPDATE journal_auditentry e SET actor_label = t.actor_label, details = t.details
        FROM told t WHERE e.id = t.id AND (e.actor_label, e.details) IS DISTINCT FROM (t.actor_label, t.details);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM set_config('sluice.replacing_name', 'off', true);
    RETURN changed;
END $$;
