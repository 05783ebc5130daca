"""What counts as a change of what a build reads."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import unchanged


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Reader", "-c", "user.email=reader@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, capture_output=True, check=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "page.md").write_text("one\n")
    (tmp_path / ".gitignore").write_text("made/\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message", "First")
    return tmp_path


CHANGES: dict[str, Callable[[Path], object]] = {
    "a word": lambda root: (root / "page.md").write_text("two\n"),
    "a new file": lambda root: (root / "new.md").write_text("two\n"),
    "a file less": lambda root: (root / "page.md").unlink(),
    "another name": lambda root: (root / "page.md").rename(root / "new.md"),
    "a commit": lambda root: git(root, "commit", "--allow-empty", "--message", "Second"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(checkout: Path, change: str) -> None:
    before = unchanged.inputs(checkout)
    CHANGES[change](checkout)
    assert unchanged.inputs(checkout) not in (before, None)


def test_what_git_ignores_is_no_change(checkout: Path) -> None:
    before = unchanged.inputs(checkout)
    (checkout / "made").mkdir()
    (checkout / "made" / "page.html").write_text("one\n")
    assert unchanged.inputs(checkout) == before


@pytest.mark.parametrize("name", unchanged.SETTINGS)
def test_a_setting_is_a_change(checkout: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = unchanged.inputs(checkout)
    monkeypatch.setenv(name, "1")
    assert unchanged.inputs(checkout) not in (before, None)


def test_nothing_is_known_without_git(tmp_path: Path) -> None:
    assert unchanged.inputs(tmp_path) is None
