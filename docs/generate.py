"""Generate the reference pages, or with ``--check`` fail when one is out of date.

Every page is a pure function of the code, so a page can't say what the code does not do.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperGroup

from docs import indicators, project_files, site_pages, synthetic_norway
from docs.error_codes import error_codes_page

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"


def requirement_markers(tests: Path) -> dict[str, list[str]]:
    """Map each requirement id to the tests marked with it, as ``path::name``.

    The markers are read from the source, so a page does not need the tests to run; whether they pass is `make test`'s to say.
    """
    marked: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        for name, decorators in _decorated(ast.parse(path.read_text(encoding="utf-8"))):
            for requirement in _requirements(decorators):
                marked[requirement].append(f"{path.relative_to(tests.parent).as_posix()}::{name}")
    return dict(marked)


def _decorated(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.decorator_list


def _requirements(decorators: list[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
            yield from (arg.value for arg in decorator.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def requirements_page() -> str:
    """Write each requirement with the tests that hold it, or the word *open*."""
    requirements = tomllib.loads((ROOT / "docs" / "requirements.toml").read_text(encoding="utf-8"))["requirement"]
    marked = requirement_markers(ROOT / "tests")
    unknown = sorted(set(marked) - {r["id"] for r in requirements})
    if unknown:
        raise SystemExit(f"tests are marked with requirements that docs/requirements.toml does not have: {', '.join(unknown)}")
    held = sum(r["id"] in marked for r in requirements)
    lines = [
        "# Requirements",
        "",
        "Made by `make docs` from `docs/requirements.toml` and the markers on the tests. A requirement with tests is held as far as those",
        "tests go; *open* means that nothing holds it yet.",
        "",
        f"{held} of {len(requirements)} have tests.",
        "",
        "| id | requirement | from | held by |",
        "|---|---|---|---|",
    ]
    for requirement in requirements:
        tests = "<br>".join(f"`{name}`" for name in marked.get(requirement["id"], [])) or "*open*"
        lines.append(f"| {requirement['id']} | {_cell(requirement['text'])} | {_cell(requirement['from'])} | {tests} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def case_states_page() -> str:
    """Draw the states of a review case from the dicts that the service runs on."""
    from serving.cases.describe import case_states_markdown

    return case_states_markdown()


def permissions_page() -> str:
    """Write every role in plain words, and what it may do, with the reason."""
    from serving.access.permissions import MATRIX
    from serving.access.route_rights import rights_table
    from serving.roles import ROLES

    lines = [
        "# Who may do what",
        "",
        "Made by `make docs` from `serving/roles.py`, `serving/access/permissions.py` and `serving/access/route_rights.py`.",
        "What is not listed is refused.",
    ]
    for role, described in ROLES.items():
        lines += ["", f"## {described.name.en} (`{role.value}`)", "", described.in_plain_words, ""]
        lines += [f"* `{action.value}`: {reason}" for action, reason in MATRIX.get(role, {}).items()] or ["Nothing."]
    lines += ["", "## Every route, and whom it lets through", ""]
    lines += ["A test calls each as nobody, as every role and for another municipality's case. Whose case it is counts besides.", ""]
    lines += rights_table()
    return "\n".join(lines) + "\n"


def features_page() -> str:
    """Render the features' specification, which the tests hold the engine and the oracle to."""
    cases = tomllib.loads((ROOT / "tests" / "spec" / "features.toml").read_text(encoding="utf-8"))["case"]
    lines = [
        "# What a feature is, by example",
        "",
        "Made by `make docs` from `tests/spec/features.toml`; every row is a test of the engine and of the oracle.",
    ]
    for case in cases:
        lines += ["", f"## {case['says']}", "", "| value | happened on | known on | superseded on |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(_part_of_record, [*record, ''][:4]))} |" for record in case["records"]] or ["| no record | | | |"]
        lines += ["", f"On {case['as_of']}: " + ", ".join(f"`{name}` is {answer}" for name, answer in case["answers"].items()) + "."]
    return "\n".join(lines) + "\n"


def _part_of_record(part: object) -> str:
    return "no value" if part != part else str(part)


def commands_page() -> str:
    """Write every command with its options, as `--help` shows them."""
    import tidlig

    lines = ["# Commands", "", "Made by `make docs` from the commands themselves."]
    for name, (module, _) in tidlig.COMMANDS.items():
        command = typer.main.get_command(importlib.import_module(module).app)
        lines += _command_lines(f"tidlig {name}", command.commands[name] if isinstance(command, TyperGroup) else command)
    lines += _command_lines("tidlig demo", typer.main.get_command(tidlig.app).commands["demo"])  # type: ignore[attr-defined]
    return "\n".join(lines) + "\n"


def _command_lines(title: str, command: Any) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        if command.invoke_without_command:
            yield from _own_lines(title, command)
        for name, child in command.commands.items():
            yield from _command_lines(f"{title} {name}", child)
        return
    yield from _own_lines(title, command)


def _own_lines(title: str, command: Any) -> Iterator[str]:
    yield from ("", f"## `{title}`", "", inspect.cleandoc(command.help or ""), "")
    for parameter in command.params:
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts)) if parameter.opts else f"`{parameter.name}`"
        yield f"* {names}: {getattr(parameter, 'help', None) or 'required'}"


def api_reference() -> str:
    """Write the API's routes from the description that the service itself gives."""
    from serving.api.openapi import api_page
    from serving.app import describe_app

    return api_page(describe_app().openapi())


PAGES: dict[str, Callable[[], str]] = (
    {
        "api.md": api_reference,
        "case-states.md": case_states_page,
        "commands.md": commands_page,
        "features.md": features_page,
        "errors.md": lambda: error_codes_page(ROOT),
        "permissions.md": permissions_page,
        "requirements.md": requirements_page,
    }
    | indicators.PAGES
    | project_files.PAGES
    | synthetic_norway.PAGES
    | site_pages.PAGES
)


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    stale = []
    for name, make in PAGES.items():
        path, text = (REFERENCE / name).resolve(), make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            stale.append(path.relative_to(ROOT).as_posix())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    if stale:
        print(f"out of date: {', '.join(stale)}. Run `make docs` and commit the result.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
