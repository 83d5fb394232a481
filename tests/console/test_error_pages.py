import pytest
from django.test import RequestFactory
from django.utils.translation import override
from django.views.defaults import bad_request, server_error

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_says_so(client):
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "Nothing is here" in answer.content.decode()


def test_a_forged_form_changes_nothing_and_says_what_to_do(client):
    client.handler.enforce_csrf_checks = True

    answer = client.post("/language", {"language": "zh-hans"})

    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_a_failure_of_ours_is_told_without_asking_the_database(rf: RequestFactory, django_assert_num_queries):
    with django_assert_num_queries(0), override("zh-hans"):
        assert "余额是安全的" in server_error(rf.get("/")).content.decode()
        assert bad_request(rf.get("/"), ValueError()).status_code == 400


def test_pages_keep_one_strict_policy(client):
    policy = client.get("/")["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == directives["style-src"] == directives["default-src"] == "'self'"
    assert directives["object-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
