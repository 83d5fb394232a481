"""Says of each act whom it concerns, so that a team can read its own part of the audit trail."""

from django.db import migrations

ADD = """
ALTER TABLE journal_auditentry ADD COLUMN scope text NOT NULL DEFAULT '';
CREATE INDEX journal_auditentry_scope ON journal_auditentry (scope, id DESC) WHERE scope <> '';
"""
REMOVE = "ALTER TABLE journal_auditentry DROP COLUMN scope;"


class Migration(migrations.Migration):

    dependencies = [("journal", "0003_approvals")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
