import pytest

import addresses


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "http://127.0.0.1:8000/"),
        ("", "http://127.0.0.1:8000/"),
        ("https://example.org/course", "https://example.org/course/"),
        ("https://example.org/course/", "https://example.org/course/"),
    ],
)
def test_the_site_ends_in_one_slash(monkeypatch, given, expected):
    monkeypatch.delenv("STEEPEST_SITE", raising=False)
    if given is not None:
        monkeypatch.setenv("STEEPEST_SITE", given)
    assert addresses.site() == expected


@pytest.mark.parametrize(
    ("given", "expected"), [("", None), ("https://example.org/o/n/", "https://example.org/o/n")]
)
def test_the_repository_may_be_unknown(monkeypatch, given, expected):
    monkeypatch.setenv("STEEPEST_REPOSITORY", given)
    assert addresses.repository() == expected


@pytest.mark.parametrize(
    ("site", "repository", "expected"),
    [
        ("https://example.org/s", "https://example.org/o/n", "https://example.org/s/"),
        ("", "https://example.org/o/n", "https://example.org/o/n"),
        ("", "", None),
    ],
)
def test_readers_are_sent_to_the_site_first(monkeypatch, site, repository, expected):
    monkeypatch.setenv("STEEPEST_SITE", site)
    monkeypatch.setenv("STEEPEST_REPOSITORY", repository)
    assert addresses.public() == expected


@pytest.mark.parametrize("given", ["example.org", "file:///tmp", "https://"])
def test_no_address_is_refused(monkeypatch, given):
    monkeypatch.setenv("STEEPEST_SITE", given)
    with pytest.raises(ValueError, match="STEEPEST_SITE: wanted an address like https"):
        addresses.site()
