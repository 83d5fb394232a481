"""Every URL of the site, door by door. Relay paths are also served by the lean handler in `config.asgi`."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
