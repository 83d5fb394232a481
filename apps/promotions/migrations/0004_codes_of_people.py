"""Whoever has an account already gets a referral code; later accounts get theirs when they are opened."""

import secrets

from django.db import migrations
from django.utils import timezone

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def give_codes(apps, schema_editor):
    codes = apps.get_model("promotions", "ReferralCode").objects
    users = apps.get_model("accounts", "User").objects
    known = codes.filter(retired_at=None).values("user_id")
    now = timezone.now()
    new = (
        codes.model(user_id=user_id, code="".join(secrets.choice(ALPHABET) for _ in range(10)), created_at=now)
        for user_id in users.exclude(pk__in=known).values_list("pk", flat=True).iterator()
    )
    codes.bulk_create(new, batch_size=1000)


class Migration(migrations.Migration):

    dependencies = [("promotions", "0003_shipped_campaigns")]

    operations = [migrations.RunPython(give_codes, migrations.RunPython.noop)]
