from types import SimpleNamespace

import pytest
from sphinx.errors import SphinxError

import redirects

HERE = {"index", "lectures/minima"}


@pytest.fixture
def table(monkeypatch, tmp_path):
    def write(text: str) -> None:
        (tmp_path / redirects.FILE).write_text(f"[moved]\n{text}\n", encoding="utf-8")

    monkeypatch.setattr(redirects, "DOCS", tmp_path)
    return write


def check() -> None:
    redirects.check(SimpleNamespace(), SimpleNamespace(found_docs=HERE))


def test_the_own_table_can_be_read():
    assert isinstance(redirects.read(), dict)


def test_no_table_moves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(redirects, "DOCS", tmp_path)
    assert redirects.read() == {}


@pytest.mark.parametrize("name", ["/minima", "../minima", "minima.html"])
@pytest.mark.parametrize("line", ['"{}" = "index"', '"old" = "{}"'])
def test_what_names_no_page_is_refused(line, name):
    with pytest.raises(SphinxError, match="wanted a page like lectures/minima, got"):
        redirects.parse(f"[moved]\n{line.format(name)}")


def test_a_page_that_moved_leads_to_a_page(table):
    table('"minima" = "lectures/minima"')
    check()
    assert redirects.read() == {"minima": "lectures/minima"}


@pytest.mark.parametrize("old", ["lectures/minima", "search"])
def test_a_page_that_is_there_has_not_moved(table, old):
    table(f'"{old}" = "index"')
    with pytest.raises(SphinxError, match=f"{old} is said to have moved, but it is there"):
        check()


@pytest.mark.parametrize("new", ["lectures/lost", "minima"])
def test_a_page_moves_to_one_that_is_there(table, new):
    table(f'"minima" = "{new}"')
    with pytest.raises(SphinxError, match=f"to have moved to {new}, which is not there"):
        check()
