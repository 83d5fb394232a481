"""A model that staff grant a team, and its end, move the teams' topic: what a process remembers of a team names it."""

from django.db import migrations

GRANT = """
CREATE CONSTRAINT TRIGGER move_topic AFTER INSERT OR UPDATE OR DELETE ON marketplace_modelgrant
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION relay_move_topic('teams')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("relay", "0005_suspended_people"),
        ("marketplace", "0003_official_prices_templates_and_subscriptions"),
    ]

    operations = [migrations.RunSQL(GRANT, "DROP TRIGGER move_topic ON marketplace_modelgrant")]
