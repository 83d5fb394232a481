"""Variables are read once, and odd values are refused by name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_switch_knows_its_words(monkeypatch):
    monkeypatch.setenv("SWITCH", "Yes")
    assert env.flag("SWITCH") is True

    monkeypatch.setenv("SWITCH", "off")
    assert env.flag("SWITCH", default=True) is False


def test_an_odd_switch_is_refused(monkeypatch):
    monkeypatch.setenv("SWITCH", "maybe")

    with pytest.raises(ImproperlyConfigured, match="SWITCH must be 1 or 0, not 'maybe'"):
        env.flag("SWITCH")


def test_a_number_out_of_range_is_refused(monkeypatch):
    monkeypatch.setenv("NUMBER", "70000")

    with pytest.raises(ImproperlyConfigured, match="between 1 and 65535"):
        env.integer("NUMBER", default=8000, minimum=1, maximum=65535)


def test_a_word_that_is_no_choice_is_refused(monkeypatch):
    monkeypatch.setenv("ROLE", "worker")

    with pytest.raises(ImproperlyConfigured, match="all, relay"):
        env.choice("ROLE", default="all", choices=("all", "relay"))


def test_empty_items_of_a_list_vanish(monkeypatch):
    monkeypatch.setenv("LIST", " a, ,b,")

    assert env.words("LIST") == ["a", "b"]
