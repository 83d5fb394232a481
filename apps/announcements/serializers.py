"""Entries as the platform API answers them. Texts keep their languages: programs choose."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.announcements.types import Category

_BY_LANGUAGE = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "example": {"en": "A price changes", "zh-hans": "价格调整"},
}


@extend_schema_field(_BY_LANGUAGE)
class TextsField(serializers.ReadOnlyField):
    """A text by language."""


class EntrySerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField(source="public_id", help_text="`ann_…`; the entry's page is /announcements/{id}.")
    category = serializers.ChoiceField(choices=Category.values)
    audience = serializers.CharField(help_text="Whom it is for: `everyone`, `signed_in` or `groups`.")
    title = TextsField()
    scope = TextsField(help_text="What it is about, in a few words; may be empty.")
    summary = TextsField()
    notes = TextsField(help_text="What changes, line by line; may be empty.")
    link = serializers.CharField(help_text="A path of this site; empty for none.")
    published_at = serializers.DateTimeField()
    effective_at = serializers.DateTimeField(allow_null=True, help_text="May lie after the publication; null for none.")


class EntryPageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EntrySerializer(many=True)


class EntryFilterSerializer(serializers.Serializer):  # type: ignore[type-arg]
    category = serializers.ChoiceField(choices=Category.values, required=False)
