"""The page on a project's own files: every table and key, read from the models that read them."""

from __future__ import annotations

import ast
import importlib
import inspect
import types
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import pairwise
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from features.declarations import catalogue, expectations, reviewing, screening
from features.declarations.constraints import Kind
from features.declarations.specs import AGGREGATIONS, ASKED_OF_A_CATEGORY
from models.promotion.signers import SignersFile
from serving.oidc.mapping import AccessFile

FILES: dict[str, type[BaseModel]] = {
    "screening.toml": screening.Screening,
    "indicators/<sector>.toml": catalogue.SectorFile,
    "services.toml": reviewing.Services,
    "expectations.toml": expectations.Expectations,
    "signers.toml": SignersFile,
    "access.toml": AccessFile,
}
WORDING = "words in nb, nn and en"

EXAMPLE = """\
[[source]]
name = "homework"
layout = "events"
files = ["data/homework.csv"]
registers = ["the school's own system"]

[[indicator]]
code = "edu_homework_missed"
kind = "count"
use = "predictor"
ages = [6, 19]
label = { nb = "Lekser som mangler", nn = "Lekser som manglar", en = "Homework missing", draft = true }
features = ["sum@90d", "count@school_year"]
"""
"""A source and an indicator with a feature, as little as there can be."""

ROWS = """\
person;indicator;value;happened_on;known_on;synthetic
SYN-0000001;edu_homework_missed;2;2025-11-03;2025-11-05;true
"""

WORDS: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def project_files_page() -> str:
    """Write every table that a project may hold, and a new indicator from its declaration to its feature."""
    lines = [
        "# A project's files",
        "",
        "Made by `make docs` from `features/declarations`. A key that does not stand here is refused (TID103), and so is a file's column",
        "that no source declares (TID301).",
        "",
        "## A new indicator, step by step",
        "",
        "1. Declare where it comes from and what it is, in `indicators/<sector>.toml`:",
        "",
        *(f"   {line}".rstrip() for line in ("```toml", *EXAMPLE.splitlines(), "```")),
        "",
        "2. Put the file in place. Every row of a synthetic project says so in a column `synthetic`; who is in it is also in a source with",
        '   `layout = "persons"`:',
        "",
        *(f"   {line}" for line in ("```", *ROWS.splitlines(), "```")),
        "",
        "   In a synthetic project `tidlig synth` writes such a file at random, `data/drawn.parquet`, for an indicator it does not know.",
        "3. `tidlig check` says what does not hold, `tidlig ingest` loads, `tidlig features` builds `edu_homework_missed.sum@90d`.",
        "   The table lies in `var/features/<purpose>/<stage>/table.parquet`.",
        "",
        "## Features",
        "",
        "`features` of an indicator are written `aggregation@window`; [what each means](features.md) stands on a page of its own.",
        "",
        f"* **aggregations**: {', '.join(f'`{name}`' for name in AGGREGATIONS)}.",
        f"* of kind `{Kind.CATEGORY.value}` only {', '.join(f'`{name}`' for name in ASKED_OF_A_CATEGORY)}.",
        "* `share_of_time` is asked of a flag or a category alone, `days_since_change` of these and a level.",
        "* **windows**: `90d` and other numbers of days, `3y`, `ever` (also where none is written), `school_year`, `term`.",
    ]
    for file, top in FILES.items():
        lines += ["", f"## `{file}`"]
        for title, model in _tables(top):
            lines += ["", f"### {title}", "", *_about(model), "", "| key | expected | without it | |", "|---|---|---|---|", *_rows(model)]
    lines += ["", f"## {WORDING.capitalize()}", "", *_about(catalogue.Wording)]
    lines += ["", "| key | expected | without it | |", "|---|---|---|---|", *_rows(catalogue.Wording)]
    return "\n".join(lines) + "\n"


def _tables(model: type[BaseModel], title: str = "At the top", path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Walk a file's tables from the top down, each under the heading it has in TOML."""
    yield title, model
    for name, field in model.model_fields.items():
        for below in _models(field.annotation):
            place = f"{path}{name}"
            yield from _tables(below, f"`[[{place}]]`" if get_origin(field.annotation) is tuple else f"`[{place}]`", f"{place}.")


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        yield from () if kind is catalogue.Wording else (kind,)
    else:
        for inside in get_args(kind):
            yield from _models(inside)


def _about(model: type[BaseModel]) -> list[str]:
    told = inspect.cleandoc(model.__doc__ or "").replace("``", "`")
    return [line for line in told.splitlines() if line not in ("Notes", "-----")]


def _rows(model: type[BaseModel]) -> Iterator[str]:
    said = _attribute_docstrings(model)
    types_of = inspect.get_annotations(model, eval_str=True)
    for name, field in model.model_fields.items():
        if field.is_required():
            default = "refused"
        elif field.default is PydanticUndefined:
            default = "empty"
        else:
            default = _default(field.default)
        yield f"| `{name}` | {_expected(types_of[name])} | {default} | {said.get(name, '')} |"


def _default(value: object) -> str:
    if isinstance(value, BaseModel):
        return "as below"
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return " to ".join(map(str, value)) if value and isinstance(value, tuple) and isinstance(value[0], int) else f"`{_listed(value)}`"


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _expected(kind: Any) -> str:
    """Say in words what may stand there."""
    if hasattr(kind, "__metadata__"):
        return "code: a–z, 0–9 and _" if kind == catalogue.Code else _expected(get_args(kind)[0])
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_expected(one) for one in inside if one is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{one!r}`".replace("'", '"').replace("|", "\\|") for one in inside)
    if origin is tuple:
        return f"list of: {_expected(inside[0])}" if inside[-1] is Ellipsis else f"[{', '.join(_expected(one) for one in inside)}]"
    if origin is dict:
        return f"table of: {_expected(inside[0])} = {_expected(inside[1])}"
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return ", ".join(f'`"{one.value}"`' for one in kind)
    if inspect.isclass(kind) and issubclass(kind, BaseModel):
        return WORDING if kind is catalogue.Wording else "table"
    return WORDS.get(kind, "date")


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Read what stands below each field in the source."""
    tree = ast.parse(inspect.getsource(importlib.import_module(model.__module__)))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__)
    found = {}
    for field, below in pairwise(body):
        is_told = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_told:
            found[field.target.id] = " ".join(str(below.value.value).split()).replace("``", "`").replace("|", "\\|")  # type: ignore[attr-defined]
    return found


PAGES: dict[str, Callable[[], str]] = {"project-files.md": project_files_page}
