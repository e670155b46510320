"""The page of error codes, read from the calls that raise them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("features", "models", "training", "monitoring", "serving")


def error_codes_page(root: Path) -> str:
    """List each code with its messages; a code that two packages use for different things stops the build."""
    found = _collect(root)
    shared = sorted(code for code, uses in found.items() if len({package for package, _, _ in uses}) > 1 and code not in SHARED)
    if shared:
        raise SystemExit(f"error codes that two packages use for their own meaning: {', '.join(shared)}. Give each its own.")
    lines = [
        "# Error codes",
        "",
        "Made by `make docs` from the code. `…` stands for a name, a count or a date, never a person's value. The first digit says what an",
        "error is about, and with what status a command ends: 1 project (status 3), 2 purpose (4), 3 intake (5), 4 data (6), 5 model (7),",
        "6 gate (8), 7 review (9), 8 ledger (10).",
        "",
        "| code | error | message |",
        "|---|---|---|",
    ]
    for code, uses in sorted(found.items()):
        for _, kind, message in sorted(uses):
            lines.append(f"| {code} | {kind} | {message.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


SHARED = frozenset({"TID401", "TID502", "TID503", "TID507", "TID601", "TID614", "TID801", "TID802", "TID803", "TID804", "TID805"})
"""Codes that mean one thing wherever they are raised."""


def _collect(root: Path) -> dict[str, set[tuple[str, str, str]]]:
    found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for code, kind, message in _raised(ast.parse(path.read_text(encoding="utf-8"))):
                found[code].add((package, kind, message))
    return found


def _raised(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) != 2 or not isinstance(node.func, ast.Name):
            continue
        code = node.args[0]
        if node.func.id.endswith("Error") and isinstance(code, ast.Constant) and str(code.value).startswith("TID"):
            yield str(code.value), node.func.id, " ".join(_text(node.args[1]).split())


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…"
