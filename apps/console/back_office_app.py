"""Django's admin with our front door. A module of its own: an app's `apps` module may hold one default config."""

from django.contrib.admin import apps as admin_apps


class BackOfficeConfig(admin_apps.AdminConfig):
    default = False
    default_site = "apps.console.back_office.BackOffice"
