"""A log line is one JSON object and never carries a whole secret."""

import json
import logging
import sys

from apps.core.logs import JsonFormatter, PlainFormatter


def record_of(text: str, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("apps.relay", logging.INFO, "f.py", 1, text, None, None)
    vars(record).update(extra)
    return record


def test_a_line_is_json_with_the_extra_fields():
    line = json.loads(JsonFormatter().format(record_of("call", status=200, model="gpt-4o-mini")))

    assert (line["level"], line["logger"], line["text"]) == ("info", "apps.relay", "call")
    assert (line["status"], line["model"]) == (200, "gpt-4o-mini")


def test_a_token_is_masked_in_text_and_fields():
    secret = "sk-" + "a" * 49

    line = JsonFormatter().format(record_of(f"refused {secret}", header=f"Bearer {secret}"))

    assert "aaaa" not in line


def test_a_line_break_in_a_value_stays_inside_the_line():
    assert "\n" not in JsonFormatter().format(record_of("one\ntwo", name_given="a\nb"))


def test_a_terminal_line_shows_fields_by_name():
    assert PlainFormatter().format(record_of("call", status=200)) == "info    apps.relay: call status=200"


def test_a_trace_names_places_and_types_and_not_the_words_of_exceptions():
    record = record_of("failed")
    try:
        try:
            {}["what somebody wrote"]
        except KeyError as error:
            raise LookupError("no 'what somebody wrote' here") from error
    except LookupError:
        record.exc_info = sys.exc_info()

    trace = json.loads(JsonFormatter().format(record))["trace"]

    kinds = [line for line in trace.splitlines() if line.startswith("builtins.")]
    assert kinds == ["builtins.KeyError", "builtins.LookupError"]
    assert "in test_a_trace_names_places_and_types" in trace
    assert "no 'what" not in trace.replace("raise LookupError(\"no 'what", "")
