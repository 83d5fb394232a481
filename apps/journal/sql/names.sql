-- The audit trail stays as it was written, but for one thing: the name of a person whose account is closed. The one
-- change that it takes puts another label beside the same actor, and another text where the details had the address.
CREATE OR REPLACE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('sluice.replacing_name', true) = 'on'
        AND (to_jsonb(NEW) - 'actor_label' - 'details') = (to_jsonb(OLD) - 'actor_label' - 'details')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'restrict_violation';
END $$;

-- Lines by the person, about the person, and within these scopes. `former` is what stood for the person, as a JSON text.
CREATE FUNCTION journal_replace_name(person bigint, scopes text[], former text, label text) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
BEGIN
    PERFORM set_config('sluice.replacing_name', 'on', true);
    UPDATE journal_auditentry e
        SET actor_label = CASE WHEN e.actor_id = person AND e.actor_label <> '' THEN label ELSE e.actor_label END,
            details = replace(e.details::text, to_jsonb(former)::text, to_jsonb(label)::text)::jsonb
        WHERE (e.actor_id = person OR (e.target = 'user' AND e.target_id = person::text) OR e.scope = ANY (scopes))
            AND ((e.actor_id = person AND e.actor_label NOT IN ('', label))
                OR strpos(e.details::text, to_jsonb(former)::text) > 0);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM set_config('sluice.replacing_name', 'off', true);
    RETURN changed;
END $$;
