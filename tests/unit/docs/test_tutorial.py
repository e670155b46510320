"""What the tutorial tells people to type: every command is one of ours with options it has, and the cheap ones run here as they stand."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from click.testing import CliRunner
from typer.core import TyperGroup

import tidlig

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"^(?:\.venv/bin/)?tidlig ")


def commands(page: str) -> list[list[str]]:
    """Collect a page's own commands, in order, without what a shell would leave out."""
    lines = "\n".join(BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))).replace("\\\n", " ").splitlines()
    parts = (part.strip() for line in lines for part in line.split("&&"))
    return [shlex.split(OURS.sub("", part), comments=True) for part in parts if OURS.match(part)]


def _find(words: list[str]) -> tuple[Any, list[str]]:
    if words[0] == "demo":
        return typer.main.get_command(tidlig.app).commands["demo"], words[1:]  # type: ignore[attr-defined]
    module, _ = tidlig.COMMANDS[words[0]]
    command: Any = typer.main.get_command(importlib.import_module(module).app)
    rest = words[1:]
    if isinstance(command, TyperGroup) and words[0] in command.commands:
        command = command.commands[words[0]]
    while isinstance(command, TyperGroup) and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def _pages() -> Iterator[str]:
    yield "README.md"
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if "reference" not in path.parts and commands(path.relative_to(ROOT).as_posix()):
            yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", list(_pages()))
def test_every_command_of_a_page_is_one_of_ours_with_options_it_has(page: str) -> None:
    for words in commands(page):
        command, rest = _find(words)
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        given = {word.partition("=")[0] for word in rest if word.startswith("-")}
        assert given <= known, f"tidlig {' '.join(words)}: no option {given - known}"


def test_the_tutorial_goes_from_an_empty_folder_to_a_review_in_the_order_that_works() -> None:
    steps = [words[0] for words in commands("docs/tutorial.md")]
    assert steps == ["init", "synth", "check", "ingest", "train", "models", "screen", "accounts", "serve", "audit"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_first_steps_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On fewer people, so that it takes seconds; the whole of it is what `make demo` and its proof run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for words in commands("docs/tutorial.md")[:3]:
        typed = ["2000" if word == "20000" else word for word in words]
        command, rest = _find(typed)
        result = CliRunner().invoke(command, rest)
        assert result.exit_code == 0, f"tidlig {' '.join(typed)}: {result.output[-2000:]}"
    assert (tmp_path / "var/first/screening.toml").is_file()
    assert "none failed" in result.output
