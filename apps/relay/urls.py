"""The relay's paths. Served by the lean handler in production, by Django's own under the test client."""

from django.urls import path

from apps.relay import views

urlpatterns = [
    path("v1/chat/completions", views.ChatCompletionsView.as_view()),
    path("v1/completions", views.CompletionsView.as_view()),
    path("v1/embeddings", views.EmbeddingsView.as_view()),
    path("v1/audio/speech", views.SpeechView.as_view()),
    path("v1/audio/transcriptions", views.TranscriptionsView.as_view()),
    path("v1/models", views.ModelsView.as_view()),
    path("v1/models/<path:model_id>", views.ModelView.as_view()),
    path("v1/<path:rest>", views.UnknownView.as_view()),
]
