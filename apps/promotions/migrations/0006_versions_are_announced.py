"""Writes the entries of versions that were published before there were announcements: the shipped ones above all.

Under the keys that later versions use, so that none is written twice.
"""

from django.db import migrations

NEXT = {"en": "{}: new terms", "zh-hans": "{}：新条款"}


def announce(apps, schema_editor):
    entries = apps.get_model("announcements", "Announcement").objects
    versions = apps.get_model("promotions", "CampaignVersion").objects
    for version in versions.select_related("campaign").order_by("published_at", "pk"):
        titles = {"en": version.title_en, "zh-hans": version.title_zh}
        if version.number > 1:
            titles = {language: NEXT[language].format(title) for language, title in titles.items()}
        entries.get_or_create(
            key=f"campaign:{version.campaign.code}:{version.number}",
            defaults={
                "category": "campaigns",
                "audience": "everyone",
                "title": titles,
                "summary": {"en": version.text_en, "zh-hans": version.text_zh},
                "link": f"/campaigns#{version.campaign.code}",
                "published_at": version.published_at,
                "effective_at": version.starts_at,
                "created_at": version.published_at,
            },
        )


class Migration(migrations.Migration):

    dependencies = [
        ("promotions", "0005_rewards_have_the_status_of_their_parts"),
        ("announcements", "0002_drafts_are_dated_and_published_by_right"),
    ]

    operations = [migrations.RunPython(announce, migrations.RunPython.noop)]
