"""The functions are installed by the newest migration that changed them; nothing is left for this one."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("wallet", "0002_transfers"), ("journal", "0002_audit_and_alerts")]
    operations = []
