"""Which code made a model, said without git."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from training.code_version import describe_code, find_work_tree

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="needs git to make a repository")


def git(folder: Path, *arguments: str) -> str:
    assert GIT is not None
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"]
    return subprocess.run([GIT, *who, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "repository" / "code"
    for name in ("features/a.py", "features/deep/abc.py", "models/a_longer_name.py", "training/x.py"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", encoding="utf-8")
    (root / "notes.txt").write_text("not code\n", encoding="utf-8")
    return root


def test_an_installed_package_is_its_version_and_its_sources(sources: Path) -> None:
    first = describe_code(sources, "1.2.0")
    assert re.fullmatch(r"1\.2\.0\+sources\.[0-9a-f]{12}", first)
    (sources / "notes.txt").write_text("other\n", encoding="utf-8")
    assert describe_code(sources, "1.2.0") == first
    (sources / "training" / "x.py").write_text("# changed\n", encoding="utf-8")
    assert describe_code(sources, "1.2.0") != first
    assert describe_code(sources, None).startswith("checkout+sources.")


@needs_git
@pytest.mark.parametrize("version", ["2", "4"])
def test_a_work_tree_says_its_commit_and_whether_it_was_modified(sources: Path, version: str) -> None:
    repository = sources.parent
    git(repository, "init", "-q")
    git(repository, "config", "index.version", version)
    git(repository, "add", ".")
    git(repository, "update-index", f"--index-version={version}")
    git(repository, "commit", "-qm", "first")
    commit = git(repository, "rev-parse", "HEAD")
    clean = describe_code(sources, "1.0")
    assert re.fullmatch(rf"1\.0\+commit\.{commit[:12]}\.sources\.[0-9a-f]{{12}}", clean)
    (sources / "models" / "a_longer_name.py").write_text("# changed\n", encoding="utf-8")
    assert describe_code(sources, "1.0").endswith(".modified")
    git(repository, "checkout", "-q", ".")
    assert describe_code(sources, "1.0") == clean
    (sources / "features" / "new.py").write_text("# nobody tracks this\n", encoding="utf-8")
    assert describe_code(sources, "1.0").endswith(".modified")


@needs_git
def test_packed_names_detached_heads_and_linked_work_trees(sources: Path) -> None:
    repository = sources.parent
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "first")
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "pack-refs", "--all")
    assert f"commit.{commit[:12]}." in describe_code(sources, "1.0")
    git(repository, "worktree", "add", "-q", "-b", "other", str(repository.parent / "linked"))
    assert describe_code(repository.parent / "linked" / "code", "1.0") == describe_code(sources, "1.0")
    git(repository, "checkout", "-q", "--detach")
    assert describe_code(sources, "1.0") == describe_code(repository.parent / "linked" / "code", "1.0")


@needs_git
def test_an_environment_inside_somebodys_repository_is_none_of_its_commits(sources: Path) -> None:
    repository = sources.parent
    git(repository, "init", "-q")
    (repository / "README.md").write_text("theirs\n", encoding="utf-8")
    git(repository, "add", "README.md")
    git(repository, "commit", "-qm", "first")
    assert "commit" not in describe_code(sources, "1.0")


def test_before_the_first_commit_nothing_is_known(sources: Path) -> None:
    git_folder = sources.parent / ".git"
    git_folder.mkdir()
    (git_folder / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    tree = find_work_tree(sources)
    assert tree is not None
    assert tree.commit == "unknown"
    assert describe_code(sources, "1.0").startswith("1.0+sources.")
