"""The database's last word on owners, from `sql/owners.sql`: at commit, an open team has exactly one."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).resolve().parent.parent / "sql" / "owners.sql").read_text()
UNDO = """
DROP TRIGGER team_has_one_owner ON teams_team;
DROP TRIGGER membership_leaves_one_owner ON teams_membership;
DROP FUNCTION teams_check_team();
DROP FUNCTION teams_check_membership();
DROP FUNCTION teams_require_owner(bigint);
"""


class Migration(migrations.Migration):

    dependencies = [("teams", "0003_name_memberships")]
    operations = [migrations.RunSQL(SQL, UNDO)]
