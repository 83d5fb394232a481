"""Makes the partitioned tables by SQL, which Django cannot declare, and the roll-ups the ordinary way."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import django.db.models.deletion
from django.db import migrations, models

# text where the model says varchar: a name too long must not make a settle fail
CREATE_RECORD = """
CREATE TABLE usage_record (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    settled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    team_id bigint NOT NULL,
    wallet_id bigint NOT NULL,
    token_id bigint NOT NULL,
    user_id bigint,
    model_id bigint NOT NULL,
    channel_id bigint,
    price_version_id bigint NOT NULL,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    charge_nanos bigint NOT NULL CONSTRAINT usage_record_charge_not_negative CHECK (charge_nanos >= 0),
    latency_ms integer NOT NULL,
    first_byte_ms integer,
    status smallint NOT NULL,
    streamed boolean NOT NULL,
    estimated boolean NOT NULL,
    multiplier numeric NOT NULL,
    model_code text NOT NULL,
    access_group text NOT NULL,
    endpoint text NOT NULL,
    error_code text NOT NULL,
    quantities jsonb
) PARTITION BY RANGE (id);
CREATE INDEX usage_record_team ON usage_record (team_id, id DESC);
CREATE INDEX usage_record_token ON usage_record (token_id, id DESC);
-- for the roll-up and for what it has not seen yet; not BRIN, which reads everything that is not summarised yet
CREATE INDEX usage_record_settled ON usage_record (settled_at);
"""
CREATE_ORIGIN = "CREATE TABLE usage_origin (id uuid PRIMARY KEY, ip inet NOT NULL) PARTITION BY RANGE (id);"


def uuid_from(day):
    """The smallest UUID a UUIDv7 of this instant can be: the bound of a partition."""
    return UUID(int=int(day.timestamp() * 1000) << 80)


def create_partition(schema_editor, *, table, suffix, start, end):
    schema_editor.execute(
        f"CREATE TABLE IF NOT EXISTS {table}_{suffix} PARTITION OF {table} "
        f"FOR VALUES FROM ('{uuid_from(start)}') TO ('{uuid_from(end)}')"
    )


def create_first_partitions(apps, schema_editor):
    """This month's and today's; `core.partitions` keeps them ahead from here on."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    for _ in range(4):
        following = (month + timedelta(days=32)).replace(day=1)
        create_partition(schema_editor, table="usage_record", suffix=f"{month:%Y%m}", start=month, end=following)
        month = following
    for days in range(4):
        day = today + timedelta(days=days)
        create_partition(
            schema_editor, table="usage_origin", suffix=f"{day:%Y%m%d}", start=day, end=day + timedelta(days=1)
        )


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_RECORD, "DROP TABLE usage_record")],
            state_operations=[
                migrations.CreateModel(
                    name='UsageRecord',
                    fields=[
                        ('id', models.UUIDField(primary_key=True, serialize=False, verbose_name='call')),
                        ('at', models.DateTimeField(verbose_name='accepted')),
                        ('settled_at', models.DateTimeField(verbose_name='settled')),
                        ('wallet_id', models.BigIntegerField(verbose_name='wallet')),
                        ('token_id', models.BigIntegerField(verbose_name='token')),
                        ('user_id', models.BigIntegerField(null=True, verbose_name='user')),
                        ('model_id', models.BigIntegerField(verbose_name='model row')),
                        ('model_code', models.CharField(max_length=120, verbose_name='model')),
                        ('channel_id', models.BigIntegerField(null=True, verbose_name='channel')),
                        ('access_group', models.CharField(max_length=40, verbose_name='access group')),
                        ('endpoint', models.CharField(max_length=60, verbose_name='endpoint')),
                        ('price_version_id', models.BigIntegerField(verbose_name='price version')),
                        ('multiplier', models.DecimalField(decimal_places=6, max_digits=12, verbose_name='multiplier')),
                        ('input_tokens', models.BigIntegerField(help_text='The whole prompt, cached parts included.', verbose_name='input tokens')),
                        ('output_tokens', models.BigIntegerField(help_text='Reasoning included.', verbose_name='output tokens')),
                        ('cached_tokens', models.BigIntegerField(verbose_name='of the input: read from cache')),
                        ('cache_write_tokens', models.BigIntegerField(verbose_name='of the input: written to cache')),
                        ('reasoning_tokens', models.BigIntegerField(verbose_name='of the output: reasoning')),
                        ('quantities', models.JSONField(null=True, verbose_name='other meters')),
                        ('charge_nanos', models.BigIntegerField(verbose_name='charge')),
                        ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                        ('latency_ms', models.PositiveIntegerField(verbose_name='latency, ms')),
                        ('first_byte_ms', models.PositiveIntegerField(null=True, verbose_name='first byte, ms')),
                        ('streamed', models.BooleanField(verbose_name='streamed')),
                        ('estimated', models.BooleanField(verbose_name='estimated')),
                        ('error_code', models.CharField(blank=True, max_length=60, verbose_name='error')),
                        ('team', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team', verbose_name='team')),
                    ],
                    options={
                        'verbose_name': 'usage record',
                        'verbose_name_plural': 'usage records',
                        'db_table': 'usage_record',
                        'ordering': ['-id'],
                    },
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CREATE_ORIGIN, "DROP TABLE usage_origin")],
            state_operations=[
                migrations.CreateModel(
                    name='UsageOrigin',
                    fields=[
                        ('id', models.UUIDField(primary_key=True, serialize=False, verbose_name='call')),
                        ('ip', models.GenericIPAddressField(verbose_name='address')),
                    ],
                    options={
                        'verbose_name': 'origin of a call',
                        'verbose_name_plural': 'origins of calls',
                        'db_table': 'usage_origin',
                    },
                ),
            ],
        ),
        migrations.RunPython(create_first_partitions, migrations.RunPython.noop),
        migrations.CreateModel(
            name='MinuteUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minute', models.DateTimeField(verbose_name='minute')),
                ('team_id', models.BigIntegerField(verbose_name='team')),
                ('token_id', models.BigIntegerField(verbose_name='token')),
                ('model_code', models.CharField(max_length=120, verbose_name='model')),
                ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                ('calls', models.BigIntegerField(default=0, verbose_name='calls')),
                ('refused', models.BigIntegerField(default=0, verbose_name='refused')),
                ('input_tokens', models.BigIntegerField(default=0, verbose_name='input tokens')),
                ('output_tokens', models.BigIntegerField(default=0, verbose_name='output tokens')),
                ('charge_nanos', models.BigIntegerField(default=0, verbose_name='charge')),
            ],
            options={
                'verbose_name': 'usage of a minute',
                'verbose_name_plural': 'usage by minute',
                'indexes': [models.Index(fields=['minute'], name='minute_usage_by_age'), models.Index(condition=models.Q(('refused__gt', 0)), fields=['team_id', 'minute'], name='minute_usage_refused')],
                'constraints': [models.UniqueConstraint(fields=('team_id', 'minute', 'token_id', 'model_code', 'status'), name='minute_usage_once')],
            },
        ),
        migrations.CreateModel(
            name='DayUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('team_id', models.BigIntegerField(verbose_name='team')),
                ('token_id', models.BigIntegerField(verbose_name='token')),
                ('model_code', models.CharField(max_length=120, verbose_name='model')),
                ('calls', models.BigIntegerField(default=0, verbose_name='calls')),
                ('errors', models.BigIntegerField(default=0, verbose_name='failed calls')),
                ('input_tokens', models.BigIntegerField(default=0, verbose_name='input tokens')),
                ('output_tokens', models.BigIntegerField(default=0, verbose_name='output tokens')),
                ('charge_nanos', models.BigIntegerField(default=0, verbose_name='charge')),
            ],
            options={
                'verbose_name': 'usage of a day',
                'verbose_name_plural': 'usage by day',
                'constraints': [models.UniqueConstraint(fields=('team_id', 'day', 'token_id', 'model_code'), name='day_usage_once')],
            },
        ),
        migrations.CreateModel(
            name='RollUpWatermark',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('settled_before', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'roll-up watermark',
                'verbose_name_plural': 'roll-up watermarks',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='roll_up_watermark_single')],
            },
        ),
    ]
