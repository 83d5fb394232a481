"""A budget that begins, changes its refill or ends moves the tokens' topic: what a process remembers of a token names it.

Members who join or change their role move nothing. A budget that is put in with its member is a repair by hand.
"""

from django.db import migrations

TEAM = """
CREATE CONSTRAINT TRIGGER move_topic_for_budget AFTER UPDATE OF budget_id ON teams_team DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.budget_id IS NOT NULL OR NEW.budget_id IS NOT NULL)
    EXECUTE FUNCTION relay_move_topic('tokens')
"""
MEMBER = """
CREATE CONSTRAINT TRIGGER move_topic_for_budget AFTER UPDATE OF budget_id ON teams_membership
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.budget_id IS NOT NULL OR NEW.budget_id IS NOT NULL)
    EXECUTE FUNCTION relay_move_topic('tokens')
"""
JOINED = """
CREATE CONSTRAINT TRIGGER move_topic_for_new_budget AFTER INSERT ON teams_membership DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.budget_id IS NOT NULL) EXECUTE FUNCTION relay_move_topic('tokens')
"""
LEFT = """
CREATE CONSTRAINT TRIGGER move_topic_for_ended_budget AFTER DELETE ON teams_membership DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.budget_id IS NOT NULL) EXECUTE FUNCTION relay_move_topic('tokens')
"""


class Migration(migrations.Migration):
    dependencies = [("relay", "0003_refill_token_limits"), ("teams", "0002_invitations_and_budgets")]

    operations = [
        migrations.RunSQL(TEAM, "DROP TRIGGER move_topic_for_budget ON teams_team"),
        migrations.RunSQL(MEMBER, "DROP TRIGGER move_topic_for_budget ON teams_membership"),
        migrations.RunSQL(JOINED, "DROP TRIGGER move_topic_for_new_budget ON teams_membership"),
        migrations.RunSQL(LEFT, "DROP TRIGGER move_topic_for_ended_budget ON teams_membership"),
    ]
