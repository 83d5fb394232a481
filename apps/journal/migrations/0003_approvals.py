"""Approvals by a second person, with the guards of `sql/approvals.sql`."""

from pathlib import Path

from django.db import migrations, models


SQL = (Path(__file__).resolve().parent.parent / "sql" / "approvals.sql").read_text()
REVERSE = """
DROP TRIGGER journal_approval_fixed ON journal_approval;
DROP TRIGGER journal_approval_no_truncate ON journal_approval;
DROP FUNCTION journal_guard_approval();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0002_audit_and_alerts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=80, verbose_name='act')),
                ('target', models.CharField(max_length=80, verbose_name='what')),
                ('target_id', models.CharField(max_length=80, verbose_name='which')),
                ('parameters', models.JSONField(verbose_name='with')),
                ('digest', models.BinaryField(max_length=32)),
                ('reason', models.TextField(verbose_name='reason')),
                ('requested_by_id', models.BigIntegerField(verbose_name='asked by')),
                ('requested_at', models.DateTimeField(verbose_name='asked')),
                ('expires_at', models.DateTimeField(verbose_name='open until')),
                ('approved_by_id', models.BigIntegerField(blank=True, null=True, verbose_name='approved by')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
                ('refused_by_id', models.BigIntegerField(blank=True, help_text='Nobody when its time ran out.', null=True, verbose_name='refused by')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refused')),
                ('refuse_reason', models.TextField(blank=True, default='', verbose_name='why refused')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='carried out')),
            ],
            options={
                'verbose_name': 'approval',
                'verbose_name_plural': 'approvals',
                'indexes': [models.Index(fields=['target', 'target_id'], name='journal_approval_target'), models.Index(condition=models.Q(('approved_at', None), ('refused_at', None)), fields=['expires_at'], name='journal_approval_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('approved_at', None), ('refused_at', None)), fields=('act', 'target', 'target_id', 'digest', 'requested_by_id'), name='approval_open_once'), models.CheckConstraint(condition=models.Q(('approved_by_id', None), models.Q(('approved_by_id', models.F('requested_by_id')), _negated=True), _connector='OR'), name='approval_by_another_person'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by_id', None)), models.Q(('approved_at__isnull', False), ('approved_by_id__isnull', False)), _connector='OR'), name='approval_by_somebody'), models.CheckConstraint(condition=models.Q(('refused_at__isnull', False), models.Q(('refuse_reason', ''), ('refused_by_id', None)), _connector='OR'), name='approval_refused_in_full'), models.CheckConstraint(condition=models.Q(('approved_at', None), ('refused_at', None), _connector='OR'), name='approval_approved_or_refused'), models.CheckConstraint(condition=models.Q(('used_at', None), ('approved_at__isnull', False), _connector='OR'), name='approval_used_only_if_approved'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_at__lt', models.F('expires_at')), _connector='OR'), models.Q(('used_at', None), ('used_at__lt', models.F('expires_at')), _connector='OR')), name='approval_in_time'), models.CheckConstraint(condition=models.Q(('digest', b''), _negated=True), name='approval_has_digest')],
            },
        ),
        migrations.RunSQL(SQL, REVERSE),
    ]
