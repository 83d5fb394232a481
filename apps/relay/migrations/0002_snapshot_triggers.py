"""Whatever changes a row the relay keeps in memory moves its topic's version, in the same transaction.

The triggers are deferred to the commit, behind one advisory lock: versions are handed out in commit order, and a use
case that touches several topics cannot deadlock with another one. New tokens and teams need no word: nobody remembers
that they are missing for longer than a second.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION relay_move_topic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7240311);
    INSERT INTO relay_snapshotversion AS v (topic, n) VALUES (TG_ARGV[0], 1)
        ON CONFLICT (topic) DO UPDATE SET n = v.n + 1;
    PERFORM pg_notify('relay_snapshots', TG_ARGV[0]);
    RETURN NULL;
END $$;
"""

ANY = "INSERT OR UPDATE OR DELETE"
CHANGE = "UPDATE OR DELETE"
WATCHED = [
    ("relay_apitoken", CHANGE, "tokens"),
    ("teams_team", CHANGE, "teams"),
    ("teams_accessgrant", ANY, "teams"),
    ("teams_accessgroup", ANY, "catalogue"),
    ("marketplace_modeltype", CHANGE, "catalogue"),
    ("marketplace_model", ANY, "catalogue"),
    ("marketplace_model_access_groups", ANY, "catalogue"),
    ("marketplace_priceversion", ANY, "catalogue"),
    ("relay_channel", ANY, "channels"),
    ("relay_channel_access_groups", ANY, "channels"),
    ("relay_channelkey", ANY, "channels"),
    ("relay_channelmodel", ANY, "channels"),
]

# The first token of another shape changes how unknown texts are met.
LEGACY = """
CREATE CONSTRAINT TRIGGER move_topic_for_legacy AFTER INSERT ON relay_apitoken DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.legacy) EXECUTE FUNCTION relay_move_topic('tokens')
"""


def watch(table: str, events: str, topic: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE CONSTRAINT TRIGGER move_topic AFTER {events} ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION relay_move_topic('{topic}')",
        f"DROP TRIGGER move_topic ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("relay", "0001_initial"), ("teams", "0001_initial"), ("marketplace", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION relay_move_topic()"),
        *(watch(*row) for row in WATCHED),
        migrations.RunSQL(LEGACY, "DROP TRIGGER move_topic_for_legacy ON relay_apitoken"),
    ]
