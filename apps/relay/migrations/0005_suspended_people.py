"""A person who is suspended, or let in again, moves the teams' topic: calls of the personal team stop within a second."""

from django.db import migrations

PERSON = """
CREATE CONSTRAINT TRIGGER move_topic_for_suspended AFTER UPDATE OF is_active ON accounts_user
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.is_active IS DISTINCT FROM NEW.is_active) EXECUTE FUNCTION relay_move_topic('teams')
"""


class Migration(migrations.Migration):
    dependencies = [("relay", "0004_budget_triggers"), ("accounts", "0001_initial")]

    operations = [migrations.RunSQL(PERSON, "DROP TRIGGER move_topic_for_suspended ON accounts_user")]
