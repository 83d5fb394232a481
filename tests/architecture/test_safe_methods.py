"""HEAD is let in like GET, without a CSRF token: a view asks whether it is a POST before it acts, never whether it is
a GET after which everything else acts."""

from tests.architecture.sources import ROOT


def test_no_view_takes_whatever_is_no_get_for_a_post() -> None:
    views = [path for path in (ROOT / "apps").rglob("*.py") if "views" in path.parts or path.name == "admin.py"]

    assert [str(path) for path in views if 'if request.method == "GET"' in path.read_text()] == []
