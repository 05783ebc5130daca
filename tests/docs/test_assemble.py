import json
import zipfile
from pathlib import Path

import pytest

import assemble

PAGE = '<html><head><link rel="next" href="b"><link {}></head></html>'
ATTRIBUTES = (
    'rel="canonical" href="https://example.org/{}" /',  # as Sphinx writes it
    'href="https://example.org/{}" rel="canonical"/',  # as sphinx-codeautolink does
)


def page(address: str, written: int = 0) -> str:
    return PAGE.format(ATTRIBUTES[written].format(address))


def make_site(folder: Path, version: str, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(page(f"{version}{name}", bool(version)), encoding="utf-8")
    return folder


def release(releases: Path, tag: str, *names: str) -> None:
    site = make_site(releases.parent / f"site-{tag}", f"{tag}/", *names)
    (releases / tag).mkdir(parents=True)
    with zipfile.ZipFile(releases / tag / "site.zip", "w") as archive:
        for name in names:
            archive.write(site / name, name)


@pytest.fixture
def hosted(tmp_path: Path) -> Path:
    site = make_site(tmp_path / "site", "", "index.html", "lectures/new.html", "lectures/a.html")
    (site / "_static").mkdir()
    (site / "_static" / "part.html").write_text("")
    releases = tmp_path / "releases"
    release(releases, "v0.2.0", "index.html", "lectures/a.html")
    release(releases, "v0.10.0", "index.html", "lectures/a.html")
    release(releases, "v0.2.1", "index.html", "lectures/a.html", "lectures/gone.html")
    target = tmp_path / "hosted"
    assert assemble.assemble(site, releases, target) == ["latest", "0.10", "0.2"]
    return target


def test_the_newest_release_of_each_number_has_a_folder(hosted):
    assert (hosted / "index.html").read_text() == page("index.html")
    assert sorted(p.name for p in hosted.iterdir() if p.is_dir()) == [
        *("0.10", "0.2", "_static", "lectures")
    ]
    assert (hosted / "0.2" / "lectures" / "gone.html").exists()


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        (
            ".",
            [
                ("latest", "./", []),
                ("0.10", "./0.10/", ["lectures/new.html"]),
                ("0.2", "./0.2/", ["lectures/new.html"]),
            ],
        ),
        ("0.10", [("latest", "../", []), ("0.10", "./", []), ("0.2", "../0.2/", [])]),
        (
            "0.2",
            [
                ("latest", "../", ["lectures/gone.html"]),
                ("0.10", "../0.10/", ["lectures/gone.html"]),
                ("0.2", "./", []),
            ],
        ),
    ],
)
def test_every_version_knows_all_of_them_and_what_they_lack(hosted, here, expected):
    found = json.loads((hosted / here / assemble.LIST).read_text())
    assert [(entry["name"], entry["path"], entry["lacks"]) for entry in found] == expected


def test_search_engines_are_led_to_the_newest_page_where_there_is_one(hosted):
    old = hosted / "0.2" / "lectures"
    assert (old / "a.html").read_text() == page("lectures/a.html")
    assert (old / "gone.html").read_text() == page("v0.2.1/lectures/gone.html", 1)


def test_a_site_alone_lists_nothing(tmp_path):
    site = make_site(tmp_path / "site", "", "index.html")
    assert assemble.assemble(site, tmp_path / "none", tmp_path / "hosted") == ["latest"]
    assert json.loads((tmp_path / "hosted" / assemble.LIST).read_text()) == []


def test_a_release_that_is_no_version_is_refused(tmp_path):
    release(tmp_path / "releases", "nightly", "index.html")
    with pytest.raises(ValueError, match=r"wanted releases like v1\.2\.3, got 'nightly'"):
        assemble.released(tmp_path / "releases")


def test_an_archive_without_a_first_page_is_refused(tmp_path):
    site = make_site(tmp_path / "site", "", "index.html")
    release(tmp_path / "releases", "v0.1.0", "html/index.html")
    with pytest.raises(ValueError, match=r"wanted index\.html in the site of 0\.1, found none"):
        assemble.assemble(site, tmp_path / "releases", tmp_path / "hosted")


def test_nothing_is_written_over(tmp_path):
    site = make_site(tmp_path / "site", "", "index.html")
    with pytest.raises(FileExistsError, match="wanted a new folder"):
        assemble.assemble(site, tmp_path / "none", site)
