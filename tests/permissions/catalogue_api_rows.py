"""Who gets what of the catalogue and its news on the platform API: everybody, each what they may see."""

from typing import Final

from tests.permissions.expected import PUBLIC, Row

CATALOGUE_API: Final = (
    Row("api_announcements", "GET", "/api/announcements", PUBLIC),
    Row("api_announcement", "GET", "/api/announcements/{announcement}", PUBLIC),
    Row("api_model_types", "GET", "/api/dict/model-types", PUBLIC),
    Row("api_pricing_templates", "GET", "/api/dict/pricing-templates", PUBLIC),
    Row("api_pricing_template", "GET", "/api/dict/pricing-templates/chat_token", PUBLIC),
    Row("api_pricing", "GET", "/api/pricing", PUBLIC),
    Row("api_models", "GET", "/api/models", PUBLIC),
    Row("api_model", "GET", "/api/models/chat-small", PUBLIC),
)
