import re
import tomllib
from pathlib import Path

import pytest
import yaml

from citing import CITATION, bibtex

GIVEN = {
    "title": "A name: and more",
    "version": "2.0",
    "date-released": "2031-05-01",
    "authors": [{"name": "A group"}, {"family-names": "Noether", "given-names": "Emmy"}],
}


def fields(entry):
    return dict(re.findall(r"^  (\w+) *= \{(.*)\},$", entry, re.MULTILINE))


@pytest.mark.parametrize("url", [None, "https://example.org/a"])
def test_entry_says_what_the_file_says(url):
    entry = bibtex(GIVEN, url)
    assert fields(entry) == {
        "author": "{A group} and Noether, Emmy",
        "title": "{A name: and more}",
        "version": "2.0",
        "year": "2031",
    } | ({"url": url} if url else {})
    assert entry.startswith("@software{a2031,\n")


def test_entry_of_a_lecture_names_the_whole():
    entry = bibtex(GIVEN, "https://example.org/a", "How fast?")
    assert fields(entry) == {
        "author": "{A group} and Noether, Emmy",
        "title": "{How fast?}",
        "howpublished": "A lecture of {A name: and more}, version 2.0",
        "year": "2031",
        "url": "https://example.org/a",
    }
    assert entry.startswith("@misc{a2031how-fast,\n")


def test_citation_names_the_version_of_the_package():
    project = tomllib.loads((CITATION.parent / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load(CITATION.read_text())
    assert str(citation["version"]) == project["version"]
    assert citation["license"] == project["license"]
    assert Path(CITATION.parent, "LICENSE").exists()
