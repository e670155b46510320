"""What gates said, in lines for somebody who is about to sign for it: what failed or was never asked first, and with its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from features.command_line import print_line, print_table
from features.findings import Finding
from models.card import CapacityRow
from models.promotion.steps import Step

Line = tuple[str, str, str, str]
"""Code, gate, verdict, what it says."""

_ABOUT = ("attribute", "group")
_FIGURES = ("estimate", "low", "high")


def show_step(step: Step, gates: Sequence[Finding], capacity: Sequence[CapacityRow]) -> None:
    """Show what somebody is about to sign: gates, what is found and missed, cut-offs and the words that will stand in the ledger."""
    print_table(f"{step.model}: gates", ("code", "gate", "verdict", "what it says"), gate_lines(gates))
    if capacity:
        rows = [(row.share, row.precision, row.recall, 1 - row.recall) for row in capacity]
        print_table("What reviewing a share of the cohort finds and misses", ("share", "precision", "found", "missed"), rows)
    print_line(f"Cut-offs: {step.worth_a_look} worth a look, {step.should_be_assessed} should be assessed.")
    print_line(f"Reason: {step.reason}")
    if step.justification:
        print_line(f"Justification: {step.justification}")


def gate_lines(gates: Sequence[Finding]) -> list[Line]:
    """Tell every failed or unasked finding by itself, then how many of each gate passed, or had too few people, and whose they were.

    Examples
    --------
    >>> evidence = {"attribute": "sex", "group": "boy", "estimate": 1.6, "low": 1.3, "high": 2}
    >>> gate_lines([Finding("G-06", "Equally sparing", "FAILED", evidence)])
    [('G-06', 'Equally sparing', 'FAILED', 'sex boy: 1.6 (1.3 to 2)')]
    """
    apart = [gate for gate in gates if gate.is_failed or gate.evidence.get("not_asked") is True]
    passed = [gate for gate in gates if gate.verdict == "PASSED"]
    others = [gate for gate in gates if gate not in apart and gate not in passed]
    told = [(gate.code, gate.title, "FAILED" if gate.is_failed else "NOT ASKED", _said(gate.evidence)) for gate in apart]
    return [*told, *_together(passed, "PASSED"), *_together(others, "NOT_APPLICABLE")]


def _together(gates: Iterable[Finding], verdict: str) -> list[Line]:
    """Tell findings of one gate, and one reason where there is any, in one line."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for gate in gates:
        found[gate.code, gate.title, str(gate.evidence.get("reason") or "")].append(_about(gate.evidence))
    return [
        (code, title, verdict if len(whose) == 1 else f"{verdict} ({len(whose)})", ": ".join(x for x in (_names(whose), reason) if x))
        for (code, title, reason), whose in found.items()
    ]


def _names(whose: Sequence[str]) -> str:
    return ", ".join(name for name in whose if name)


def _about(evidence: Mapping[str, Any]) -> str:
    return " ".join(str(evidence[name]) for name in _ABOUT if evidence.get(name) is not None)


def _said(evidence: Mapping[str, Any]) -> str:
    about, figure = _about(evidence), ""
    if evidence.get("estimate") is not None:
        figure = f"{evidence['estimate']:.3g}"
        if evidence.get("low") is not None and evidence.get("high") is not None:
            figure += f" ({evidence['low']:.3g} to {evidence['high']:.3g})"
    rest = [f"{name}: {value}" for name, value in evidence.items() if name not in (*_ABOUT, *_FIGURES, "not_asked") and value is not None]
    return ": ".join(x for x in (about, "; ".join(x for x in (figure, *rest) if x)) if x)
