"""Verifications, their subjects and reviews, with the guards of `sql/verification.sql`."""

from pathlib import Path

import apps.core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).resolve().parent.parent / "sql" / "verification.sql").read_text()
REVERSE = """
DROP TRIGGER verification_begins ON verification_verification;
DROP TRIGGER verification_moves ON verification_verification;
DROP FUNCTION verification_guard_move();
DROP TRIGGER verification_review_fixed ON verification_review;
DROP TRIGGER verification_subject_fixed ON verification_subject;
DROP FUNCTION verification_refuse_change();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Subject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('personal', 'Personal'), ('enterprise', 'Enterprise')], max_length=12, verbose_name='kind')),
                ('digest', models.BinaryField(max_length=32)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'digest'), name='subject_once_per_kind'), models.CheckConstraint(condition=models.Q(('kind__in', ['personal', 'enterprise'])), name='subject_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='SubjectKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ciphertext', models.BinaryField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='subject_key_only_one')],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=apps.core.ids.uuid7, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('personal', 'Personal'), ('enterprise', 'Enterprise')], max_length=12, verbose_name='kind')),
                ('sealed', models.BinaryField()),
                ('status', models.CharField(choices=[('submitted', 'Submitted'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('revoked', 'Revoked')], default='submitted', max_length=12, verbose_name='status')),
                ('waits_for', models.CharField(blank=True, choices=[('scan', 'Scanner'), ('check', 'Automatic check'), ('person', 'Reviewer')], max_length=8, verbose_name='waits for')),
                ('look_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='next look')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='first submitted')),
                ('submitted_at', models.DateTimeField(editable=False, verbose_name='submitted')),
                ('scanned_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='scanned')),
                ('approved_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='approved')),
                ('rejected_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='rejected')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='revoked')),
                ('reason_code', models.CharField(blank=True, choices=[('unreadable', 'A document cannot be read: it is blurred, cut off or too dark.'), ('mismatch', 'The documents do not match what was written in the form.'), ('expired', 'A document has expired.'), ('incomplete', 'A document or a page is missing.'), ('not_accepted', 'This kind of document is not accepted.'), ('not_authorised', 'It is not shown that the applicant may act for the organisation.'), ('check_failed', 'The automatic check did not confirm these particulars.'), ('infected', 'The virus scanner found something harmful in a document.'), ('account_closed', 'The account or the team was closed.'), ('other', 'Another reason')], max_length=16, verbose_name='reason')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='in words')),
                ('credited_nanos', models.BigIntegerField(default=0, editable=False, verbose_name='credits granted')),
                ('erased_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='erased')),
                ('decided_by', models.ForeignKey(blank=True, editable=False, help_text='Nobody when it was decided automatically.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('subject', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='verifications', to='verification.subject')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team', verbose_name='team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='applicant')),
            ],
            options={
                'verbose_name': 'verification',
                'verbose_name_plural': 'verifications',
                'permissions': [('review_verification', 'Can see the particulars of verifications and decide on them')],
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.CharField(choices=[('submitted', 'Submitted'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('revoked', 'Revoked')], max_length=12, verbose_name='decision')),
                ('submitted_at', models.DateTimeField(verbose_name='submitted')),
                ('at', models.DateTimeField(verbose_name='decided')),
                ('reason_code', models.CharField(blank=True, choices=[('unreadable', 'A document cannot be read: it is blurred, cut off or too dark.'), ('mismatch', 'The documents do not match what was written in the form.'), ('expired', 'A document has expired.'), ('incomplete', 'A document or a page is missing.'), ('not_accepted', 'This kind of document is not accepted.'), ('not_authorised', 'It is not shown that the applicant may act for the organisation.'), ('check_failed', 'The automatic check did not confirm these particulars.'), ('infected', 'The virus scanner found something harmful in a document.'), ('account_closed', 'The account or the team was closed.'), ('other', 'Another reason')], max_length=16, verbose_name='reason')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='in words')),
                ('reviewer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewer')),
                ('verification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='verification.verification')),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
            },
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(fields=['status', 'submitted_at'], name='verification_queue'),
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(condition=models.Q(('waits_for__in', ('scan', 'check'))), fields=['look_at'], name='verification_to_examine'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'personal'), ('status__in', ('submitted', 'approved'))), fields=('user',), name='verification_personal_once'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'enterprise'), ('status__in', ('submitted', 'approved'))), fields=('team',), name='verification_enterprise_once'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'personal'), ('team', None)), models.Q(('kind', 'enterprise'), ('team__isnull', False)), _connector='OR'), name='verification_of_a_person_or_a_team'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('decided_by', None), ('reason', ''), ('reason_code', ''), ('waits_for__in', ['scan', 'check', 'person'])), ('approved_at', None), ('rejected_at', None), ('revoked_at', None), ('status', 'submitted')), models.Q(('approved_at__isnull', False), ('reason', ''), ('reason_code', ''), ('rejected_at', None), ('revoked_at', None), ('status', 'approved'), ('waits_for', '')), models.Q(('approved_at', None), ('rejected_at__isnull', False), ('status', 'rejected'), ('waits_for', ''), ('reason_code__in', ['unreadable', 'mismatch', 'expired', 'incomplete', 'not_accepted', 'not_authorised', 'check_failed', 'infected', 'account_closed', 'other']), ('revoked_at', None)), models.Q(('approved_at__isnull', False), ('rejected_at', None), ('status', 'revoked'), ('waits_for', ''), ('decided_by__isnull', False), ('revoked_at__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='verification_state_in_full'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('look_at__isnull', False), ('waits_for__in', ('scan', 'check'))), models.Q(models.Q(('waits_for__in', ('scan', 'check')), _negated=True), ('look_at', None)), _connector='OR'), name='verification_looked_at_until_examined'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('user')), _negated=True), _connector='OR'), name='verification_decided_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(('credited_nanos', 0), models.Q(('approved_at__isnull', False), ('credited_nanos__gt', 0)), _connector='OR'), name='verification_credits_only_if_approved'),
        ),
        migrations.AddConstraint(
            model_name='verification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('erased_at__isnull', False), ('sealed', b'')), models.Q(models.Q(('sealed', b''), _negated=True), ('erased_at', None)), _connector='OR'), name='verification_sealed_until_erased'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('decision__in', ('approved', 'rejected', 'revoked'))), name='review_decides'),
        ),
        migrations.RunSQL(SQL, REVERSE),
    ]
