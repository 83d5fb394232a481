"""A fault of ours is told in the shape of the door it happened behind, and can be found in the log."""

import logging

import pytest
from django.test import Client
from django.urls import path
from django.urls.resolvers import URLPattern

from config import urls as site


def fail(request: object) -> None:
    raise ZeroDivisionError("what somebody wrote")


urlpatterns: list[URLPattern] = [path("api/fails", fail), path("fails", fail), *site.urlpatterns]
handler400, handler500 = site.handler400, site.handler500


@pytest.fixture
def caller(settings) -> Client:
    settings.DEBUG = False
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_the_api_answers_a_fault_in_its_own_shape(caller: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = caller.get("/api/fails")

    error = answer.json()["error"]
    assert (answer.status_code, set(error)) == (500, {"code", "type", "message", "request_id"})
    assert "somebody" not in answer.content.decode()
    assert error["request_id"] in {getattr(record, "request_id", "") for record in caplog.records}


@pytest.mark.django_db
def test_a_page_answers_a_fault_with_a_page(caller: Client) -> None:
    answer = caller.get("/fails")

    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("text/html")
