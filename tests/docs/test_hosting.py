"""What the hosts are told to do: whatever it names is there, and is what it was."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

import addresses
import assemble

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CALLERS = [*WORKFLOWS, ROOT / ".readthedocs.yaml", ROOT / ".ci" / "run"]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")


def named(paths):
    return {"argvalues": paths, "ids": [path.name for path in paths]}


def sessions() -> set[str]:
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(mark).startswith("nox.session") for mark in node.decorator_list)
    }


def jobs(path: Path) -> dict[str, dict[str, object]]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


@pytest.mark.parametrize("path", **named(WORKFLOWS))
def test_every_action_is_pinned_by_its_digest(path):
    uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert uses
    assert [action for action in uses if not PINNED.fullmatch(action)] == []


def test_an_action_has_one_digest_everywhere():
    uses = {
        action
        for path in WORKFLOWS
        for action in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    }
    names = [action.split("@")[0] for action in uses]
    assert len(set(names)) == len(names)


def test_what_is_pinned_runs_on_the_oldest_python_that_is_promised():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    pins = re.findall(r"^(\S+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    needs = {}
    for name in pins:
        try:
            needs[name] = metadata(name).get("Requires-Python") or ""
        except PackageNotFoundError:
            continue  # another session's
    assert {"torch", "soupsieve", "sphinx"} <= set(needs)
    assert [name for name in needs if oldest not in SpecifierSet(needs[name])] == []


@pytest.mark.parametrize("path", **named(CALLERS))
def test_every_session_that_is_run_is_there(path):
    called = re.findall(r"nox -s ([\w-]+)", path.read_text(encoding="utf-8"))
    assert called
    assert set(called) <= sessions()


@pytest.mark.parametrize("path", **named(WORKFLOWS))
def test_a_workflow_may_only_read_unless_a_job_says_more(path):
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert whole["permissions"] == {"contents": "read"}
    for name, job in whole["jobs"].items():
        assert job["timeout-minutes"] <= 180, name
        assert job.get("needs", name) in whole["jobs"]
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", **named(WORKFLOWS))
def test_what_is_taken_up_was_laid_down(path):
    steps = [step for job in jobs(path).values() for step in job["steps"]]

    def artifacts(action):
        return {
            step["with"]["name"]
            for step in steps
            if step.get("uses", "").startswith(f"actions/{action}@")
        }

    assert artifacts("download-artifact") <= artifacts("upload-artifact")


@pytest.mark.parametrize("path", **named([*WORKFLOWS, ROOT / ".readthedocs.yaml"]))
def test_programs_of_the_house_that_are_run_are_there(path):
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"(?<![\w/])(?:\.ci|docs/_ext|tests)/[\w.-]+", text):
        assert (ROOT / name).is_file(), name
        assert not name.startswith(".ci/") or os.access(ROOT / name, os.X_OK), name


def facts(tag: str, root: str, folder: Path, heading: str, cited: str = "1.10.2"):
    """Run `release-facts` of version 1.10.2 in a copy of the house where only these files are."""
    (folder / ".ci").mkdir()
    program = folder / ".ci" / "release-facts"
    program.write_bytes((ROOT / ".ci" / "release-facts").read_bytes())
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.10.2"\n')
    (folder / "CITATION.cff").write_text(f"cff-version: 1.2.0\nversion: {cited}\n")
    (folder / "CHANGELOG.md").write_text(f"# Changes\n\n{heading}\n")
    run = [sys.executable, str(program), tag, root]
    return subprocess.run(run, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("heading", ["## 1.10.2 - 2027-01-31", "## [1.10.2] - 2027-01-31"])
@pytest.mark.parametrize("root", ["https://example.org/s", "https://example.org/s/"])
def test_a_release_has_a_folder_and_a_branch_of_its_own(tmp_path, monkeypatch, root, heading):
    done = facts("v1.10.2", root, tmp_path, heading)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        monkeypatch.setenv(*line.split("="))
    assert addresses.site() == "https://example.org/s/1.10/"
    assert addresses.downloads() == "downloads-1.10"


@pytest.mark.parametrize(
    ("tag", "heading", "message"),
    [
        ("v1.10.3", "## 1.10.2 - 2027-01-31", "the tag is v1.10.3, but pyproject.toml says 1.10.2"),
        ("v1.10.2", "## 1.10.2 (unreleased)", "CHANGELOG.md has no line `## 1.10.2 - "),
        ("v1.10.2", "## 1.10.20 - 2027-01-31", "CHANGELOG.md has no line `## 1.10.2 - "),
    ],
)
def test_a_tag_that_is_no_release_is_refused(tmp_path, tag, heading, message):
    done = facts(tag, "https://example.org/", tmp_path, heading)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_release_is_cited_by_its_version(tmp_path):
    done = facts("v1.10.2", "https://example.org/", tmp_path, "## 1.10.2 - 2027-01-31", "1.10.1")
    assert done.returncode == 1
    assert "CITATION.cff has no line `version: 1.10.2`" in done.stderr


def test_the_downloads_become_the_only_commit_of_a_branch(tmp_path):
    remote, folder, here = tmp_path / "remote.git", tmp_path / "downloads", tmp_path / "clone"
    git = ("git", "-c", "init.defaultBranch=main")
    subprocess.run([*git, "init", "--quiet", "--bare", str(remote)], check=True)
    program = str(ROOT / ".ci" / "push-downloads")
    for text in ("first", "second"):
        folder.mkdir(exist_ok=True)
        (folder / "README.md").write_text(text)
        run = [program, str(folder), "downloads-0.1", str(remote)]
        subprocess.run(run, check=True, env=os.environ | {"GITHUB_SHA": text})
        (folder / "README.md").unlink()
        shutil.rmtree(folder / ".git")
    clone = ("clone", "--quiet", "--branch", "downloads-0.1", str(remote), str(here))
    subprocess.run([*git, *clone], check=True)
    log = subprocess.run(
        [*git, "log", "--format=%s"], cwd=here, capture_output=True, text=True, check=True
    )
    assert log.stdout == "The site's downloads at second\n"
    assert (here / "README.md").read_text() == "second"


def test_the_archive_of_a_release_is_what_assembling_takes(tmp_path):
    html = tmp_path / "docs" / "_build" / "html"
    (html / "lectures").mkdir(parents=True)
    for name in ("index.html", "lectures/a.html"):
        (html / name).write_text("<html></html>")
    (step,) = (
        step["run"]
        for job in jobs(ROOT / ".github" / "workflows" / "release.yml").values()
        for step in job["steps"]
        if "zipfile" in step.get("run", "")
    )
    (html / "downloads").mkdir()
    (html / "downloads" / "steepest.whl").write_text("")
    for book in ("pdf", "epub"):
        (html.parent / book).mkdir()
        (html.parent / book / f"steepest.{book}").write_text("")
    # As the host runs it, but by this Python.
    script = step.replace("python ", f"{shlex.quote(sys.executable)} ")
    run = ["bash", "-e", "-c", script]
    environment = os.environ | {"GITHUB_WORKSPACE": str(tmp_path)}
    subprocess.run(run, cwd=tmp_path, env=environment, check=True)
    release = tmp_path / "release"
    books = {"steepest.pdf", "steepest.epub"}
    assert {p.name for p in release.iterdir()} == {"downloads", "site.zip", "steepest.whl", *books}
    with zipfile.ZipFile(release / "site.zip") as packed:
        assert "lectures/a.html" in packed.namelist()
    (tmp_path / "releases" / "v0.1.0").mkdir(parents=True)
    (release / "site.zip").rename(tmp_path / "releases" / "v0.1.0" / "site.zip")
    names = assemble.assemble(html, tmp_path / "releases", tmp_path / "hosted")
    assert names == ["latest", "0.1"]


@pytest.mark.parametrize("clone", ["https://github.com/o/n.git", "https://github.com/o/n"])
def test_read_the_docs_tells_the_build_where_it_is(tmp_path, clone):
    settings = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    lines = settings["build"]["jobs"]["build"]["html"]
    built = tmp_path / "docs" / "_build" / "html"
    built.mkdir(parents=True)
    (built / "index.html").write_text("<html></html>")
    (tmp_path / "python").write_text('#!/bin/sh\nenv > asked; echo "$@" >> asked\n')
    (tmp_path / "python").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "READTHEDOCS_CANONICAL_URL": "https://n.readthedocs.io/en/latest/",
        "READTHEDOCS_GIT_CLONE_URL": clone,
        "READTHEDOCS_OUTPUT": str(tmp_path / "output"),
    }
    for line in lines:
        subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, check=True)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert "STEEPEST_SITE=https://n.readthedocs.io/en/latest/" in asked
    assert "STEEPEST_REPOSITORY=https://github.com/o/n" in asked
    assert asked[-1] == "-m nox -s docs"
    assert (tmp_path / "output" / "html" / "index.html").is_file()
