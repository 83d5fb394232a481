"""The OpenAPI schema names every endpoint, and is made without a warning."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from apps.relay import urls as relay_urls
from config.urls import platform_api

NOT_LISTED = {"api/schema", "api/docs", "^api/"}


@pytest.fixture
def schema(db: None) -> dict[str, dict]:
    return json.loads(Client().get("/api/schema", headers={"Accept": "application/json"}).content)


def test_the_schema_is_valid_and_made_without_warnings(tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))


def test_every_endpoint_is_in_the_schema(schema: dict[str, dict]) -> None:
    routes = {str(route.pattern) for route in platform_api} - NOT_LISTED
    relay = {str(route.pattern) for route in relay_urls.urlpatterns} - {"v1/<path:rest>"}

    assert {names_of(path) for path in schema["paths"]} == {names_of(f"/{route}") for route in routes | relay}


def test_each_operation_says_who_may_call(schema: dict[str, dict]) -> None:
    for path, operations in schema["paths"].items():
        expected = "apiToken" if path.startswith("/v1/") else "personalAccessToken"
        for operation in operations.values():
            assert expected in [name for scheme in operation["security"] for name in scheme], path


def names_of(path: str) -> str:
    """The path with its parameters blanked: `/api/tokens/{token_id}` and `/api/tokens/<str:token_id>` are one."""
    return "/".join("*" if part[:1] in {"{", "<"} else part for part in path.split("/"))
