import json

import pytest

from parity import compare, difference


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1.0, 1.0, 0.0),
        (0.5, 0.25, 0.25),
        (200.0, 100.0, 1.0),
        ([1.0, [2.0, 3.0]], [1.0, [2.0, 6.0]], 0.5),
        ([], [], 0.0),
        ("nan", "nan", 0.0),
        ("inf", 1.0, float("inf")),
        ([1.0], [1.0, 2.0], float("inf")),
        (True, False, float("inf")),
    ],
)
def test_difference(a, b, expected):
    assert difference(a, b) == expected


def claimed(statement, observed, relation="≈", page="lectures/a"):
    return {"page": page, "statement": statement, "observed": observed, "relation": relation}


def site(folder, device, claims, seconds):
    folder.mkdir()
    build = {"commit": "c0ffee", "device": device, "versions": {"torch": "2"}, "seconds": seconds}
    (folder / "build.json").write_text(json.dumps(build))
    (folder / "verification.json").write_text(json.dumps(claims))
    return folder


def test_two_sites_are_compared_page_by_page(tmp_path):
    cuda = [
        claimed("a sum", 1.0),
        claimed("a sum", 5.0),
        claimed("a time", 3.0, "<"),
        claimed("only here", 1.0),
    ]
    cpu = [claimed("a sum", 1.0), claimed("a sum", 4.0), claimed("a time", 9.0, "<")]
    record = compare(
        site(tmp_path / "cuda", "A GPU", cuda, {"lectures/a": 2.0, "lectures/b": 1.0}),
        site(tmp_path / "cpu", "CPU", cpu, {"lectures/a": 1.0, "lectures/b": 3.0}),
    )
    assert record["device"] == "A GPU"
    assert record["pages"]["lectures/a"] == {
        "cuda_seconds": 2.0,
        "cpu_seconds": 1.0,
        "compared": 2,
        "largest": 0.25,
        "where": "a sum",
    }
    assert record["pages"]["lectures/b"]["compared"] == 0


def test_two_sites_of_one_device_are_refused(tmp_path):
    one, two = (site(tmp_path / name, "CPU", [], {}) for name in ("one", "two"))
    with pytest.raises(ValueError, match="wanted a site built on a CUDA device, got CPU"):
        compare(one, two)
