"""The page of gates says something about every gate that the code can ask, and about no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_gate_has_its_line_on_the_page() -> None:
    asked = {
        code for path in (ROOT / "training" / "gates").glob("*.py") for code in re.findall(r'"(G-\d\d)"', path.read_text(encoding="utf-8"))
    }
    page = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
    told = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| G-")]
    assert set(told) == asked
    assert told == sorted(told)
