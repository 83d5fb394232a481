"""The console's own template context. Lazy: a page that does not show the shell pays nothing for it."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.console.shell import shell_of


def shell(request: HttpRequest) -> dict[str, object]:
    return {"shell": SimpleLazyObject(lambda: shell_of(request))}
